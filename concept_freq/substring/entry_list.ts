/**
 * Entries as bytes: a list of half a million strings and more, packed, because as strings they would take several times
 * the memory and every use of them here is on bytes.
 */

/** Entries in UTF-8, one behind the other. Plain data. */
export interface EntryList {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each entry ends in `bytes`; it begins where the one before ends. */
  readonly ends: Uint32Array<ArrayBuffer>;
}

/** Most bytes of all entries together. */
const MOST_BYTES = 2 ** 32 - 1;

/** Collects entries one by one. */
export interface EntryPacker {
  /** Adds the entry that is `bytes`. Throws RangeError when there is no room for more. */
  add(bytes: Uint8Array): void;
  list(): EntryList;
}

/** A packer with room for about `bytes` bytes and as many more as needed. */
export function entryPacker(bytes = 2 ** 16): EntryPacker {
  let text = new Uint8Array(Math.min(Math.max(bytes, 64), MOST_BYTES)), used = 0;
  let ends = new Uint32Array(1024), count = 0;
  return {
    add(entry) {
      if (used + entry.length > MOST_BYTES) {
        throw new RangeError("Entries of 4 GiB and more are not supported");
      }
      if (used + entry.length > text.length) {
        const larger = new Uint8Array(Math.min(2 * (text.length + entry.length), MOST_BYTES));
        larger.set(text);
        text = larger;
      }
      if (count === ends.length) {
        const larger = new Uint32Array(2 * count);
        larger.set(ends);
        ends = larger;
      }
      text.set(entry, used);
      ends[count++] = used += entry.length;
    },
    list: () => ({ bytes: text.slice(0, used), ends: ends.slice(0, count) }),
  };
}

/** Strings as an entry list. A half of a surrogate pair becomes U+FFFD, as in every UTF-8 text. */
export function packEntries(entries: Iterable<string>): EntryList {
  const packer = entryPacker(), encoder = new TextEncoder();
  for (const entry of entries) packer.add(encoder.encode(entry));
  return packer.list();
}

/** The bytes of entry `i`. */
export function entryBytes({ bytes, ends }: EntryList, i: number): Uint8Array<ArrayBuffer> {
  return bytes.subarray(i === 0 ? 0 : ends[i - 1], ends[i]);
}

/** Entry `i` as a string. */
export function entryText(list: EntryList, i: number): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(entryBytes(list, i));
}
