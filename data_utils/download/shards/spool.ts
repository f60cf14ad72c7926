/**
 * Images of a shard under way: each goes to a file in the order in which it comes, so that memory does not grow with
 * them, and is read back in the order of the rows.
 */
import { writeError, writeFully } from "../../runs/atomic.ts";
import type { Stretch } from "./stored_row.ts";

/** Bytes that are written at once. */
const BATCH = 2 ** 20;
/** Stretches no farther apart are read in one go, up to so many bytes. */
const GAP = 2 ** 17, LONGEST_READ = 2 ** 23;

/** A file of images. */
export interface Spool {
  /** Takes the bytes over; waits while the disk is behind. Rejects, here or later, when they cannot be written. */
  append(bytes: Uint8Array): Promise<Stretch>;
  /** The bytes at these places, in their order: views that hold until the next call. One call at a time. */
  read(places: readonly Stretch[]): Promise<Uint8Array[]>;
  /** Closes the file and takes it away. */
  remove(): Promise<void>;
}

/** Stretches that one read brings, as indices into a list that is ordered by offset. */
function* runs(ordered: readonly Stretch[]): Generator<{ from: number; to: number; end: number }> {
  for (let from = 0; from < ordered.length;) {
    const { offset, length } = ordered[from];
    let to = from + 1, end = offset + length;
    for (; to < ordered.length && ordered[to].offset - end <= GAP; to++) {
      const further = ordered[to].offset + ordered[to].length;
      if (further - offset > LONGEST_READ) break;
      end = further;
    }
    yield { from, to, end };
    from = to;
  }
}

/** Opens an empty spool at `path`. */
export async function openSpool(path: string): Promise<Spool> {
  const file = await Deno.open(path, { read: true, write: true, create: true, truncate: true });
  let waiting: Uint8Array[] = [],
    memory = new Uint8Array(0),
    held = 0,
    size = 0,
    writing: Promise<void> = Promise.resolve();

  function flush(): Promise<void> {
    if (held === 0) return writing;
    const batch = new Uint8Array(held);
    waiting.reduce((at, part) => (batch.set(part, at), at + part.length), 0);
    waiting = [];
    held = 0;
    writing = writing.then(() => writeFully(file, batch)).catch((error) => {
      throw writeError(path, error);
    });
    writing.catch(() => {}); // thrown where it is waited for, which may be later
    return writing;
  }

  return {
    async append(bytes) {
      const place = { offset: size, length: bytes.length };
      waiting.push(bytes);
      held += bytes.length;
      size += bytes.length;
      if (held >= BATCH) await flush();
      return place;
    },
    async read(places) {
      await flush();
      const order = places.map((_, i) => i).sort((a, b) => places[a].offset - places[b].offset);
      const ordered = order.map((i) => places[i]), found: Uint8Array[] = new Array(places.length);
      const stretches = [...runs(ordered)].map((run) => ({ ...run, start: ordered[run.from].offset }));
      const total = stretches.reduce((sum, { start, end }) => sum + end - start, 0);
      if (memory.length < total) memory = new Uint8Array(total);
      let free = 0;
      for (const { from, to, start, end } of stretches) {
        const bytes = memory.subarray(free, free += end - start);
        await file.seek(start, Deno.SeekMode.Start);
        for (let done = 0; done < bytes.length;) {
          const got = await file.read(bytes.subarray(done));
          if (got === null) throw new Error(`${path} is shorter than what was written to it`);
          done += got;
        }
        for (let i = from; i < to; i++) {
          const at = ordered[i].offset - start;
          found[order[i]] = bytes.subarray(at, at + ordered[i].length);
        }
      }
      return found;
    },
    async remove() {
      await writing.catch(() => {});
      file.close();
      await Deno.remove(path).catch(() => {});
    },
  };
}
