/**
 * Many sorted runs as one: read side by side, equal keys added up, a limited number of files at a time. Where there are
 * more, groups of them are merged into runs on disk first.
 */
import { Stopped } from "../../data_utils/mod.ts";
import { type KeySink, runFile, type RunPlace, RunReader } from "./run_file.ts";

/** How runs are merged. */
export interface MergeOptions {
  /** A folder for files that are removed again. */
  readonly scratch: string;
  /** Most runs that are read at a time; each takes a file handle and a buffer of 64 KiB. Default 64. */
  readonly fanIn?: number;
  readonly signal?: AbortSignal;
}

const BREATH = 1 << 16;

function isBefore(a: RunReader, b: RunReader): boolean {
  if (a.prefix !== b.prefix) return a.prefix < b.prefix;
  const x = a.key, y = b.key, shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) if (x[i] !== y[i]) return x[i] < y[i];
  return a.length < b.length;
}

function isSame(a: RunReader, key: Uint8Array, length: number): boolean {
  if (a.length !== length) return false;
  for (let i = length - 1; i >= 0; i--) if (a.key[i] !== key[i]) return false;
  return true;
}

/** Restores the order of a heap whose place `at` may be too large. */
function sink(heap: RunReader[], at: number): void {
  const reader = heap[at];
  for (let child = 2 * at + 1; child < heap.length; child = 2 * at + 1) {
    if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
    if (!isBefore(heap[child], reader)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = reader;
}

async function mergeGroup(runs: readonly RunPlace[], to: KeySink, signal?: AbortSignal): Promise<void> {
  const readers: RunReader[] = [];
  try {
    for (const run of runs) readers.push(new RunReader(run));
    const heap = readers.filter((reader) => reader.next());
    for (let i = heap.length >> 1; i-- > 0;) sink(heap, i);
    let key = new Uint8Array(64);
    for (let merged = 0; heap.length > 0; merged++) {
      if (merged % BREATH === BREATH - 1) await breathe(signal);
      const length = heap[0].length;
      if (key.length < length) key = new Uint8Array(2 * length);
      for (let i = 0; i < length; i++) key[i] = heap[0].key[i];
      let count = 0;
      do {
        count += heap[0].count;
        if (!heap[0].next()) {
          const last = heap.pop()!;
          if (heap.length > 0) heap[0] = last;
        }
        if (heap.length > 0) sink(heap, 0);
      } while (heap.length > 0 && isSame(heap[0], key, length));
      to(key, 0, length, count);
    }
  } finally {
    for (const reader of readers) reader.close();
  }
}

/** Lets Ctrl-C and progress through. */
async function breathe(signal?: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  if (signal?.aborted) throw signal.reason instanceof Error ? signal.reason : new Stopped("Stopped");
}

/**
 * Gives each key of the runs to `to`, in order of the bytes, with the sum of its counts. Throws SyntaxError naming the
 * file for a damaged run, and what `signal` was aborted with.
 */
export async function mergeRuns(
  runs: readonly RunPlace[],
  to: KeySink,
  { scratch, fanIn = 64, signal }: MergeOptions,
): Promise<void> {
  if (!(fanIn >= 2)) throw new RangeError(`Runs are merged 2 at a time at least, not ${fanIn}`);
  const own = new Set<RunPlace>();
  const remove = (run: RunPlace) => own.delete(run) && Deno.removeSync(run.path);
  let waiting = [...runs], made = 0;
  try {
    while (waiting.length > fanIn) {
      const groups = Array.from(
        { length: Math.ceil(waiting.length / fanIn) },
        (_, i) => waiting.slice(i * fanIn, (i + 1) * fanIn),
      );
      waiting = [];
      for (const group of groups) {
        const file = runFile(`${scratch}/merged_${made++}.run`);
        try {
          await mergeGroup(group, file.add, signal);
          waiting.push(file.end());
        } catch (error) {
          file.discard();
          throw error;
        }
        own.add(waiting[waiting.length - 1]);
        group.forEach(remove);
      }
    }
    await mergeGroup(waiting, to, signal);
  } finally {
    own.forEach(remove);
  }
}
