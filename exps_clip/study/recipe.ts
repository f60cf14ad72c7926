// How the study sees a way of training: a function from a run to its result. The program hands in the supervised and
// the contrastive one, since the experiment folders do not know each other.

import type { ImageSource, RunResult, TrainingReport } from "../../data_utils/mod.ts";
import type { Arm } from "./arms.ts";
import type { StudySettings } from "./settings.ts";

/** One run: an arm under a seed. */
export interface StudyRun {
  readonly arm: Arm;
  readonly seed: number;
  /** The run's folder. */
  readonly dir: string;
  readonly settings: StudySettings;
  readonly train: ImageSource;
  readonly test: ImageSource;
  /** Training images of each class. */
  readonly frequencies: number[];
  /** Seconds between checkpoints, at least. */
  readonly saveEvery: number;
  readonly onReport: (report: TrainingReport) => void;
  readonly signal: AbortSignal;
}

/** Trains and evaluates a run, or goes on with it. */
export type Recipe = (run: StudyRun) => Promise<RunResult>;

export type Recipes = Readonly<Record<Arm["recipe"], Recipe>>;
