/**
 * Streaming reader of tar archives, the container of WebDataset shards: ustar, GNU long names and pax headers, plain or
 * gzipped. It goes forwards once and holds one member at a time. A shard that was cut short is an error that says so:
 * training on the half of a shard without noticing is worse than stopping.
 */
import { openBytes } from "./bytes.ts";

/** A regular file in an archive. */
export interface TarMember {
  name: string;
  size: number;
  /** Where its bytes start in the archive (after unpacking). */
  offset: number;
  /** Whether `offset` is a place in the file itself, that is, the archive is not gzipped. */
  seekable: boolean;
  /** Its bytes, a copy; to be called before the next member is asked for. */
  read(): Promise<Uint8Array>;
}

const maxMemberBytes = 2 ** 30, maxHeaderBytes = 2 ** 20;
const decoder = new TextDecoder();

const text = (header: Uint8Array, start: number, end: number) => {
  const stop = header.indexOf(0, start);
  return decoder.decode(header.subarray(start, stop < 0 || stop > end ? end : stop));
};

/** A number field: octal digits, or big-endian binary when the first bit is set. */
function number(header: Uint8Array, start: number, end: number): number {
  if ((header[start] & 0x80) === 0) return parseInt(text(header, start, end).trim() || "0", 8);
  return header.subarray(start + 1, end).reduce((value, byte) => value * 256 + byte, header[start] & 0x7f);
}

function checksumFits(header: Uint8Array): boolean {
  let sum = 8 * 32;
  for (let i = 0; i < 512; i++) if (i < 148 || i >= 156) sum += header[i];
  return sum === number(header, 148, 156);
}

/** Records `length key=value` of a pax header. */
function paxRecords(bytes: Uint8Array): Record<string, string> {
  const records: Record<string, string> = {};
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(32, at), length = parseInt(decoder.decode(bytes.subarray(at, space)));
    if (space < 0 || !(length > space - at)) break;
    const record = decoder.decode(bytes.subarray(space + 1, at + length - 1)), equals = record.indexOf("=");
    records[record.slice(0, equals)] = record.slice(equals + 1);
    at += length;
  }
  return records;
}

/**
 * The regular files of the archive at `path`, in order; directories, links and devices are left out.
 * Throws SyntaxError naming the archive when it is no tar, is damaged, or ends before its end mark; RangeError when a
 * member that is read has more than 1 GiB.
 */
export async function* tarMembers(path: string): AsyncGenerator<TarMember> {
  const source = await openBytes(path);
  const cutShort = (where: string) =>
    new SyntaxError(`${path} is cut short ${where}: fetch or write it again, or leave it out of the list`);
  try {
    let extra: Record<string, string> = {};
    for (let count = 0;; count++) {
      const at = source.position(), header = await source.read(512);
      if (header.length < 512) throw cutShort(`after ${count} members, without an end mark`);
      if (header[0] === 0 && header.every((byte) => byte === 0)) break;
      if (!checksumFits(header)) {
        throw new SyntaxError(`${path} is not a tar archive, or damaged: no header at byte ${at}`);
      }
      const kind = String.fromCharCode(header[156] || 48), prefix = text(header, 345, 500);
      const ustar = text(header, 257, 262) === "ustar" && header[262] === 0;
      const name = extra.path ?? (ustar && prefix ? `${prefix}/` : "") + text(header, 0, 100);
      const size = extra.size === undefined ? number(header, 124, 136) : Number(extra.size);
      if (!Number.isSafeInteger(size) || size < 0) {
        throw new SyntaxError(`${path} is damaged: bad size of ${name}`);
      }
      const offset = source.position(), end = offset + size;
      const take = async (): Promise<Uint8Array> => {
        if (size > maxMemberBytes) {
          throw new RangeError(`${path}: ${name} has ${size} bytes, over the limit of 1 GiB`);
        }
        const bytes = await source.read(size);
        if (bytes.length < size) throw cutShort(`in ${name} (${bytes.length} of ${size} bytes)`);
        return bytes.slice();
      };
      if ((kind === "x" || kind === "L") && size > maxHeaderBytes) {
        throw new SyntaxError(`${path} is damaged: a header of ${size} bytes`);
      }
      if (kind === "x") extra = { ...extra, ...paxRecords(await take()) };
      else if (kind === "L") extra = { ...extra, path: text(await take(), 0, size) };
      else {
        extra = {};
        if (kind === "0" || kind === "7") yield { name, size, offset, seekable: !source.gzipped, read: take };
      }
      const rest = end + (512 - size % 512) % 512 - source.position();
      if (await source.skip(rest) < rest) throw cutShort(`in ${name}`);
    }
    while (source.gzipped && await source.skip(2 ** 20) > 0); // so that the checksum of the gzip stream is looked at
  } finally {
    await source.close();
  }
}
