/** Labels many files with as many workers as asked for; results are handed on as they come, each exactly once. */
import type { CaptionOptions } from "../../captions/caption_file.ts";
import { Failure, Stopped } from "../../program/outcome.ts";
import type { LabelledPart } from "./label_part.ts";
import type { LabelReply, LabelRequest } from "./label_worker.ts";

/** How files are labelled. */
export interface LabelWork {
  readonly paths: readonly string[];
  readonly lemmas: readonly string[];
  readonly options: CaptionOptions;
  readonly workers: number;
  readonly onRead?: (rows: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Labels files. `done` is waited for before the worker takes its next file. Throws Stopped once the signal aborts and
 * Failure with what was wrong with a file; the workers have ended then.
 */
export async function labelFiles(
  { paths, lemmas, options, workers, onRead, signal }: LabelWork,
  done: (index: number, part: LabelledPart) => Promise<void>,
): Promise<void> {
  let next = 0;
  const started: Worker[] = [], stop = Promise.withResolvers<never>();
  const onAbort = () => stop.reject(new Stopped("Stopped"));
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  stop.promise.catch(() => {});

  const label = (worker: Worker, path: string) =>
    new Promise<LabelledPart>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<LabelReply>) => {
        if ("read" in data) onRead?.(data.read);
        else if ("part" in data) resolve(data.part);
        else reject(new Failure(data.failure, data.input ? 2 : 1));
      };
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Failure(`A worker failed on ${path}: ${event.message}`, 1));
      };
      worker.postMessage({ path, lemmas, options } satisfies LabelRequest);
    });

  async function member(): Promise<void> {
    if (next >= paths.length) return;
    const worker = new Worker(new URL("./label_worker.ts", import.meta.url), { type: "module" });
    started.push(worker);
    while (next < paths.length && !signal.aborted) {
      const index = next++;
      await done(index, await Promise.race([label(worker, paths[index]), stop.promise]));
    }
  }

  const members = Array.from({ length: Math.min(workers, paths.length) }, member);
  try {
    await Promise.all(members);
    if (signal.aborted) throw new Stopped("Stopped");
  } catch (error) {
    stop.reject(error);
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
    next = paths.length;
    for (const worker of started) worker.terminate();
    await Promise.allSettled(members); // another part may be being written
  }
}
