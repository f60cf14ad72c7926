// How the study sees a way of training: a function from a run to its result. The program hands in the supervised and
// the contrastive one, since the experiment folders do not know each other.

import type { ImageSource, RunResult, TrainingReport } from "../../data_utils/mod.ts";
import type { CaptionOf } from "../captions.ts";
import type { ClipArm, SupArm } from "./arms.ts";
import type { StudySettings } from "./settings.ts";

/** One run: an arm under a law and a seed. */
export interface StudyRun<Arm> {
  readonly arm: Arm;
  readonly seed: number;
  /** The run's folder. */
  readonly dir: string;
  readonly settings: StudySettings;
  readonly train: ImageSource;
  readonly test: ImageSource;
  /** Images of each class under the study's law, also where the run trains on balanced ones. */
  readonly frequencies: number[];
  readonly law: string;
  /** Captions that describe the training images; null where there are none. */
  readonly described: CaptionOf | null;
  /** Folder of the run whose text embeddings make the frozen head. */
  readonly headFrom: string | null;
  /** Seconds between checkpoints, at least. */
  readonly saveEvery: number;
  readonly onReport: (report: TrainingReport) => void;
  readonly signal: AbortSignal;
}

/** Trains and evaluates a run, or goes on with it. */
export type Recipe<Arm> = (run: StudyRun<Arm>) => Promise<RunResult>;

/** One per family of arms. */
export interface Recipes {
  readonly sl: Recipe<SupArm>;
  readonly clip: Recipe<ClipArm>;
}
