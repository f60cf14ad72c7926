// How the bench takes time. Work is repeated until a round lasts long enough that the wait at its end (11.5 ms in Deno,
// whatever was done) hardly counts; rounds of things that are compared take turns, so that another program on the
// machine slows them alike; the median of the rounds is the figure, the fastest round stands beside it.

/** Does the work `times` times and returns when the device has finished. */
export type Work = (times: number) => Promise<void>;

export interface Timing {
  /** Milliseconds per repetition: median of the rounds, and the fastest round. */
  readonly median: number;
  readonly best: number;
  readonly rounds: readonly number[];
}

export interface TimingOptions {
  readonly rounds?: number;
  /** Wanted length of a round in milliseconds. */
  readonly length?: number;
}

/**
 * Times several pieces of work in turns, after one run of each to warm up (compiling, first touch of memory).
 * Repetitions per round are found from a short trial.
 */
export async function timeInTurns<Name extends string>(
  works: Readonly<Record<Name, Work>>,
  options: TimingOptions = {},
): Promise<Record<Name, Timing>> {
  const { rounds = 5, length = 400 } = options;
  const names = Object.keys(works) as Name[];
  const times = new Map<Name, number>();
  for (const name of names) {
    await works[name](1);
    times.set(name, await repetitions(works[name], length));
  }
  const found = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const count = times.get(name)!;
      found.get(name)!.push(await elapsed(() => works[name](count)) / count);
    }
  }
  return Object.fromEntries(names.map((name) => [name, timing(found.get(name)!)])) as Record<Name, Timing>;
}

/** Times one piece of work. */
export async function timeOf(work: Work, options: TimingOptions = {}): Promise<Timing> {
  return (await timeInTurns({ work }, options)).work;
}

/** Median and smallest of the rounds. Throws RangeError when there are none. */
export function timing(rounds: readonly number[]): Timing {
  return { median: median(rounds), best: Math.min(...rounds), rounds };
}

/** The middle value, or the mean of the two middle ones. Throws RangeError for an empty list. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("There is no median of no values");
  const sorted = [...values].sort((a, b) => a - b), half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Milliseconds that `body` takes. */
export async function elapsed(body: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await body();
  return performance.now() - began;
}

/** How often the work fits into `length` milliseconds: doubled until a trial is a good part of it, then scaled. */
export async function repetitions(work: Work, length: number): Promise<number> {
  for (let count = 1;; count *= 2) {
    const took = await elapsed(() => work(count));
    if (took >= length / 4) return Math.max(1, Math.round(count * length / took));
  }
}
