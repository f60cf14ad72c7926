/**
 * The class of an image that was found by its text: that of the most similar caption of ImageNet-Captions. The
 * reference (assign_wnid_by_sim_laionet) keeps the last similarity when a class meets an image twice; here it is the
 * largest.
 */

/** Matches of images and captions, by rows. */
export interface Matches {
  readonly ids: ArrayLike<number>;
  readonly labels: ArrayLike<number>;
  readonly similarity: ArrayLike<number>;
}

/** The label of the largest similarity for each id; of two equal ones that of the match that stands first. */
export function mostSimilarLabels({ ids, labels, similarity }: Matches): Map<number, number> {
  const best = new Map<number, number>();
  for (let i = 0; i < ids.length; i++) {
    const before = best.get(ids[i]);
    if (before === undefined || similarity[i] > similarity[before]) best.set(ids[i], i);
  }
  for (const [id, i] of best) best.set(id, labels[i]);
  return best;
}
