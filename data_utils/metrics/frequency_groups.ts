/** Accuracy of the most frequent, the middle and the rarest classes: the plainest view of what a long tail costs. */
import { meanOfPresent } from "./confusion.ts";

/** The class numbers of each third. */
export interface Thirds {
  head: number[];
  middle: number[];
  tail: number[];
}

/**
 * Splits classes into thirds by falling frequency, equals in class order. Head and tail have round(C / 3) classes.
 * Throws RangeError for fewer than three classes.
 */
export function frequencyThirds(frequencies: ArrayLike<number>): Thirds {
  const count = frequencies.length;
  if (count < 3) throw new RangeError(`Thirds need three classes or more, got ${count}`);
  const order = Array.from({ length: count }, (_, c) => c);
  order.sort((a, b) => frequencies[b] - frequencies[a] || a - b);
  const size = Math.round(count / 3);
  return {
    head: order.slice(0, size),
    middle: order.slice(size, count - size),
    tail: order.slice(count - size),
  };
}

/** Mean of a value per class over the head, middle and tail third, leaving out classes whose value is NaN. */
export function meanByThird(
  frequencies: ArrayLike<number>,
  values: ArrayLike<number>,
): { head: number; middle: number; tail: number } {
  if (frequencies.length !== values.length) {
    throw new TypeError(`${frequencies.length} frequencies do not go with ${values.length} values`);
  }
  const { head, middle, tail } = frequencyThirds(frequencies);
  const mean = (classes: number[]) => meanOfPresent(classes.map((c) => values[c]));
  return { head: mean(head), middle: mean(middle), tail: mean(tail) };
}
