/**
 * Files that are either wholly there or not at all: written under a temporary name beside the target, flushed to the
 * disk, then renamed over it. A crash or a full disk leaves the old file as it was.
 */

/** Writes all of `bytes`, which a single write need not do. */
export async function writeFully(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
}

/**
 * Replaces `path` by what `write` puts into the file it is given. When `write` or the disk fails, the temporary file is
 * removed, the old file stays, and the error is thrown on.
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
    throw error;
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
