/**
 * Files that are either wholly there or not at all: written under a temporary name beside the target, flushed to the
 * disk, then renamed over it. A crash or a full disk leaves the old file as it was.
 */

/** Codes of the systems for: no room, quota used up, file larger than allowed. */
const NO_ROOM = /\(os error (28|122|27|112|39)\)/;

/** What the system said of a failed write to `path`; of an open file it does not say which one it is. */
export function writeError(path: string, error: unknown): unknown {
  const said = error instanceof Error ? error.message : "";
  if (!/^[^:']* \(os error \d+\)$/.test(said)) return error;
  const remedy = NO_ROOM.test(said) ? ": make room there" : "";
  return new Error(`${path} could not be written, ${said}${remedy}`, { cause: error });
}

/** Writes all of `bytes`, which a single write need not do. */
export async function writeFully(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
}

/** A file to be and what fills it. The file it is given is open for reading too. */
export interface AtomicFile {
  readonly path: string;
  write(file: Deno.FsFile): Promise<void>;
}

async function fill(path: string, write: (file: Deno.FsFile) => Promise<void>): Promise<void> {
  using file = await Deno.open(path, { read: true, write: true, create: true, truncate: true });
  await write(file);
  await file.sync();
}

/**
 * Replaces files that belong together, filled one after the other; none is in its place before all are whole. When
 * one of them or the disk fails, the temporary files are removed, the old files stay, and the error is thrown on, with
 * the file's name where the system left it out.
 */
export async function writeAllAtomically(files: readonly AtomicFile[]): Promise<void> {
  const temporary = (path: string) => `${path}.tmp`;
  let at = "";
  try {
    for (const { path, write } of files) await fill(temporary(at = path), write);
    for (const { path } of files) await Deno.rename(temporary(at = path), path);
  } catch (error) {
    for (const { path } of files) await Deno.remove(temporary(path)).catch(() => {});
    throw writeError(at, error);
  }
}

/** Replaces one file as {@link writeAllAtomically} does. */
export function writeAtomically(path: string, write: (file: Deno.FsFile) => Promise<void>): Promise<void> {
  return writeAllAtomically([{ path, write }]);
}

/** Replaces a text file; see {@link writeAtomically}. */
export function writeTextAtomically(path: string, text: string): Promise<void> {
  return writeAtomically(path, (file) => writeFully(file, new TextEncoder().encode(text)));
}

/** Replaces a JSON file, indented by two spaces and ending in a newline. */
export function writeJsonAtomically(path: string, value: unknown): Promise<void> {
  return writeTextAtomically(path, JSON.stringify(value, null, 2) + "\n");
}
