// The arms of the study as data: what each trains, and the sub-vocabulary that suits a number of classes.

/** One way of training, compared with the others on the same images. */
export interface Arm {
  /** Short name, in file names and tables. */
  readonly name: string;
  readonly title: string;
  /** Which recipe trains it: supervised, or contrastive. */
  readonly recipe: "sl" | "clip";
  /** Supervised: score all classes at each step, or a part of them. */
  readonly vocabulary?: "full" | "sub";
}

export const arms: readonly Arm[] = [
  { name: "sl_full", title: "SL, full vocabulary", recipe: "sl", vocabulary: "full" },
  { name: "sl_sub", title: "SL, frequency-weighted sub-vocabulary", recipe: "sl", vocabulary: "sub" },
  { name: "clip", title: "CLIP, template captions", recipe: "clip" },
];

/** The arm of a name. Throws RangeError for an unknown one. */
export function armNamed(name: string): Arm {
  const arm = arms.find((a) => a.name === name);
  if (!arm) throw new RangeError(`Unknown arm ${name}: use ${arms.map((a) => a.name).join(", ")}`);
  return arm;
}

/**
 * Size of the sub-vocabulary, and into how many virtual processes a batch is split. A quarter of the classes and at most
 * 16; a process has about as many images, since the classes of its own images are always in its vocabulary.
 */
export function subVocabularyFor(classes: number, batchSize: number): { size: number; processes: number } {
  const size = Math.min(16, Math.max(2, Math.round(classes / 4)));
  let processes = Math.max(1, Math.floor(batchSize / size));
  while (batchSize % processes !== 0) processes--;
  return { size, processes };
}
