// Images, tables and archives for the tests of packing and arranging, and a reader of archives that shares nothing with
// the programs.
import { encodeJpeg } from "../../data_utils/images/encode_jpeg.ts";
import { makeFrame, textColumn, wholeColumn, writeParquetFrame } from "../../data_utils/tables/mod.ts";
import type { Command } from "../../data_utils/mod.ts";

export async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A JPEG of a gradient that no other number has. */
export function madeJpeg(number: number, size = 24): Promise<Uint8Array> {
  const pixels = new Uint8Array(size * size * 3);
  for (let i = 0; i < pixels.length; i++) pixels[i] = (number * 37 + i * (number % 5 + 1) / 9) & 255;
  return encodeJpeg({ pixels, width: size, height: size, channels: 3, mode: "RGB", indexed: false }, 90);
}

/** Regular files of an archive, read as the format is described: a header of 512 bytes, then the content. */
export function untar(archive: Uint8Array): [string, Uint8Array][] {
  const members: [string, Uint8Array][] = [],
    text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).replace(/\0.*$/s, "");
  for (let at = 0; archive[at] !== 0;) {
    const size = parseInt(text(archive.slice(at + 124, at + 136)), 8), from = at + 512;
    members.push([text(archive.slice(at, at + 100)), archive.slice(from, from + size)]);
    at = from + Math.ceil(size / 512) * 512;
  }
  return members;
}

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** Hash of every file below a folder, by path. */
export async function hashesBelow(folder: string, within = ""): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const { name, isDirectory } of (await Array.fromAsync(Deno.readDir(`${folder}/${within}`)))) {
    if (isDirectory) Object.assign(hashes, await hashesBelow(folder, `${within}${name}/`));
    else hashes[within + name] = await sha256(await Deno.readFile(`${folder}/${within}${name}`));
  }
  return Object.fromEntries(Object.entries(hashes).sort((a, b) => a[0] < b[0] ? -1 : 1));
}

/** Runs a command quietly; returns what it threw, or null. */
export async function thrownBy(command: Command, args: readonly string[]): Promise<Error | null> {
  const { log, error } = console;
  console.log = console.error = () => {};
  try {
    await command.run(args, new AbortController().signal);
    return null;
  } catch (thrown) {
    return thrown as Error;
  } finally {
    Object.assign(console, { log, error });
  }
}

/** A table of metadata as LAIONet has it. */
export async function writeMetadata(
  path: string,
  rows: readonly { index: number; wnid: string; TEXT: string | null }[],
): Promise<void> {
  const frame = makeFrame({
    index: wholeColumn(rows.map(({ index }) => index)),
    wnid: textColumn(rows.map(({ wnid }) => wnid)),
    TEXT: textColumn(rows.map(({ TEXT }) => TEXT)),
  });
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  await writeParquetFrame(file, frame);
}
