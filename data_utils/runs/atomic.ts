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

/**
 * Replaces `path` by what `write` puts into the file it is given. When `write` or the disk fails, the temporary file is
 * removed, the old file stays, and the error is thrown on, with the file's name where the system left it out.
 */
export async function writeAtomically(
  path: string,
  write: (file: Deno.FsFile) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await Deno.open(temporary, { write: true, create: true, truncate: true });
  try {
    try {
      await write(file);
      await file.sync();
    } finally {
      file.close();
    }
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw writeError(path, error);
  }
}

/** Replaces a text file; see {@link writeAtomically}. */
export function writeTextAtomically(path: string, text: string): Promise<void> {
  return writeAtomically(path, (file) => writeFully(file, new TextEncoder().encode(text)));
}

/** Replaces a JSON file, indented by two spaces and ending in a newline. */
export function writeJsonAtomically(path: string, value: unknown): Promise<void> {
  return writeTextAtomically(path, JSON.stringify(value, null, 2) + "\n");
}
