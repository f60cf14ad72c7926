/**
 * Writing tar archives (ustar) that hold nothing but names and contents: no times, no owners, so that the same members
 * make the same bytes on every machine.
 */

const BLOCK = 512, LONGEST_NAME = 100;
const encoder = new TextEncoder();

/** What ends an archive: two empty blocks. */
export const TAR_END = new Uint8Array(2 * BLOCK);

/** A number field: octal digits and a closing zero byte. */
const octal = (value: number, width: number) => value.toString(8).padStart(width - 1, "0") + "\0";

/**
 * One regular file of an archive: header, content, and zeros up to the next block.
 * Throws RangeError for an empty name or one of more than 100 bytes.
 */
export function tarEntry(name: string, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const nameBytes = encoder.encode(name);
  if (nameBytes.length === 0 || nameBytes.length > LONGEST_NAME) {
    throw new RangeError(`A member of an archive needs a name of 1 to ${LONGEST_NAME} bytes, got "${name}"`);
  }
  const entry = new Uint8Array(BLOCK + Math.ceil(content.length / BLOCK) * BLOCK);
  const put = (text: string, at: number) => void encoder.encodeInto(text, entry.subarray(at));
  entry.set(nameBytes);
  put(octal(0o644, 8), 100);
  put(octal(0, 8) + octal(0, 8), 108); // owner, group
  put(octal(content.length, 12), 124);
  put(octal(0, 12), 136); // time
  put("        0", 148); // the checksum counts itself as spaces; then the kind, a regular file
  put("ustar\x0000", 257);
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += entry[i];
  put(octal(sum, 7) + " ", 148);
  entry.set(content, BLOCK);
  return entry;
}
