/** SHA-256 of files and folders, for the provenance beside what was made of them. */
import { createHash } from "node:crypto";

/** What a provenance file says of an input or output. */
export interface FileFacts {
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of the content, in hex; of a folder null. */
  readonly sha256: string | null;
  /** Of a folder: how many files are below it. */
  readonly files?: number;
  /** Of a folder: SHA-256 of the lines "PATH TAB BYTES LF" of all files below it, in order of their code units. */
  readonly listing_sha256?: string;
}

/** Hashes an open file from its beginning to its end, in pieces of 1 MiB. Throws what `signal` was aborted with. */
export async function hashOpenFile(
  file: Deno.FsFile,
  signal?: AbortSignal,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256"), buffer = new Uint8Array(2 ** 20);
  await file.seek(0, Deno.SeekMode.Start);
  let bytes = 0;
  for (let got; (got = await file.read(buffer)) !== null; bytes += got) {
    signal?.throwIfAborted();
    hash.update(buffer.subarray(0, got));
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** Paths and sizes of the files below a folder, unordered; links are followed to files only. */
async function* filesBelow(folder: string, within = ""): AsyncGenerator<{ path: string; bytes: number }> {
  for await (const { name, isDirectory } of Deno.readDir(`${folder}/${within}`)) {
    const path = within + name;
    if (isDirectory) yield* filesBelow(folder, `${path}/`);
    else {
      const stat = await Deno.stat(`${folder}/${path}`).catch(() => null);
      if (stat?.isFile) yield { path, bytes: stat.size };
    }
  }
}

/**
 * Facts of a file, with the hash of all of its bytes, or of a folder, whose files are listed with their sizes but not
 * read. Throws Deno.errors.NotFound for a path where nothing is.
 */
export async function factsOf(path: string, signal?: AbortSignal): Promise<FileFacts> {
  if ((await Deno.stat(path)).isDirectory) {
    const files = await Array.fromAsync(filesBelow(path));
    const lines = files.map((file) => `${file.path}\t${file.bytes}\n`).sort();
    const hash = createHash("sha256");
    for (const line of lines) hash.update(line);
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    return { path, bytes, sha256: null, files: files.length, listing_sha256: hash.digest("hex") };
  }
  using file = await Deno.open(path);
  return { path, ...await hashOpenFile(file, signal) };
}
