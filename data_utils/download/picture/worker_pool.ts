/**
 * Threads that turn bytes into answers, several at a time each: the codecs run on threads of their own, so that while
 * one image is scaled by the worker another one is decoded. Images are weighed by their pixels, and those under way
 * together kept to a sum, so that memory is bounded by few large images as well as by many small ones.
 */

/** Messages between the pool and a worker; the first one gives the worker its settings. */
export type ToWorker<Settings> = { readonly settings: Settings } | {
  readonly id: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
};
export type FromWorker<Answer> = { readonly id: number; readonly answer: Answer } | {
  readonly id: number;
  readonly failure: string;
};

export interface PoolOptions<Settings> {
  /** The worker's module, as import.meta.resolve gives it. */
  readonly script: string;
  readonly settings: Settings;
  readonly workers: number;
  /** Jobs that a worker has at once. */
  readonly jobsEach: number;
  /** Weights under way add up to this at most; a job that weighs more runs alone. */
  readonly mostWeight: number;
}

export interface WorkerPool<Answer> extends AsyncDisposable {
  /** Takes the bytes over. Rejects with Error when a worker died, at once or later, or the pool was closed. */
  ask(bytes: Uint8Array<ArrayBuffer>, weight: number): Promise<Answer>;
}

interface Job<Answer> {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly weight: number;
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** A pool; its threads start with the first job. Closing it rejects the jobs that wait, and waits for those under way. */
export function openPool<Settings, Answer>(options: PoolOptions<Settings>): WorkerPool<Answer> {
  const { script, settings, workers, jobsEach, mostWeight } = options;
  const waiting: Job<Answer>[] = [], running = new Map<number, Job<Answer>>();
  const threads: { readonly worker: Worker; jobs: number }[] = [];
  let failure: string | null = null, weightUnderWay = 0, next = 0, idle: (() => void) | undefined;

  function fail(message: string, jobs: Iterable<Job<Answer>>): void {
    failure ??= message;
    for (const { reject } of jobs) reject(new Error(failure));
    waiting.length = 0;
  }

  function start(): void {
    const thread = { worker: new Worker(script, { type: "module" }), jobs: 0 };
    thread.worker.onmessage = ({ data }: MessageEvent<FromWorker<Answer>>) => {
      const job = running.get(data.id);
      if (!job) return;
      running.delete(data.id);
      weightUnderWay -= job.weight;
      thread.jobs--;
      if ("answer" in data) job.resolve(data.answer);
      else job.reject(new Error(data.failure));
      dispatch();
      if (running.size === 0) idle?.();
    };
    thread.worker.onerror = (event) => {
      event.preventDefault();
      fail(`A thread that prepares images died: ${event.message}`, [...running.values(), ...waiting]);
      running.clear();
      idle?.();
    };
    thread.worker.postMessage({ settings } satisfies ToWorker<Settings>);
    threads.push(thread);
  }

  function dispatch(): void {
    while (waiting.length > 0 && failure === null) {
      const job = waiting[0], thread = threads.reduce((a, b) => b.jobs < a.jobs ? b : a);
      if (thread.jobs >= jobsEach || (running.size > 0 && weightUnderWay + job.weight > mostWeight)) return;
      waiting.shift();
      const id = next++;
      running.set(id, job);
      weightUnderWay += job.weight;
      thread.jobs++;
      thread.worker.postMessage({ id, bytes: job.bytes } satisfies ToWorker<Settings>, [job.bytes.buffer]);
    }
  }

  return {
    ask(bytes, weight) {
      if (failure !== null) return Promise.reject(new Error(failure));
      while (threads.length < workers) start();
      // bytes that are part of something larger cannot be handed over without it
      const own = bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice();
      return new Promise((resolve, reject) => {
        waiting.push({ bytes: own, weight, resolve, reject });
        dispatch();
      });
    },
    async [Symbol.asyncDispose]() {
      fail("The preparer was closed", waiting);
      if (running.size > 0) await new Promise<void>((resolve) => idle = resolve);
      for (const { worker } of threads) worker.terminate();
    },
  };
}
