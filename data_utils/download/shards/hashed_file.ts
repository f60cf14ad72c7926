/** Files under temporary names beside their own, hashed while they are written. */
import { createHash } from "node:crypto";
import { writeError, writeFully } from "../../runs/atomic.ts";

/** What is known of a file that was written. */
export interface WrittenFile {
  readonly bytes: number;
  readonly sha256: string;
}

/** The name that a file has until it is whole. */
export const temporaryOf = (path: string): string => `${path}.tmp`;

/**
 * Writes the temporary file of `path` and brings it to the disk. Throws what `fill` throws, naming the file where the
 * disk has no room; what was written stays, to be removed by the caller.
 */
export async function writeTemporary(
  path: string,
  fill: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
): Promise<WrittenFile> {
  const hash = createHash("sha256");
  let written = 0;
  try {
    using file = await Deno.open(temporaryOf(path), { write: true, create: true, truncate: true });
    await fill(async (bytes) => {
      hash.update(bytes);
      written += bytes.length;
      await writeFully(file, bytes);
    });
    await file.sync();
  } catch (error) {
    throw writeError(path, error);
  }
  return { bytes: written, sha256: hash.digest("hex") };
}

/** Brings to the disk what a folder's files are called. Windows has no such call. */
export async function syncFolder(folder: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using open = await Deno.open(folder);
  await open.sync();
}
