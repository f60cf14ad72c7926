// The same three jobs for the engine and for other libraries: a matrix product that is read back, a chain of dependent
// products read back once, and training steps of a small convolutional network. All start from the same numbers, and
// every contender's results are checked before its times count.

import { drawn } from "./replay.ts";
import { elapsed, repetitions, type Timing, timing, type Work } from "./timing.ts";
import type { Worker } from "./workers.ts";

/** Size of the square matrices, and how many products depend on one another. */
export const MATRIX = 512, CHAIN = 20;

/** The network: 3x3 convolutions with ReLU (channels in, out, stride; padding 1), a dense layer, softmax. */
export const CNN = {
  batch: 64,
  size: 32,
  convolutions: [{ in: 3, out: 16, stride: 1 }, { in: 16, out: 32, stride: 2 }, {
    in: 32,
    out: 64,
    stride: 2,
  }],
  /** The last map: size, size, channels. */
  map: [8, 8, 64],
  classes: 10,
  rate: 0.02,
} as const;

/** Numbers that all contenders start from. */
export const numbers = {
  /** [512,512], row-major; `w` keeps the length of rows about the same. */
  a: () => drawn("a", MATRIX * MATRIX),
  w: () => drawn("w", MATRIX * MATRIX, MATRIX ** -0.5),
  /** [64,32,32,3]. */
  images: () => drawn("images", CNN.batch * CNN.size ** 2 * 3),
  labels: () => Int32Array.from({ length: CNN.batch }, (_, i) => i % CNN.classes),
  /** HWIO weights of convolution i. */
  kernel: (i: number) => {
    const { in: c, out } = CNN.convolutions[i];
    return drawn(`kernel ${i}`, 9 * c * out, (2 / (9 * c)) ** 0.5);
  },
  /** [8 8 64, 10], rows in the order height, width, channel. */
  dense: () => {
    const inputs = CNN.map[0] * CNN.map[1] * CNN.map[2];
    return drawn("dense", inputs * CNN.classes, inputs ** -0.5);
  },
};

export interface Contender {
  readonly version: string;
  /** What the library says about the adapter it runs on. */
  readonly adapter: string;
  /** a w, read back. */
  product(): Promise<ArrayLike<number>>;
  /** a w w .. w, read back once. */
  chain(): Promise<ArrayLike<number>>;
  /** SGD steps on the one batch, then the loss before the last of them, read back once. */
  train(steps: number): Promise<number>;
  close(): void;
}

export const JOBS = ["product", "chain", "step"] as const;

export type Job = typeof JOBS[number];

/** Wanted length of a round of each job, in milliseconds. */
const LENGTHS: Readonly<Record<Job, number>> = { product: 300, chain: 600, step: 800 };

export interface ContestResult {
  readonly version: string;
  readonly adapter: string;
  /** Losses of the first three steps. */
  readonly losses: readonly number[];
  /** Milliseconds per product, chain and step. */
  readonly times: Readonly<Record<Job, Timing>>;
}

/**
 * A contender's side of the contest: checks its results and tells `version`, `adapter` and `losses`; then answers every
 * name of a job with the milliseconds it takes, from one round; at the end checks that the loss went on falling. Throws
 * Error when results are wrong.
 */
export async function compete(
  contender: Contender,
  orders: AsyncIterable<string>,
  tell: (answer: unknown) => void,
): Promise<void> {
  const { version, adapter } = contender;
  checkRows("The product", await contender.product(), 1);
  checkRows("The chain", await contender.chain(), CHAIN);
  const losses = [await contender.train(1), await contender.train(1), await contender.train(1)];
  checkLosses(losses);
  tell({ version, adapter, losses });
  const works: Record<Job, Work> = {
    product: repeated(contender.product),
    chain: repeated(contender.chain),
    step: async (times) => void await contender.train(times),
  };
  const counts = new Map<Job, number>();
  for await (const order of orders) {
    const job = order as Job;
    if (!counts.has(job)) counts.set(job, await repetitions(works[job], LENGTHS[job]));
    const count = counts.get(job)!;
    tell({ milliseconds: await elapsed(() => works[job](count)) / count });
  }
  checkLosses([...losses, await contender.train(1)]);
}

/**
 * Lets contenders take turns, a round of a job each, so that whatever else the machine does slows all alike. Those that
 * fail are left out, with the reason.
 */
export async function holdContest<Name extends string>(
  workers: ReadonlyMap<Name, Worker>,
  rounds = 5,
): Promise<{ results: Map<Name, ContestResult>; failures: Map<Name, string> }> {
  const failures = new Map<Name, string>(), racing = new Map(workers);
  const hear = async (name: Name, worker: Worker) => {
    try {
      let line = await worker.line();
      while (!line.startsWith("{")) line = await worker.line(); // a library's own greeting
      return JSON.parse(line);
    } catch (error) {
      failures.set(name, error instanceof Error ? error.message : `${error}`);
      racing.delete(name);
      return null;
    }
  };
  const told = new Map<Name, Omit<ContestResult, "times">>();
  for (const [name, worker] of workers) told.set(name, await hear(name, worker));
  const found = new Map(
    JOBS.map((job) => [job, new Map<Name, number[]>([...workers.keys()].map((name) => [name, []]))]),
  );
  for (const job of JOBS) {
    for (let round = 0; round < rounds; round++) {
      for (const [name, worker] of [...racing]) {
        await worker.say(job);
        const answer = await hear(name, worker);
        if (answer !== null) found.get(job)!.get(name)!.push(answer.milliseconds);
      }
    }
  }
  for (const [name, worker] of [...racing]) {
    const complaint = await worker.finish();
    if (complaint !== null) {
      failures.set(name, complaint);
      racing.delete(name);
    }
  }
  const results = new Map([...racing.keys()].map((name) => {
    const times = Object.fromEntries(JOBS.map((job) => [job, timing(found.get(job)!.get(name)!)]));
    return [name, { ...told.get(name)!, times } as ContestResult];
  }));
  return { results, failures };
}

function repeated(body: () => Promise<unknown>): Work {
  return async (times) => {
    for (let time = 0; time < times; time++) await body();
  };
}

/** Holds the first and the last row of a w^power against float64. Throws Error when they differ. */
function checkRows(what: string, result: ArrayLike<number>, power: number): void {
  const a = numbers.a(), w = numbers.w();
  for (const row of [0, MATRIX - 1]) {
    let wanted = Float64Array.from(a.subarray(row * MATRIX, (row + 1) * MATRIX));
    for (let i = 0; i < power; i++) wanted = timesMatrix(wanted, w);
    const scale = Math.max(...wanted.map(Math.abs));
    const worst = Math.max(...wanted.map((v, i) => Math.abs(result[row * MATRIX + i] - v)));
    if (!(worst <= 1e-4 * scale)) throw new Error(`${what} is off by ${worst / scale} of its largest value`);
  }
}

function timesMatrix(row: Float64Array<ArrayBuffer>, w: Float32Array): Float64Array<ArrayBuffer> {
  const out = new Float64Array(MATRIX);
  row.forEach((v, k) => {
    for (let j = 0; j < MATRIX; j++) out[j] += v * w[k * MATRIX + j];
  });
  return out;
}

/** Throws Error unless the loss falls from step to step at first, and to the end. */
function checkLosses(losses: readonly number[]): void {
  const falls = losses.every((loss, i) => i === 0 || loss < losses[i - 1]);
  if (!falls) throw new Error(`The loss does not fall: ${losses.map((v) => v.toFixed(4)).join(", ")}`);
}

/** Largest relative difference of the losses of the first three steps. */
export function lossDifference(a: ContestResult, b: ContestResult): number {
  return Math.max(...[0, 1, 2].map((i) => Math.abs(a.losses[i] - b.losses[i]) / a.losses[i]));
}
