/**
 * Imbalance laws: how many training images each class gets. A law gives every frequency rank a share of the total
 * (`ratio:R`, `zipf:S`, `uniform`) or every class its count (a file); which class has which rank is drawn from the
 * run's seed, so that no class is rare because of what it shows.
 */
import { randomStream } from "../random/philox.ts";

/** A parsed law: weights by frequency rank, most frequent first, or counts by class. */
export interface Law {
  /** As it was given, for configs and captions. */
  text: string;
  by: "rank" | "class";
  /** One non-negative number per rank or class. */
  weights: number[];
}

/** What a law selects from a set of labels. */
export interface LawSelection {
  /** Selected samples, ascending. */
  indices: Int32Array;
  /** Images of each class among them. */
  counts: Int32Array;
  /** Frequency rank of each class, 0 for the most frequent. */
  ranks: Int32Array;
}

/** First steps of random paths, so that two uses of one seed never share draws. */
const rankDraws = 0x72616e6b, subsetDraws = 0x73756273;

/** Shares p(rank k) ~ k^-exponent for k = 1 .. count. */
const powerLaw = (count: number, exponent: number) =>
  Array.from({ length: count }, (_, k) => (k + 1) ** -exponent);

/** The text of a file that may be a law. */
function readLawFile(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    throw new SyntaxError(
      `Unknown law ${path}: use ratio:R, zipf:S, uniform or a file of lines name<TAB>count`,
    );
  }
}

/**
 * Counts of the classes from the text of a frequency table, lines `name TAB count` in any order. Throws SyntaxError naming
 * `path` and the line for anything else, and for a class without a count or with two.
 */
export function parseClassCounts(text: string, path: string, classNames: readonly string[]): number[] {
  const labels = new Map(classNames.map((name, label) => [name, label]));
  const counts = new Array<number>(classNames.length).fill(NaN);
  text.split(/\r?\n/).forEach((line, row) => {
    if (line.trim() === "") return;
    const [name, count, ...more] = line.split("\t"),
      where = `${path} line ${row + 1}`,
      label = labels.get(name.trim());
    if (more.length > 0 || !/^\d+$/.test(count?.trim() ?? "")) {
      throw new SyntaxError(`${where}: expected name<TAB>count`);
    }
    if (label === undefined) {
      throw new SyntaxError(`${where}: ${name} is none of the ${classNames.length} classes`);
    }
    if (!Number.isNaN(counts[label])) throw new SyntaxError(`${where}: ${name} has a count already`);
    counts[label] = Number(count);
  });
  const missing = counts.findIndex(Number.isNaN);
  if (missing >= 0) throw new SyntaxError(`${path} gives no count for class ${classNames[missing]}`);
  return counts;
}

/**
 * Parses `ratio:R` (the most frequent class has R times the images of the rarest: p(k) ~ k^-a, a = ln R / ln C),
 * `zipf:S` (p(k) ~ k^-S), `uniform`, or the path of a file of lines `name TAB count`.
 * Throws SyntaxError for anything else and for a malformed file (naming the line), RangeError for R < 1 or S < 0.
 */
export function parseLaw(text: string, classNames: readonly string[]): Law {
  const count = classNames.length, [kind, value] = text.split(":"), parameter = Number(value);
  if (count === 0) throw new RangeError("A law needs at least one class");
  if (text === "uniform") return { text, by: "rank", weights: powerLaw(count, 0) };
  if (kind !== "ratio" && kind !== "zipf") {
    return { text, by: "class", weights: parseClassCounts(readLawFile(text), text, classNames) };
  }
  if (!value?.trim() || !Number.isFinite(parameter) || text.split(":").length > 2) {
    throw new SyntaxError(`Malformed law ${text}: expected ${kind}:NUMBER`);
  }
  const least = kind === "ratio" ? 1 : 0;
  if (parameter < least) throw new RangeError(`The law ${text} needs a number of at least ${least}`);
  const exponent = kind === "zipf" ? parameter : count === 1 ? 0 : Math.log(parameter) / Math.log(count);
  return { text, by: "rank", weights: powerLaw(count, exponent) };
}

/** Splits `total` in proportion to `weights` by the largest remainders (ties: the earlier place). */
export function largestRemainder(weights: readonly number[], total: number): Int32Array {
  const sum = weights.reduce((a, b) => a + b, 0);
  if (!(sum > 0)) throw new RangeError("The weights of a law must have a positive sum");
  const exact = weights.map((weight) => weight / sum * total), counts = Int32Array.from(exact, Math.floor);
  const order = weights.map((_, k) => k).sort((a, b) => exact[b] % 1 - exact[a] % 1 || a - b);
  let left = total - counts.reduce((a, b) => a + b, 0);
  for (const k of order) if (left-- > 0) counts[k]++;
  return counts;
}

/** Which frequency rank each class has, drawn from the run's seed: a permutation of 0 .. classCount-1. */
export function drawRanks(classCount: number, seed: number): Int32Array {
  return randomStream(seed, rankDraws).shuffle(Int32Array.from({ length: classCount }, (_, k) => k));
}

/** `counts[c]` samples of each class c, the same for the same seed; fewer images are a subset of more. Ascending. */
export function selectPerClass(labels: Int32Array, counts: ArrayLike<number>, seed: number): Int32Array {
  const members = Array.from(counts, () => [] as number[]);
  labels.forEach((label, i) => members[label]?.push(i));
  return Int32Array.from(
    members.flatMap((own, label) =>
      randomStream(seed, subsetDraws, label).shuffle(own).slice(0, counts[label])
    ),
  ).sort();
}

/**
 * Selects training samples so that class counts follow `law`. Without `total` the set is as large as the law's shape
 * allows, given what each class has (and, for a law of counts, at most their sum); with it, classes that have too few
 * give what they have. Labels outside the law's classes are never selected.
 * Throws RangeError for a total that is no positive integer, or when a class that should have images has none.
 */
export function applyLaw(
  labels: Int32Array,
  law: Law,
  options: { seed: number; total?: number },
): LawSelection {
  const { seed } = options, classCount = law.weights.length;
  const available = new Int32Array(classCount);
  for (const label of labels) if (label >= 0 && label < classCount) available[label]++;
  const place = law.by === "rank"
    ? drawRanks(classCount, seed)
    : Int32Array.from(law.weights, (_, label) => label);
  const weights = Array.from(place, (p) => law.weights[p]), sum = weights.reduce((a, b) => a + b, 0);
  const empty = weights.findIndex((weight, label) => weight > 0 && available[label] === 0);
  if (empty >= 0) {
    throw new RangeError(`The law ${law.text} wants images of class ${empty}, but there are none`);
  }
  const most = Math.min(...weights.map((weight, c) => weight > 0 ? available[c] * sum / weight : Infinity));
  const total = options.total ?? Math.floor((law.by === "class" ? Math.min(most, sum) : most) + 1e-6);
  if (!Number.isInteger(total) || total < 1) {
    throw new RangeError(`Cannot select ${total} samples: at least 1 is needed`);
  }
  const counts = largestRemainder(weights, total).map((count, c) => Math.min(count, available[c]));
  const byCount = weights.map((_, c) => c).sort((a, b) => weights[b] - weights[a] || place[a] - place[b]);
  const ranks = new Int32Array(classCount);
  byCount.forEach((label, rank) => ranks[label] = rank);
  return { indices: selectPerClass(labels, counts, seed), counts, ranks };
}
