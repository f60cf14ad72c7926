/**
 * A partial result on disk: one line of JSON that says of what it is the result, and the counter's bytes behind it. It
 * appears under its name when it is whole, and a checksum tells what a disk has spoilt since.
 */
import { crc32 } from "node:zlib";
import { writeAtomically, writeFully } from "../../data_utils/mod.ts";
import type { UnitIdentity, UnitResult } from "./unit_task.ts";

const FORMAT = "beyond-tail freq partial 1";
const LONGEST_HEADER = 2 ** 16;

/** What the first line says. */
export interface PartialHeader extends UnitIdentity, UnitResult {
  readonly bodyBytes: number;
  /** CRC-32 of the body. */
  readonly checksum: number;
}

/** A partial result that was found whole. */
export interface PartialFile {
  readonly path: string;
  readonly header: PartialHeader;
  /** Place of the body's first byte. */
  readonly bodyAt: number;
}

/** The name of a unit's partial result: independent of the other files, and of any length of path. */
export async function partialName(file: string, unit: number): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(file));
  return `${new Uint8Array(hash).toHex().slice(0, 24)}-${unit}.part`;
}

/** Reads `bytes` bytes, or to the end of the file, a piece at a time; each piece is overwritten by the next. */
async function* piecesOf(file: Deno.FsFile, bytes: number): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(2 ** 18);
  for (let left = bytes; left > 0;) {
    const got = await file.read(buffer.subarray(0, Math.min(left, buffer.length)));
    if (got === null) return;
    left -= got;
    yield buffer.subarray(0, got);
  }
}

async function checksumOf(file: Deno.FsFile, bytes: number): Promise<{ checksum: number; bytes: number }> {
  let checksum = 0, got = 0;
  for await (const piece of piecesOf(file, bytes)) {
    checksum = crc32(piece, checksum);
    got += piece.length;
  }
  return { checksum, bytes: got };
}

/** Writes a partial result, whose body `writeBody` puts into a file it is given, first at `draft`. */
export async function writePartial(
  path: string,
  draft: string,
  about: UnitIdentity & UnitResult,
  writeBody: (file: Deno.FsFile) => Promise<void>,
): Promise<void> {
  await writeAtomically(draft, writeBody);
  try {
    using body = await Deno.open(draft);
    const { checksum, bytes: bodyBytes } = await checksumOf(body, Infinity);
    await body.seek(0, Deno.SeekMode.Start);
    await writeAtomically(path, async (file) => {
      const header = JSON.stringify({ format: FORMAT, ...about, bodyBytes, checksum });
      await writeFully(file, new TextEncoder().encode(header + "\n"));
      for await (const piece of piecesOf(body, bodyBytes)) await writeFully(file, piece);
    });
  } finally {
    await Deno.remove(draft);
  }
}

/** The partial result at `path`, or null for a file that is none, or not as it was written. */
export async function readPartial(path: string): Promise<PartialFile | null> {
  using file = await Deno.open(path);
  const head = new Uint8Array(LONGEST_HEADER), got = await file.read(head) ?? 0;
  const end = head.subarray(0, got).indexOf(10);
  if (end < 0) return null;
  try {
    const { format, ...header } = JSON.parse(new TextDecoder().decode(head.subarray(0, end)));
    if (format !== FORMAT) return null;
    await file.seek(end + 1, Deno.SeekMode.Start);
    const { checksum, bytes } = await checksumOf(file, Infinity);
    if (bytes !== header.bodyBytes || checksum !== header.checksum) return null;
    return { path, header, bodyAt: end + 1 };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** All whole partial results in a folder, and the number of those that are spoilt. */
export async function readPartials(folder: string): Promise<{ whole: PartialFile[]; spoilt: number }> {
  const whole: PartialFile[] = [];
  let spoilt = 0;
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (!isFile || !name.endsWith(".part")) continue;
    const found = await readPartial(`${folder}/${name}`);
    if (found) whole.push(found);
    else spoilt++;
  }
  return { whole, spoilt };
}
