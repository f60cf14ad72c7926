/** Units of work over worker threads: each worker has one unit at a time, and gets the next when it is done. */
import { Stopped } from "../../program/outcome.ts";

type Reply<Result> = { readonly result: Result } | { readonly failure: string };

/** The part of a worker's global scope used here. */
interface WorkerScope<Unit, Result> {
  onmessage: ((event: MessageEvent<Unit>) => void) | null;
  postMessage(reply: Reply<Result>): void;
}

/** Makes a worker of this thread: it does every unit it is sent, and sends the result, or what was thrown, back. */
export function serveUnits<Unit, Result>(work: (unit: Unit) => Promise<Result>): void {
  const scope = globalThis as unknown as WorkerScope<Unit, Result>;
  scope.onmessage = async ({ data }) => {
    try {
      scope.postMessage({ result: await work(data) });
    } catch (error) {
      scope.postMessage({ failure: error instanceof Error ? error.message : String(error) });
    }
  };
}

/** How units are run. */
export interface RunOptions<Unit, Result> {
  /** The worker's module, as import.meta.resolve gives it; it calls {@link serveUnits}. */
  readonly script: string;
  /** Threads; no more are started than there are units. */
  readonly workers: number;
  readonly signal: AbortSignal;
  /** Called for every finished unit, in the order in which they end, one at a time. */
  onDone(unit: Unit, result: Result): Promise<void>;
}

/**
 * Runs all units. Throws Stopped once `signal` aborted, and Error with what a unit threw; units under way are given up,
 * finished ones have been told of.
 */
export async function runUnits<Unit, Result>(
  units: Iterator<Unit>,
  { script, workers, signal, onDone }: RunOptions<Unit, Result>,
): Promise<void> {
  const running: Worker[] = [];
  let told: Promise<void> = Promise.resolve(), stop: ((error: Error) => void) | undefined;
  const stopped = new Promise<never>((_, reject) => stop = reject);
  const onAbort = () => stop!(new Stopped("Stopped: the same command goes on where it was"));
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();

  function one(worker: Worker, unit: Unit): Promise<Result> {
    return new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<Reply<Result>>) =>
        "result" in data ? resolve(data.result) : reject(new Error(data.failure));
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(`A worker failed: ${event.message}`));
      };
      worker.postMessage(unit);
    });
  }

  async function thread(): Promise<void> {
    let next = units.next();
    if (next.done) return;
    const worker = new Worker(script, { type: "module" });
    running.push(worker);
    for (; !next.done; next = units.next()) {
      const unit = next.value, result = await one(worker, unit);
      await (told = told.then(() => onDone(unit, result)));
    }
  }

  try {
    await Promise.race([stopped, Promise.all(Array.from({ length: workers }, thread))]);
  } finally {
    stopped.catch(() => {});
    signal.removeEventListener("abort", onAbort);
    for (const worker of running) worker.terminate();
    await told.catch(() => {});
  }
}
