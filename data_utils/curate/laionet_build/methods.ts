/** How the tables of LAIONet are called: a prefix for each way of choosing rows, as the reference has them. */
export const METHOD_PREFIXES = {
  substring_matched: "subset_sm_",
  substring_matched_filtered: "subset_sm_filt_",
  substring_matched_clear_photo_filtered: "subset_sm_clear_photo_filt_",
  substring_matched_filtered_most_similar_images: "subset_sm_filt_most_sim_imgimg_",
  ilsvrc_val_most_similar_images: "subset_val_most_sim_imgimg_",
  imagenet_captions_most_similar_text_to_texts: "subset_ic_most_sim_txttxt_",
  imagenet_captions_most_similar_text_to_texts_with_similar_labels: "subset_ic_most_sim_txttxt_sim_labels_",
  queried: "subset_queried_",
} as const;

export type Method = keyof typeof METHOD_PREFIXES;

/** The names of all methods, for a flag. */
export const METHODS = Object.keys(METHOD_PREFIXES) as Method[];

/**
 * The part of a table's name that its labels' names give it: `top50_` of `..._top50.json`, `thresh0.7_` of
 * `..._smthresh0.7.json`, nothing where they say nothing or differ.
 */
export function markOf(labelFiles: readonly string[]): string {
  const marks = new Set(labelFiles.map((path) => {
    return /_(?:sm)?(thresh-?[\d.e-]*\d|top\d+)/.exec(path.slice(path.lastIndexOf("/") + 1))?.[1] ?? "";
  }));
  const [mark] = marks;
  return marks.size === 1 && mark !== "" ? `${mark}_` : "";
}
