// The arms of the study as data: what each trains and on which captions, and the sub-vocabulary that suits a number of
// classes. All have the same image tower and see equally many images.

import type { ArmAbout } from "../../data_utils/mod.ts";

interface ArmOf<Family extends "sl" | "clip"> {
  /** Short name, in file names and tables. */
  readonly name: string;
  readonly title: string;
  readonly family: Family;
  /** Trained on as many images of each class: a control. */
  readonly balanced?: true;
  /** Only where images have captions of their own. */
  readonly needsCaptions?: true;
}

/** A supervised arm. */
export interface SupArm extends ArmOf<"sl"> {
  /** Classes scored at each step: all, or a sub-vocabulary topped up by frequency or evenly. */
  readonly vocabulary?: "linear" | "uniform";
  /** Add the logarithm of the class's share to its logit in training (Menon et al. 2021). */
  readonly adjusted?: true;
  /** The classifier's rows are the text embeddings of the CLIP of the same seed and stay so. */
  readonly frozenHead?: true;
}

/** A contrastive arm. */
export interface ClipArm extends ArmOf<"clip"> {
  readonly captions: "templates" | "own" | "mix";
  /** What counts once in the loss where several images of a batch share it. */
  readonly countOnce?: "caption" | "class";
}

/** One way of training, compared with the others on the same images. */
export type Arm = SupArm | ClipArm;

/** In the order of tables and figures. */
export const arms: readonly Arm[] = [
  { name: "sl_full", title: "SL, full vocabulary", family: "sl" },
  { name: "sl_sub", title: "SL, frequency-weighted sub-vocabulary", family: "sl", vocabulary: "linear" },
  { name: "sl_sub_uniform", title: "SL, uniform sub-vocabulary", family: "sl", vocabulary: "uniform" },
  { name: "sl_adjusted", title: "SL, logit adjustment", family: "sl", adjusted: true },
  { name: "sl_frozen", title: "SL, frozen text head from CLIP", family: "sl", frozenHead: true },
  { name: "clip_templates", title: "CLIP, template captions", family: "clip", captions: "templates" },
  {
    name: "clip_once",
    title: "CLIP, template captions, repeated ones counted once",
    family: "clip",
    captions: "templates",
    countOnce: "caption",
  },
  {
    name: "clip_class_once",
    title: "CLIP, template captions, each class counted once",
    family: "clip",
    captions: "templates",
    countOnce: "class",
  },
  {
    name: "clip_rich",
    title: "CLIP, rich captions",
    family: "clip",
    captions: "own",
    needsCaptions: true,
  },
  {
    name: "clip_mix",
    title: "CLIP, template and rich captions mixed",
    family: "clip",
    captions: "mix",
    needsCaptions: true,
  },
  { name: "sl_balanced", title: "SL, balanced images", family: "sl", balanced: true },
  {
    name: "clip_balanced",
    title: "CLIP, template captions, balanced images",
    family: "clip",
    captions: "templates",
    balanced: true,
  },
];

/** The arm that is not trained: SL as it was when it had CLIP's accuracy. */
export const matchedArm = { name: "sl_matched", title: "SL, stopped at CLIP's accuracy" } as const;

/** Arms of the default study. */
export const defaultArms = ["sl_full", "sl_sub", "clip_templates", "clip_rich"] as const;

/** Arms of a first look. */
export const quickArms = ["sl_full", "clip_templates"] as const;

/** The arm of a name. Throws RangeError for an unknown one. */
export function armNamed(name: string): Arm {
  const arm = arms.find((a) => a.name === name);
  if (!arm) throw new RangeError(`Unknown arm ${name}: use ${arms.map((a) => a.name).join(", ")}`);
  return arm;
}

/** Whose text embeddings a frozen head is made of, among the arms of a study. Throws RangeError where there is none. */
export function headSource(names: readonly string[]): string {
  const source = ["clip_rich", "clip_templates"].find((name) => names.includes(name));
  if (source) return source;
  throw new RangeError(
    "sl_frozen takes its head from clip_rich or clip_templates: add one of them to --arms",
  );
}

/** What figures and tables say of the arms of a study, the derived one after the SL that it comes from. */
export function legendOf(names: readonly string[]): ArmAbout[] {
  return names.flatMap((name) => {
    const { title, family, balanced = false } = armNamed(name);
    const own: ArmAbout = { arm: name, title, family, balanced };
    const matched = name === "sl_full" && names.includes("clip_templates");
    return matched
      ? [own, { arm: matchedArm.name, title: matchedArm.title, family, balanced: false }]
      : [own];
  });
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
