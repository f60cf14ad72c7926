/**
 * Records of a few 32-bit words, scattered over files and read back a piece at a time: what sorts and compares more of
 * them than memory holds. The words lie as this machine has them; no other ever reads the files.
 */
import { writeError } from "../../runs/atomic.ts";

/** Files being written. None stays open, so there is nothing to close when a run is stopped. */
export interface Scatter {
  /** What the next call of `place` has room in. */
  readonly words: Uint32Array;
  /** Where in `words` the caller puts the next record of that file. Throws Error naming the file on a full disk. */
  place(file: number): number;
  /** Writes what is still in memory; gives the paths of the files that have records, null of the others. */
  finish(): (string | null)[];
}

const LEAST_BUFFER = 2 ** 12, MOST_BUFFER = 2 ** 16, ALL_BUFFERS = 2 ** 24;

function appendTo(path: string, bytes: Uint8Array): void {
  try {
    using file = Deno.openSync(path, { append: true, create: true });
    for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
  } catch (error) {
    throw writeError(path, error);
  }
}

/** Begins `files` files of records of `size` words; buffers take 16 MiB at most (4 KiB a file for more than 4,096). */
export function openScatter(pathOf: (file: number) => string, files: number, size: number): Scatter {
  const bytes = Math.max(LEAST_BUFFER, Math.min(MOST_BUFFER, Math.floor(ALL_BUFFERS / files)));
  const room = Math.floor(bytes / 4 / size) * size;
  const words = new Uint32Array(room * files), used = new Uint32Array(files), met = new Uint8Array(files);

  function flush(file: number): void {
    const start = file * room;
    appendTo(pathOf(file), new Uint8Array(words.buffer, start * 4, used[file] * 4));
    used[file] = 0;
    met[file] = 1;
  }

  return {
    words,
    place(file) {
      if (used[file] === room) flush(file);
      const at = file * room + used[file];
      used[file] += size;
      return at;
    },
    finish() {
      return Array.from(used, (left, file) => {
        if (left > 0) flush(file);
        return met[file] ? pathOf(file) : null;
      });
    },
  };
}

const PIECE_RECORDS = 2 ** 15;

/** The records of a file, many at a time, in their order. The same array each time: nothing of it is to be kept. */
export async function* readScattered(
  path: string,
  size: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint32Array> {
  using file = await Deno.open(path);
  const piece = new Uint8Array(PIECE_RECORDS * size * 4);
  for (;;) {
    signal?.throwIfAborted();
    let filled = 0;
    while (filled < piece.length) {
      const got = await file.read(piece.subarray(filled));
      if (got === null) break;
      filled += got;
    }
    if (filled % (size * 4) !== 0) throw new Error(`${path} was cut short by something else: run it again`);
    if (filled > 0) yield new Uint32Array(piece.buffer, 0, filled / 4);
    if (filled < piece.length) return;
  }
}
