// Running means for progress lines and epoch summaries, in float64.

export interface Meter {
  /** Adds a value that stands for `weight` samples. */
  add(value: number, weight?: number): void;
  /** Weighted mean since the last reset; NaN when nothing was added. */
  mean(): number;
  reset(): void;
}

export function meanMeter(): Meter {
  let sum = 0, total = 0;
  return {
    add: (value, weight = 1) => {
      sum += value * weight;
      total += weight;
    },
    mean: () => sum / total,
    reset: () => {
      sum = total = 0;
    },
  };
}

export interface RateMeter {
  /** So many units are done in all, at a time in seconds. */
  update(done: number, seconds: number): void;
  /** Units per second over the last `window` seconds; 0 before two updates. */
  rate(): number;
  /** Seconds that `left` units take at this rate; Infinity before two updates. */
  remaining(left: number): number;
}

/** Speed over a sliding window. Times are given, not read, so that the meter can be tested. */
export function rateMeter(window = 30): RateMeter {
  const seen: { done: number; seconds: number }[] = [];
  const rate = () => {
    if (seen.length < 2) return 0;
    const first = seen[0], last = seen[seen.length - 1];
    return last.seconds > first.seconds ? (last.done - first.done) / (last.seconds - first.seconds) : 0;
  };
  return {
    update: (done, seconds) => {
      seen.push({ done, seconds });
      while (seen.length > 2 && seen[1].seconds <= seconds - window) seen.shift();
    },
    rate,
    remaining: (left) => left === 0 ? 0 : left / rate(),
  };
}
