/**
 * The table of contents of a zip file, and single entries out of it: torch.save writes its tensors so, uncompressed,
 * each as an entry of its own, and a file of gigabytes is opened by reading its last kilobytes. What could cost more
 * than the file's own size is refused: compressed entries, entries that overlap, sizes the file does not have.
 */
import { crc32 } from "node:zlib";

/** A stored (not compressed) or compressed entry, by what the directory at the end of the file says. */
export interface ZipEntry {
  readonly name: string;
  /** 0: stored as it is. */
  readonly method: number;
  /** Bytes in the file, and bytes of what it holds. */
  readonly packed: number;
  readonly size: number;
  /** CRC-32 of what it holds; 0 where none was computed. */
  readonly crc: number;
  readonly headerAt: number;
  readonly encrypted: boolean;
}

/** An open zip file. Reads are synchronous, so that they may be asked for from anywhere without getting mixed up. */
export interface ZipFile extends Disposable {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /**
   * Bytes `from` up to `to` of an entry. Throws SyntaxError naming the file when the entry is compressed or encrypted,
   * does not have these bytes, or, where all of it is read, has another checksum than the directory says.
   */
  read(entry: ZipEntry, from?: number, to?: number): Uint8Array<ArrayBuffer>;
  close(): void;
}

const END = 0x06054b50,
  END_64 = 0x06064b50,
  END_64_PLACE = 0x07064b50,
  CENTRAL = 0x02014b50,
  LOCAL = 0x04034b50;
const END_BYTES = 22, PLACE_BYTES = 20, END_64_BYTES = 56, CENTRAL_BYTES = 46, LOCAL_BYTES = 30;
const LONGEST_COMMENT = 0xffff, IN_EXTRA_32 = 0xffffffff, IN_EXTRA_16 = 0xffff, ZIP_64 = 1;
const MOST_ENTRIES = 1_000_000, LARGEST_DIRECTORY = 256 * 2 ** 20;

type Fail = (why: string) => never;

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const whole = (view: DataView, at: number) => Number(view.getBigUint64(at, true));

/** Where the directory lies and how many entries it has, from the last bytes of the file. */
function placeOf(tail: Uint8Array, tailAt: number, read: (at: number, n: number) => Uint8Array, fail: Fail) {
  const view = viewOf(tail);
  let end = tail.length - END_BYTES;
  while (end >= 0 && view.getUint32(end, true) !== END) end--;
  if (end < 0) fail("it has no table of contents at its end, as zip files do; it may be cut");
  const parts = { disk: view.getUint16(end + 4, true), count: view.getUint16(end + 10, true) };
  let count = parts.count, bytes = view.getUint32(end + 12, true), at = view.getUint32(end + 16, true);
  let before = tailAt + end;
  const place = end - PLACE_BYTES;
  if (place >= 0 && view.getUint32(place, true) === END_64_PLACE) {
    const at64 = whole(view, place + 8);
    if (at64 + END_64_BYTES > tailAt + place) fail("its table of contents lies outside of it");
    const long = viewOf(read(at64, END_64_BYTES));
    if (long.getUint32(0, true) !== END_64) fail("its table of contents is damaged");
    [count, bytes, at, before] = [whole(long, 32), whole(long, 40), whole(long, 48), at64];
  } else if (parts.disk !== 0) fail("it is one part of several");
  if (count > MOST_ENTRIES || bytes > LARGEST_DIRECTORY) fail(`its table of contents has ${count} entries`);
  if (at + bytes > before) fail("its table of contents lies outside of it");
  return { count, bytes, at };
}

/** The sizes that did not fit 32 bits, from the extra field of an entry. */
function longSizes(extra: DataView, short: readonly number[], fail: Fail): number[] {
  const [size, packed, headerAt] = short, found = { size, packed, headerAt };
  const wanted = (["size", "packed", "headerAt"] as const).filter((key) => found[key] === IN_EXTRA_32);
  for (let at = 0; wanted.length > 0 && at + 4 <= extra.byteLength;) {
    const kind = extra.getUint16(at, true), length = extra.getUint16(at + 2, true);
    if (kind === ZIP_64) {
      if (length < 8 * wanted.length || at + 4 + length > extra.byteLength) break;
      wanted.forEach((key, i) => found[key] = whole(extra, at + 4 + 8 * i));
      return [found.size, found.packed, found.headerAt];
    }
    at += 4 + length;
  }
  if (wanted.length > 0) fail("its table of contents is damaged");
  return [...short];
}

const isUnsafe = (name: string) =>
  name === "" || /^[/\\]|^[a-zA-Z]:|\\|\0/.test(name) || name.split("/").includes("..");

function readEntries(directory: Uint8Array, count: number, directoryAt: number, fail: Fail) {
  const entries = new Map<string, ZipEntry>(), view = viewOf(directory), utf8 = new TextDecoder();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL_BYTES > directory.length || view.getUint32(at, true) !== CENTRAL) {
      fail(`entry ${i + 1} of ${count} in its table of contents is damaged`);
    }
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((o) => view.getUint16(at + o, true));
    const next = at + CENTRAL_BYTES + nameBytes + extraBytes + commentBytes;
    if (next > directory.length) fail(`entry ${i + 1} of ${count} in its table of contents is damaged`);
    const name = utf8.decode(directory.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameBytes));
    const shown = JSON.stringify(name);
    if (isUnsafe(name)) fail(`the name ${shown} of an entry leads out of it`);
    if (entries.has(name)) fail(`two entries are named ${shown}`);
    const extra = new DataView(view.buffer, view.byteOffset + at + CENTRAL_BYTES + nameBytes, extraBytes);
    const short = [
      view.getUint32(at + 24, true),
      view.getUint32(at + 20, true),
      view.getUint32(at + 42, true),
    ];
    const [size, packed, headerAt] = longSizes(extra, short, fail), method = view.getUint16(at + 10, true);
    if (headerAt + LOCAL_BYTES + nameBytes + packed > directoryAt) {
      fail(`entry ${shown} reaches beyond its data`);
    }
    if (method === 0 && size !== packed) fail(`entry ${shown} says ${size} bytes and has ${packed}`);
    const disk = view.getUint16(at + 34, true);
    if (disk !== 0 && disk !== IN_EXTRA_16) fail(`entry ${shown} lies in another part`);
    const encrypted = (view.getUint16(at + 8, true) & 1) === 1;
    entries.set(name, {
      name,
      method,
      packed,
      size,
      crc: view.getUint32(at + 16, true),
      headerAt,
      encrypted,
    });
    at = next;
  }
  let end = 0;
  for (const entry of [...entries.values()].sort((a, b) => a.headerAt - b.headerAt)) {
    if (entry.headerAt < end) fail(`entry ${JSON.stringify(entry.name)} overlaps the one before`);
    end = entry.headerAt + LOCAL_BYTES + entry.packed;
  }
  return entries;
}

/**
 * Opens a zip file and reads its table of contents. Throws SyntaxError naming the file when that is missing or damaged,
 * or when entries overlap, share a name, or have a name that leads out of the archive.
 */
export function openZip(path: string): ZipFile {
  const file = Deno.openSync(path);
  const fail: Fail = (why) => {
    throw new SyntaxError(`${path} cannot be read: ${why}`);
  };
  const readAt = (at: number, count: number): Uint8Array<ArrayBuffer> => {
    const bytes = new Uint8Array(count);
    file.seekSync(at, Deno.SeekMode.Start);
    for (let done = 0; done < count;) {
      const got = file.readSync(bytes.subarray(done));
      if (got === null) fail("it ends too early");
      else done += got;
    }
    return bytes;
  };
  try {
    const { size } = file.statSync();
    const tailAt = Math.max(0, size - END_BYTES - LONGEST_COMMENT - PLACE_BYTES);
    const { count, bytes, at } = placeOf(readAt(tailAt, size - tailAt), tailAt, readAt, fail);
    const entries = readEntries(readAt(at, bytes), count, at, fail);
    const read = (entry: ZipEntry, from = 0, to = entry.size) => {
      const shown = JSON.stringify(entry.name);
      if (entry.encrypted) fail(`entry ${shown} is encrypted`);
      if (entry.method !== 0) {
        fail(`entry ${shown} is compressed; torch.save stores: unzip it and zip it with -0`);
      }
      if (from < 0 || to < from || to > entry.size) fail(`entry ${shown} has no bytes ${from} to ${to}`);
      const header = viewOf(readAt(entry.headerAt, LOCAL_BYTES));
      if (header.getUint32(0, true) !== LOCAL) fail(`entry ${shown} does not lie where its directory says`);
      const start = entry.headerAt + LOCAL_BYTES + header.getUint16(26, true) + header.getUint16(28, true);
      if (start + entry.packed > at) fail(`entry ${shown} reaches beyond its data`);
      const data = readAt(start + from, to - from);
      if (data.length === entry.size && entry.crc !== 0 && crc32(data) !== entry.crc) {
        fail(`entry ${shown} is damaged, its checksum differs; fetch the file again`);
      }
      return data;
    };
    const close = () => file.close();
    return { entries, read, close, [Symbol.dispose]: close };
  } catch (error) {
    file.close();
    throw error;
  }
}
