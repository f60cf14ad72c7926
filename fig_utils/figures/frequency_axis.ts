// The frequency axis that all figures share: logarithmic, with a place of its own at the left for classes that had no
// training image, which a logarithm has none for.

/** Where frequencies stand on a logarithmic axis, and what is written below it. */
export interface FrequencyAxis {
  /** Ends of the axis, both positive. */
  readonly domain: readonly [number, number];
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
  /** A frequency's place within the domain. */
  place(frequency: number): number;
}

const most = 6;

/** The axis that holds all of `frequencies`; zero has its place where it occurs. */
export function frequencyAxis(frequencies: readonly number[]): FrequencyAxis {
  const positive = frequencies.filter((frequency) => frequency > 0);
  const low = positive.reduce((a, b) => Math.min(a, b), Infinity);
  const high = positive.reduce((a, b) => Math.max(a, b), 0);
  if (positive.length === 0) {
    return { domain: [0.5, 2], ticks: [{ at: 1, text: "0" }], place: () => 1 };
  }
  const span = Math.max(Math.log(high / low), Math.log(4)), hasZero = positive.length < frequencies.length;
  const zero = low * Math.exp(-0.15 * span);
  const ticks = roundNumbers(low, high).map((at) => ({ at, text: String(at) }));
  const middle = Math.sqrt(low * high), reach = Math.exp(0.55 * span);
  return {
    domain: [hasZero ? zero * Math.exp(-0.05 * span) : middle / reach, middle * reach],
    ticks: hasZero ? [{ at: zero, text: "0" }, ...ticks] : ticks,
    place: (frequency) => frequency > 0 ? frequency : zero,
  };
}

/** Round numbers from low to high, equally far apart as a logarithm sees it, not more than fit below a panel. */
function roundNumbers(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low)), decades = Math.floor(Math.log10(high)) - first + 1;
  const every = Math.ceil(decades / most);
  const series = [[1, 2, 5], [1, 3], [1]].map((steps) =>
    Array.from({ length: decades }, (_, d) => steps.map((step) => rounded(step * 10 ** (first + d)))).flat()
      .filter((at) => at >= low && at <= high)
  );
  const ticks = series.find(({ length }) => length <= most) ??
    series[2].filter((_, i) => i % every === 0);
  return ticks.length >= 2 ? ticks : [...new Set([low, high].map(rounded))];
}

const rounded = (value: number) => Number(value.toPrecision(3));
