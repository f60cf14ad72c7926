/**
 * Effective robustness (Taori et al. 2020): how much better a model does under a distribution shift than models of its
 * accuracy usually do. "Usually" is a line through baseline models after both accuracies went through the logit.
 */

/** The baseline's line in logit space and how well it fits. */
export interface RobustnessFit {
  slope: number;
  intercept: number;
  r2: number;
}

function logit(accuracy: number): number {
  if (!(accuracy > 0 && accuracy < 1)) {
    throw new RangeError(`An accuracy must lie strictly between 0 and 1, got ${accuracy}`);
  }
  return Math.log(accuracy / (1 - accuracy));
}

const mean = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

/**
 * Least-squares line from in-distribution to shifted accuracy of baseline models, both as fractions.
 * Throws TypeError for lists of different length or fewer than two models, RangeError for accuracies of 0 or 1.
 */
export function fitRobustness(inDistribution: ArrayLike<number>, shifted: ArrayLike<number>): RobustnessFit {
  if (inDistribution.length !== shifted.length || shifted.length < 2) {
    throw new TypeError(
      `A line needs two or more models with both accuracies, got ${inDistribution.length} and ${shifted.length}`,
    );
  }
  const x = Array.from(inDistribution, logit), y = Array.from(shifted, logit);
  const [mx, my] = [mean(x), mean(y)];
  const sum = (term: (dx: number, dy: number) => number) =>
    x.reduce((total, _, i) => total + term(x[i] - mx, y[i] - my), 0);
  const sxx = sum((dx) => dx * dx), sxy = sum((dx, dy) => dx * dy), syy = sum((_, dy) => dy * dy);
  if (sxx === 0) throw new RangeError("All baseline models have the same in-distribution accuracy");
  const slope = sxy / sxx;
  return { slope, intercept: my - slope * mx, r2: sxy * sxy / (sxx * syy) };
}

/** Shifted accuracy minus what the line expects at a model's in-distribution accuracy; all fractions. */
export function effectiveRobustness(fit: RobustnessFit, inDistribution: number, shifted: number): number {
  return shifted - 1 / (1 + Math.exp(-(fit.slope * logit(inDistribution) + fit.intercept)));
}
