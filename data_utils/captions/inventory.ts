/** Which files are to be read, and how to tell later whether one of them has changed. */
import { globSync } from "node:fs";
import { writeAtomically, writeFully } from "../runs/atomic.ts";

/** Endings of files that hold captions, each also with .gz. */
const ENDINGS = /\.(parquet|tsv|tab|csv|txt|jsonl|ndjson|json|tar)(\.gz)?$|\.tgz$/i;
/** Files that lie beside captions and hold none, tables of their frequencies under the reference's names among them. */
const BESIDE =
  /^\.|\.tmp$|_stats\.json$|\.md$|^(readme|license)|^(class|word|entry)_frequency_|^entry_counts_/i;

/** Order by code points, which is the same on every machine. */
function byCodePoint(a: string, b: string): number {
  const left = [...a], right = [...b];
  for (let i = 0; i < left.length && i < right.length; i++) {
    if (left[i] !== right[i]) return left[i].codePointAt(0)! - right[i].codePointAt(0)!;
  }
  return left.length - right.length;
}

function statOf(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    throw error;
  }
}

/** The files of captions below a folder; links are followed, but never round in a circle. */
function filesBelow(
  folder: string,
  fits: (name: string) => boolean,
  above: readonly string[] = [],
): string[] {
  const real = Deno.realPathSync(folder);
  if (above.includes(real)) return [];
  return [...Deno.readDirSync(folder)].flatMap(({ name }) => {
    if (BESIDE.test(name)) return [];
    const path = `${folder.replace(/\/+$/, "")}/${name}`, stat = statOf(path);
    if (stat?.isDirectory) return filesBelow(path, fits, [...above, real]);
    return stat?.isFile && fits(name) ? [path] : [];
  });
}

/** Refuses a folder whose files come in pairs of two kinds, since these hold the same captions twice. */
function refuseTwice(folder: string, files: readonly string[]): void {
  const kinds = new Map<string, string>();
  for (const file of files) {
    const kind = file.match(ENDINGS)?.[0] ?? "", stem = file.slice(0, file.length - kind.length);
    const other = kinds.get(stem);
    if (other !== undefined && other !== kind) {
      throw new RangeError(
        `${folder} holds ${stem}${other} and ${stem}${kind}, which may be the same captions twice: ` +
          `name those to be read, such as "${folder.replace(/\/+$/, "")}/**/*${kind}"`,
      );
    }
    kinds.set(stem, kind);
  }
}

/** How files are listed. */
export interface ListOptions {
  /** Only files with this ending are taken from a folder, such as "parquet"; also with .gz. */
  readonly extension?: string;
}

/**
 * The files that patterns name: a file, a glob (`*`, `?`, `**`, `{a,b}`, `[...]`) or a folder, of which all files below
 * are taken that have the ending of captions. Sorted by code point, each once. Throws RangeError naming the pattern
 * that names nothing, and for a folder in which two files of one name are of two kinds.
 */
export async function listCaptionFiles(
  patterns: readonly string[],
  options: ListOptions = {},
): Promise<string[]> {
  const ending = options.extension?.replace(/^\./, "");
  const fits = (name: string) =>
    ending === undefined ? ENDINGS.test(name) : name.endsWith(`.${ending}`) || name.endsWith(`.${ending}.gz`);
  const found = patterns.flatMap((pattern) => {
    const stat = statOf(pattern);
    if (stat?.isDirectory) {
      const files = filesBelow(pattern, fits);
      if (files.length === 0) {
        const kind = ending === undefined
          ? "captions (.parquet .tsv .csv .txt .jsonl .json .tar)"
          : `.${ending}`;
        throw new RangeError(`${pattern} holds no files of ${kind}: name a file or a glob instead`);
      }
      refuseTwice(pattern, files);
      return files;
    }
    const files = stat ? [pattern] : globSync(pattern).filter((path) => statOf(path)?.isFile);
    if (files.length === 0) throw new RangeError(`No file matches ${pattern}: check the path`);
    return files;
  });
  const once = new Map<string, string>();
  for (const path of found.sort(byCodePoint)) {
    const real = await Deno.realPath(path);
    if (!once.has(real)) once.set(real, path);
  }
  return [...once.values()];
}

/** What tells a file from a changed one. */
export interface Fingerprint {
  readonly bytes: number;
  /** When it was last written, in ms since 1970. */
  readonly modified: number;
  /** SHA-256, in hex, of its size and its first and last 64 KiB: what is the same after the file was copied. */
  readonly hash: string;
}

const END_BYTES = 2 ** 16;

/** Looks at a file's size, time, beginning and end. */
export async function fingerprintFile(path: string): Promise<Fingerprint> {
  using file = await Deno.open(path);
  const { size, mtime } = await file.stat();
  const length = Math.min(size, END_BYTES), looked = new Uint8Array(8 + 2 * length);
  new DataView(looked.buffer).setBigUint64(0, BigInt(size));
  for (const [from, to] of [[0, 8], [size - length, 8 + length]]) {
    await file.seek(from, Deno.SeekMode.Start);
    for (let done = 0; done < length;) {
      const got = await file.read(looked.subarray(to + done, to + length));
      if (got === null) throw new Error(`${path} became shorter while it was looked at`);
      done += got;
    }
  }
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", looked));
  return { bytes: size, modified: mtime?.getTime() ?? 0, hash: hash.toHex() };
}

/**
 * Copies standard input into a file in `folder`, so that it can be read in units and again as any file; returns its
 * path. Throws RangeError when standard input is a terminal.
 */
export async function spoolStdin(folder: string, signal?: AbortSignal): Promise<string> {
  if (Deno.stdin.isTerminal()) {
    throw new RangeError(
      "- reads captions from a pipe, and standard input is a terminal: zcat captions.gz | freq ... -",
    );
  }
  await Deno.mkdir(folder, { recursive: true });
  const path = `${folder}/standard_input`;
  await writeAtomically(path, async (file) => {
    const buffer = new Uint8Array(2 ** 20);
    for (let got; (got = await Deno.stdin.read(buffer)) !== null;) {
      signal?.throwIfAborted();
      await writeFully(file, buffer.subarray(0, got));
    }
  });
  return path;
}
