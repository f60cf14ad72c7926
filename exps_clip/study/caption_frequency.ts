// Frequency by captions: how often the captions that a run trains on mention each class, beside the number of images that
// are labelled with it. CLIP sees no labels, so this is the frequency it meets. The program counts (the rule is
// concept_freq's) before a run trains; here is where the counts lie and what the report makes of them.

import {
  type CaptionFrequency,
  frequencyCorrelation,
  parseClassCounts,
  type ReportedRun,
} from "../../data_utils/mod.ts";

/** Folder of the counts in the study's folder: tables in the reference's format, for `freq stats` and `freq compare`. */
export const freqsFolder = "freqs";

/** The name that tables give to the set of a study's classes. */
export const classSetName = "classes";

/** The table of a run, in the order of the classes. */
export function captionTable(dir: string, runFolder: string): string {
  return `${dir}/${freqsFolder}/class_frequency_${runFolder}_${classSetName}_ori.txt`;
}

/** Reads a run's counts; null where there are none. Throws SyntaxError for a damaged table. */
export async function readCaptionCounts(
  dir: string,
  runFolder: string,
  classNames: readonly string[],
): Promise<number[] | null> {
  const path = captionTable(dir, runFolder);
  try {
    return parseClassCounts(await Deno.readTextFile(path), path, classNames);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Counts beside a run's labels, accuracy and predictions; every training image has one caption. */
export function captionFrequency(
  counts: readonly number[],
  { per_class }: Pick<ReportedRun, "per_class">,
): CaptionFrequency {
  const rho = (values: readonly number[]) => frequencyCorrelation(counts, values).rho;
  return {
    captions: per_class.reduce((sum, { freq }) => sum + freq, 0),
    per_class: counts,
    rho_labels: rho(per_class.map(({ freq }) => freq)),
    rho_acc: rho(per_class.map(({ acc }) => acc ?? NaN)),
    rho_pred: rho(per_class.map(({ pred }) => pred)),
  };
}
