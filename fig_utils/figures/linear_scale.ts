// A linear axis: from numbers to pixels, with round ticks.

export interface LinearScale {
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
  /** The pixel at which a number stands; numbers outside of the domain stand at its end. */
  at(value: number): number;
}

/**
 * The scale that holds all `values` between `from` and `to` pixels, with about `count` steps between round numbers.
 * Values that are all the same stand on an axis of a hundredth of their size.
 */
export function linearScale(
  values: readonly number[],
  [from, to]: readonly [number, number],
  count = 5,
): LinearScale {
  const low = Math.min(...values), high = Math.max(...values);
  const least = Math.max(Math.abs(low), Math.abs(high)) / 100 || 1;
  const step = roundStep(Math.max(high - low, least) / count);
  const first = Math.floor(low / step + 1e-9), last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  const ticks = Array.from(
    { length: last - first + 1 },
    (_, i) => Number(((first + i) * step).toPrecision(9)),
  );
  const domain = [ticks[0], ticks[ticks.length - 1]] as const;
  return {
    ...{ domain, ticks },
    at: (value) => {
      const share = (value - domain[0]) / (domain[1] - domain[0]);
      return Number((from + (to - from) * Math.max(0, Math.min(1, share))).toFixed(2));
    },
  };
}

/** The least of 1, 2, 2.5 and 5 times a power of ten that is not below `step`. */
function roundStep(step: number): number {
  const unit = 10 ** Math.floor(Math.log10(step));
  return unit * [1, 2, 2.5, 5, 10].find((round) => round * unit >= step * (1 - 1e-9))!;
}
