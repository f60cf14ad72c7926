/**
 * Accuracy of a classifier, overall and per class, from its scores. All counts are exact and all rates float64.
 * The confusion matrix is [true class, predicted class], row-major.
 */

type Numbers = Float32Array | Float64Array;

/** What a classifier did on a labelled set. Accuracies are fractions; a class without samples has accuracy NaN. */
export interface ClassificationResult {
  samples: number;
  /** Share of samples whose class is among the k best, for each k asked for. */
  topK: Record<number, number>;
  confusion: Int32Array<ArrayBuffer>;
  perClassAccuracy: Float64Array<ArrayBuffer>;
  predictionCounts: Int32Array<ArrayBuffer>;
}

function checkLabels(labels: ArrayLike<number>, classes: number, what: string): void {
  for (let i = 0; i < labels.length; i++) {
    if (!(Number.isInteger(labels[i]) && labels[i] >= 0 && labels[i] < classes)) {
      throw new RangeError(`The ${what} of sample ${i} is ${labels[i]}, outside 0 .. ${classes - 1}`);
    }
  }
}

/** Counts (true, predicted) pairs into [classes, classes]. Throws RangeError for a label outside the classes. */
export function confusionMatrix(
  targets: ArrayLike<number>,
  predictions: ArrayLike<number>,
  classes: number,
): Int32Array<ArrayBuffer> {
  if (targets.length !== predictions.length) {
    throw new TypeError(`${targets.length} targets do not go with ${predictions.length} predictions`);
  }
  checkLabels(targets, classes, "target");
  checkLabels(predictions, classes, "prediction");
  const confusion = new Int32Array(classes * classes);
  for (let i = 0; i < targets.length; i++) confusion[targets[i] * classes + predictions[i]]++;
  return confusion;
}

/** Diagonal over row sum of a confusion matrix; NaN for a class without samples. */
export function perClassAccuracy(confusion: ArrayLike<number>, classes: number): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: classes }, (_, c) => {
    let row = 0;
    for (let p = 0; p < classes; p++) row += confusion[c * classes + p];
    return confusion[c * classes + c] / row;
  });
}

/** Column sums of a confusion matrix: how often each class was predicted. */
export function predictionCounts(confusion: ArrayLike<number>, classes: number): Int32Array<ArrayBuffer> {
  const counts = new Int32Array(classes);
  for (let i = 0; i < classes * classes; i++) counts[i % classes] += confusion[i];
  return counts;
}

/** Mean of the values that are numbers; NaN where there is none. */
export function meanOfPresent(values: ArrayLike<number>): number {
  let sum = 0, present = 0;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isNaN(values[i])) {
      sum += values[i];
      present++;
    }
  }
  return sum / present;
}

/** Index of the largest score of each row of `scores` [N, classes]; the first of equals. */
export function argmaxRows(scores: Numbers, classes: number): Int32Array<ArrayBuffer> {
  const best = new Int32Array(scores.length / classes);
  for (let i = 0; i < best.length; i++) {
    for (let c = 1; c < classes; c++) {
      if (scores[i * classes + c] > scores[i * classes + best[i]]) best[i] = c;
    }
  }
  return best;
}

/**
 * Collects batches of scores [N, classes] with their targets [N] and sums them up at the end.
 * `add` throws TypeError when sizes do not fit and RangeError for a target outside the classes or a score that is NaN.
 */
export function classificationMeter(classes: number, topK: readonly number[] = [1, 5]): {
  add(scores: Numbers, targets: ArrayLike<number>): void;
  result(): ClassificationResult;
} {
  const confusion = new Int32Array(classes * classes);
  const hits = topK.map(() => 0);
  let samples = 0;

  const add = (scores: Numbers, targets: ArrayLike<number>) => {
    if (scores.length !== targets.length * classes) {
      throw new TypeError(`${scores.length} scores are not ${targets.length} rows of ${classes}`);
    }
    if (scores.some(Number.isNaN)) throw new RangeError("A score is NaN: the model has diverged");
    const batch = confusionMatrix(targets, argmaxRows(scores, classes), classes);
    batch.forEach((n, i) => confusion[i] += n);
    for (let i = 0; i < targets.length; i++) {
      const rank = rankInRow(scores, i * classes, classes, targets[i]);
      topK.forEach((k, at) => hits[at] += rank < k ? 1 : 0);
    }
    samples += targets.length;
  };
  const result = (): ClassificationResult => ({
    samples,
    topK: Object.fromEntries(topK.map((k, at) => [k, hits[at] / samples])),
    confusion: confusion.slice(),
    perClassAccuracy: perClassAccuracy(confusion, classes),
    predictionCounts: predictionCounts(confusion, classes),
  });
  return { add, result };
}

/** How many entries of a row come before `index` when sorted downwards; equals in their order. */
function rankInRow(scores: Numbers, start: number, length: number, index: number): number {
  const own = scores[start + index];
  let before = 0;
  for (let c = 0; c < length; c++) {
    const other = scores[start + c];
    if (other > own || (other === own && c < index)) before++;
  }
  return before;
}
