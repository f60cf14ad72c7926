/** From the embeddings of sentences to one row per class, as the reference's tool for heads computes it. */

export interface HeadShape {
  /** Sentences per phrase. */
  readonly templates: number;
  /** Phrases per class. */
  readonly phrases: readonly number[];
  /** Numbers of an embedding. */
  readonly width: number;
}

/** Mean of `count` rows from row `first` on, in float64. */
function meanOf(rows: ArrayLike<number>, first: number, count: number, width: number): Float64Array {
  const mean = new Float64Array(width);
  for (let r = first; r < first + count; r++) {
    for (let d = 0; d < width; d++) mean[d] += rows[r * width + d];
  }
  return mean.map((v) => v / count);
}

const unit = (row: Float64Array): Float64Array => {
  const norm = Math.hypot(...row) || 1;
  return row.map((v) => v / norm);
};

/**
 * The head [classes, width] of raw embeddings [sentences, width], in the order of `headTexts`: the mean over a phrase's
 * sentences, of length 1 unless `raw`, then the mean over a class's phrases, which is not made of length 1 again.
 * Throws RangeError where the embeddings are too few or too many, or one is not finite.
 */
export function headRows(embeddings: Float32Array, shape: HeadShape, raw = false): Float32Array<ArrayBuffer> {
  const { templates, phrases, width } = shape, all = phrases.reduce((sum, n) => sum + n, 0);
  if (embeddings.length !== all * templates * width) {
    throw new RangeError(`${embeddings.length} numbers are not ${all * templates} embeddings of ${width}`);
  }
  const odd = embeddings.findIndex((v) => !Number.isFinite(v));
  if (odd >= 0) {
    throw new RangeError(
      `The embedding of sentence ${Math.floor(odd / width)} is not finite: are these its weights?`,
    );
  }
  const head = new Float32Array(phrases.length * width);
  let phrase = 0;
  phrases.forEach((count, row) => {
    const means = new Float64Array(count * width);
    for (let i = 0; i < count; i++, phrase++) {
      const mean = meanOf(embeddings, phrase * templates, templates, width);
      means.set(raw ? mean : unit(mean), i * width);
    }
    head.set(meanOf(means, 0, count, width), row * width);
  });
  return head;
}

/** Cosines between the rows of two heads of one shape. */
export function rowCosines(a: ArrayLike<number>, b: ArrayLike<number>, width: number): Float64Array {
  const cosines = new Float64Array(a.length / width);
  for (let row = 0; row < cosines.length; row++) {
    let dot = 0, aa = 0, bb = 0;
    for (let i = row * width; i < (row + 1) * width; i++) {
      dot += a[i] * b[i];
      aa += a[i] * a[i];
      bb += b[i] * b[i];
    }
    cosines[row] = dot / (Math.sqrt(aa * bb) || 1);
  }
  return cosines;
}
