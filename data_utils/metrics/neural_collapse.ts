/**
 * How far a model's features have collapsed onto their class means, and how evenly means and classifier rows spread
 * (Papyan, Han and Donoho 2020; per class as in Fang et al. 2021). Spec section 4.3 gives the exact definitions.
 */
import { pseudoInverse } from "./eigen.ts";

type Numbers = Float32Array | Float64Array;

/** Features [N, dim] with labels [N], and a classifier's rows [classes, dim]. */
export interface CollapseInput {
  features: Numbers;
  targets: ArrayLike<number>;
  head: Numbers;
  classes: number;
  dim: number;
}

/** One value per class; NaN in the feature metrics of a class without samples. */
export interface NeuralCollapse {
  /** Scatter of a class relative to the scatter between classes: tr(Sw_c pinv(Sb)). */
  swInvSb: Float64Array<ArrayBuffer>;
  /** Mean and largest deviation from the even spread -1/(C-1) of cosines between centred class means. */
  cosMAll: Float64Array<ArrayBuffer>;
  cosMNearest: Float64Array<ArrayBuffer>;
  /** The same between the classifier's rows. */
  cosWAll: Float64Array<ArrayBuffer>;
  cosWNearest: Float64Array<ArrayBuffer>;
  /** Between-class covariance [dim, dim] and its pseudo-inverse. */
  sb: Float64Array<ArrayBuffer>;
  sbPinv: Float64Array<ArrayBuffer>;
}

/**
 * Neural-collapse metrics per class. Classes without samples are left out of the class means.
 * Throws TypeError when sizes do not fit, RangeError for a label outside the classes, for a feature that is not finite,
 * or when fewer than two classes have samples.
 */
export function neuralCollapse(input: CollapseInput): NeuralCollapse {
  const { features, targets, head, classes, dim } = input;
  if (features.length !== targets.length * dim || head.length !== classes * dim) {
    throw new TypeError(
      `Features of ${features.length} and a head of ${head.length} values do not go with ` +
        `${targets.length} samples, ${classes} classes and ${dim} dimensions`,
    );
  }
  const { means, counts } = classMeans(input);
  const present = Array.from(counts.keys()).filter((c) => counts[c] > 0);
  if (present.length < 2) {
    throw new RangeError("Neural collapse needs samples of two or more classes");
  }

  const centred = centreMeans(means, present, dim);
  const sb = new Float64Array(dim * dim);
  for (const c of present) addOuter(sb, centred.subarray(c * dim, (c + 1) * dim), 1 / present.length);
  const sbPinv = pseudoInverse(sb, dim);

  const all = Array.from({ length: classes }, (_, c) => c);
  const [cosMAll, cosMNearest] = coherence(centred, present, classes, dim);
  const [cosWAll, cosWNearest] = coherence(Float64Array.from(head), all, classes, dim);
  const swInvSb = withinClassScatter(input, means, counts, sbPinv);
  return { swInvSb, cosMAll, cosMNearest, cosWAll, cosWNearest, sb, sbPinv };
}

function classMeans({ features, targets, classes, dim }: CollapseInput) {
  const means = new Float64Array(classes * dim), counts = new Int32Array(classes);
  for (let i = 0; i < targets.length; i++) {
    const c = targets[i];
    if (!(Number.isInteger(c) && c >= 0 && c < classes)) {
      throw new RangeError(`The target of sample ${i} is ${c}, outside 0 .. ${classes - 1}`);
    }
    counts[c]++;
    for (let d = 0; d < dim; d++) means[c * dim + d] += features[i * dim + d];
  }
  for (let at = 0; at < means.length; at++) means[at] /= Math.max(1, counts[Math.floor(at / dim)]);
  return { means, counts };
}

/** Class means minus their unweighted mean, both over the present classes. */
function centreMeans(means: Float64Array, present: number[], dim: number): Float64Array {
  const centred = means.slice();
  for (let d = 0; d < dim; d++) {
    const mean = present.reduce((sum, c) => sum + means[c * dim + d], 0) / present.length;
    for (const c of present) centred[c * dim + d] -= mean;
  }
  return centred;
}

function addOuter(matrix: Float64Array, vector: Float64Array, factor: number): void {
  const n = vector.length;
  for (let i = 0; i < n; i++) {
    const scaled = factor * vector[i];
    for (let j = 0; j < n; j++) matrix[i * n + j] += scaled * vector[j];
  }
}

/** tr(Sw_c P) = sum over the class's samples of z^T P z / N, with z the sample minus its class mean, N all samples. */
function withinClassScatter(
  { features, targets, classes, dim }: CollapseInput,
  means: Float64Array,
  counts: Int32Array,
  inverse: Float64Array,
): Float64Array<ArrayBuffer> {
  const scatter = Float64Array.from({ length: classes }, (_, c) => counts[c] > 0 ? 0 : NaN);
  const z = new Float64Array(dim);
  for (let i = 0; i < targets.length; i++) {
    const c = targets[i];
    for (let d = 0; d < dim; d++) z[d] = features[i * dim + d] - means[c * dim + d];
    let form = 0;
    for (let a = 0; a < dim; a++) {
      let row = 0;
      for (let b = 0; b < dim; b++) row += inverse[a * dim + b] * z[b];
      form += z[a] * row;
    }
    scatter[c] += form / targets.length;
  }
  return scatter;
}

/** Mean and largest |cosine + 1/(C-1)| between a row and the other rows named in `members`; NaN for all others. */
function coherence(rows: Float64Array, members: number[], classes: number, dim: number) {
  const mean = new Float64Array(classes).fill(NaN), largest = mean.slice();
  const even = 1 / (members.length - 1);
  const row = (c: number) => rows.subarray(c * dim, (c + 1) * dim);
  const length = (v: Float64Array) => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
  const unit = members.map((c) => row(c).map((x, _, v) => x / length(v)));
  members.forEach((c, a) => {
    let sum = 0, max = 0;
    members.forEach((_, b) => {
      if (a === b) return;
      let cosine = 0;
      for (let d = 0; d < dim; d++) cosine += unit[a][d] * unit[b][d];
      const deviation = Math.abs(cosine + even);
      sum += deviation;
      max = Math.max(max, deviation);
    });
    mean[c] = sum * even;
    largest[c] = max;
  });
  return [mean, largest];
}
