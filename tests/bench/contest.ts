// The same three jobs for the engine and for other libraries: a matrix product that is read back, a chain of dependent
// products read back once, and training steps of a small convolutional network. All start from the same numbers, and
// every contender's results are checked before its times count.

import { drawn } from "./replay.ts";
import { timeOf, type Timing } from "./timing.ts";

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

export interface ContestResult {
  readonly version: string;
  readonly adapter: string;
  /** Milliseconds per product, chain and step. */
  readonly product: Timing;
  readonly chain: Timing;
  readonly step: Timing;
  /** Losses of the first three steps, and after the timed ones. */
  readonly losses: readonly number[];
}

/** Checks and times a contender. Throws Error when its results are wrong. */
export async function compete(contender: Contender): Promise<ContestResult> {
  const { version, adapter } = contender;
  checkRows("The product", await contender.product(), 1);
  checkRows("The chain", await contender.chain(), CHAIN);
  const product = await timeOf(repeat(contender.product), { rounds: 9, length: 200 });
  const chain = await timeOf(repeat(contender.chain), { rounds: 5, length: 400 });
  const losses = [await contender.train(1), await contender.train(1), await contender.train(1)];
  const step = await timeOf(async (times) => void await contender.train(times), { rounds: 5, length: 600 });
  losses.push(await contender.train(1));
  checkLosses(losses);
  return { version, adapter, product, chain, step, losses };
}

function repeat(body: () => Promise<unknown>): (times: number) => Promise<void> {
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
