// Which classes a step scores when it does not score all: those of the batch, topped up by a draw that follows the
// class frequencies (spec section 4.2). A batch may stand for several processes, each with its own classes, because
// a large batch alone already holds most of the frequent ones. Runs on the host; the draw depends on (seed, step).

import { uniforms } from "../base/mod.ts";

/** How a class's chance depends on its frequency. */
export type VocabularyWeighting = "uniform" | "sqrt" | "linear";

/** Weights of the draw from class frequencies. Throws RangeError for a negative or missing count. */
export function vocabularyWeights(
  frequencies: ArrayLike<number>,
  weighting: VocabularyWeighting,
): Float64Array {
  return Float64Array.from(frequencies, (count, i) => {
    if (!(count >= 0)) throw new RangeError(`Frequency ${count} of class ${i} is not a number of at least 0`);
    return weighting === "uniform" ? 1 : weighting === "sqrt" ? Math.sqrt(count) : count;
  });
}

/** Sorted union of the targets' classes and the drawn ones, and each target's place in it. */
export function joinVocabulary(
  targets: ArrayLike<number>,
  drawn: Iterable<number>,
): { classes: number[]; targets: number[] } {
  const classes = [...new Set([...Array.from(targets), ...drawn])].sort((a, b) => a - b);
  const place = new Map(classes.map((c, i) => [c, i]));
  return { classes, targets: Array.from(targets, (t) => place.get(t)!) };
}

export interface SubVocabularyOptions {
  /** Class of every row of the batch. */
  readonly targets: ArrayLike<number>;
  /** Chance of each class, any scale; its length is the number of classes. */
  readonly weights: ArrayLike<number>;
  /** Classes per vocabulary; one that holds more after its own rows' classes keeps them all. */
  readonly size: number;
  readonly seed: number;
  readonly step: number;
  /** Virtual processes: equal runs of rows, each with its own vocabulary. Default 1. */
  readonly processes?: number;
}

export interface SubVocabulary {
  /** V: the room for classes, the same at every step of a training. */
  readonly size: number;
  /** [processes, size]; short vocabularies are filled up with class 0. */
  readonly index: Int32Array;
  /** [processes, 1, size]: 0, and -1e30 for the filling. */
  readonly bias: Float32Array;
  /** Place of every row's class in its process's vocabulary. */
  readonly targets: Int32Array;
  /** Number of real classes in each vocabulary. */
  readonly lengths: number[];
}

/** Room for classes that a vocabulary needs at most: `size`, or the distinct classes its rows may hold. */
export function vocabularyRoom(rows: number, classes: number, size: number, processes = 1): number {
  return Math.min(classes, Math.max(size, rows / processes));
}

/**
 * Vocabularies of one step. Classes beyond the rows' own are drawn one after the other without replacement, each with
 * probability proportional to its weight among those left; classes of weight 0 are never drawn, so a vocabulary may
 * stay shorter than `size`. Throws RangeError for a target outside the classes or rows that do not split evenly.
 */
export function subVocabulary(options: SubVocabularyOptions): SubVocabulary {
  const { targets, weights, size, seed, step, processes = 1 } = options;
  const rows = targets.length / processes;
  if (!Number.isInteger(rows) || processes < 1) {
    throw new RangeError(`${targets.length} rows do not split into ${processes} virtual processes`);
  }
  const room = vocabularyRoom(targets.length, weights.length, size, processes);
  const index = new Int32Array(processes * room);
  const bias = new Float32Array(processes * room).fill(-1e30);
  const places = new Int32Array(targets.length);
  const lengths: number[] = [];
  for (let p = 0; p < processes; p++) {
    const own = Array.from({ length: rows }, (_, i) => targets[p * rows + i]);
    checkTargets(own, weights.length);
    const present = new Set(own);
    const keys = uniforms(weights.length, seed, VOCABULARY_STREAM + p, step);
    const joined = joinVocabulary(own, draw(weights, present, size - present.size, keys));
    joined.classes.forEach((c, i) => {
      index[p * room + i] = c;
      bias[p * room + i] = 0;
    });
    places.set(joined.targets, p * rows);
    lengths.push(joined.classes.length);
  }
  return { size: room, index, bias, targets: places, lengths };
}

/** First stream of the vocabulary draws; process p uses the p-th after it. */
const VOCABULARY_STREAM = 0x5eb0c000;

function checkTargets(targets: readonly number[], classes: number): void {
  for (const target of targets) {
    if (!Number.isInteger(target) || target < 0 || target >= classes) {
      throw new RangeError(`Label ${target} is outside the ${classes} classes`);
    }
  }
}

/**
 * `count` classes without replacement: those with the smallest -ln(u) / weight, which has the distribution of
 * successive weighted draws (Efraimidis and Spirakis 2006).
 */
function draw(weights: ArrayLike<number>, present: Set<number>, count: number, u: Float64Array): number[] {
  if (count <= 0) return [];
  const keyed: [number, number][] = [];
  for (let c = 0; c < weights.length; c++) {
    if (weights[c] > 0 && !present.has(c)) keyed.push([-Math.log(1 - u[c]) / weights[c], c]);
  }
  return keyed.sort((a, b) => a[0] - b[0]).slice(0, count).map(([, c]) => c);
}
