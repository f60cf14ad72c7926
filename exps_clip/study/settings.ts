// What a study is asked for: its flags, and the settings that they come to. The settings are stored in the study's
// folder; a study goes on only with the same ones.

import {
  configDifferences,
  type FlagTable,
  type FlagValues,
  WORLD_TEMPLATES,
  writeJsonAtomically,
} from "../../data_utils/mod.ts";
import { armNamed, arms } from "./arms.ts";

/** Flags of the study. */
export const studyFlags = {
  out: {
    kind: "text",
    value: "DIR",
    help: "the study's folder (default runs/study; with --quick runs/study-quick)",
  },
  quick: { kind: "switch", help: "one seed and fewer images: a first look" },
  seeds: { kind: "whole", least: 1, most: 1000, help: "seeds per arm (default 3; with --quick 1)" },
  law: {
    kind: "text",
    default: "ratio:10",
    help:
      "imbalance of the training images: ratio:R (most frequent class over rarest), zipf:S, uniform, or a file of " +
      "lines name<TAB>count",
  },
  train: {
    kind: "texts",
    value: "GLOB",
    help: "training images in place of the built-in world: shards, TSV or folder",
  },
  val: { kind: "texts", value: "GLOB", help: "test images, with --train" },
  classes: { kind: "text", value: "FILE", help: "names of the classes, one a line, with --train" },
  size: {
    kind: "whole",
    least: 32,
    most: 128,
    help: "side of the images, with --train (default: theirs, at most 64)",
  },
  images: {
    kind: "whole",
    least: 1,
    help: "different training images, at most (default 20000; with --quick 4000)",
  },
  seen: {
    kind: "whole",
    least: 1,
    help: "images that each run sees in all (default 40000; with --quick 8000)",
  },
  "test-per-class": {
    kind: "whole",
    least: 1,
    help: "test images of each class (default 50; with --quick 25; with --train all)",
  },
  arms: {
    kind: "text",
    help: "arms to train, separated by commas",
    default: arms.map((arm) => arm.name).join(","),
  },
  "batch-size": { kind: "whole", least: 2, short: "b", default: 64, help: "images to a step" },
  bpe: { kind: "text", value: "FILE", help: "CLIP's byte pairs in place of a vocabulary of words" },
  jobs: { kind: "whole", least: 1, most: 64, help: "runs at a time (default 2, or 1 on a single core)" },
  "save-every": {
    kind: "number",
    least: 0,
    default: 15,
    help: "seconds between the checkpoints of a run, at least",
  },
  only: {
    kind: "text",
    value: "ARM:SEED",
    help: "train one run in this process, with progress as lines of JSON on standard output",
  },
  json: { kind: "switch", help: "the report as JSON on standard output instead of the table" },
  help: { kind: "switch", help: "this text" },
} as const satisfies FlagTable;

/** Where the images come from. */
export type DataSettings =
  | { readonly kind: "world"; readonly classes: number; readonly testPerClass: number }
  | {
    readonly kind: "files";
    readonly train: readonly string[];
    readonly val: readonly string[];
    readonly classes: string;
    readonly size: number | null;
    readonly testPerClass: number | null;
  };

/** All that decides a study's numbers. */
export interface StudySettings {
  readonly arms: readonly string[];
  readonly seeds: number;
  readonly data: DataSettings;
  readonly law: string;
  readonly images: number;
  readonly batchSize: number;
  readonly steps: number;
  /** Prompts of template captions and of zero-shot classification. */
  readonly templates: readonly string[];
  readonly bpe: string | null;
}

/** The settings that flags come to. Throws RangeError for flags that do not go together. */
export function studySettings(flags: FlagValues<typeof studyFlags>): StudySettings {
  const { quick, train, val, classes, law } = flags, batchSize = flags["batch-size"];
  const names = flags.arms.split(",").map((name) => armNamed(name.trim()).name);
  if (new Set(names).size < names.length) throw new RangeError(`--arms ${flags.arms} names an arm twice`);
  const ownData = train.length > 0;
  if (ownData !== val.length > 0 || ownData !== (classes !== undefined)) {
    throw new RangeError("--train, --val and --classes go together");
  }
  if (!ownData && flags.size !== undefined) {
    throw new RangeError("--size goes with --train: the world has 32 pixels");
  }
  const testPerClass = flags["test-per-class"];
  const seen = flags.seen ?? (quick ? 8000 : 40_000), steps = Math.round(seen / batchSize);
  if (steps < 1) throw new RangeError(`--seen ${seen} is less than one batch of ${batchSize}`);
  return {
    arms: names,
    seeds: flags.seeds ?? (quick ? 1 : 3),
    data: ownData
      ? {
        kind: "files",
        train,
        val,
        classes: classes!,
        size: flags.size ?? null,
        testPerClass: testPerClass ?? null,
      }
      : { kind: "world", classes: 64, testPerClass: testPerClass ?? (quick ? 25 : 50) },
    law,
    images: flags.images ?? (quick ? 4000 : 20_000),
    batchSize,
    steps,
    templates: WORLD_TEMPLATES,
    bpe: flags.bpe ?? null,
  };
}

/** The study's folder. */
export function studyFolder(flags: FlagValues<typeof studyFlags>): string {
  return flags.out ?? (flags.quick ? "runs/study-quick" : "runs/study");
}

const settingsFile = "study.json";

/**
 * Stores the settings in the study's folder, or compares them with those that are there.
 * Throws RangeError naming what differs, SyntaxError when the file is damaged.
 */
export async function agreeOnSettings(dir: string, settings: StudySettings): Promise<void> {
  const path = `${dir}/${settingsFile}`;
  await Deno.mkdir(dir, { recursive: true });
  let stored: unknown;
  try {
    stored = JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new SyntaxError(`${path} is not JSON: remove the folder or choose another`);
    }
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return await writeJsonAtomically(path, settings);
  }
  const differences = configDifferences(stored, JSON.parse(JSON.stringify(settings)));
  if (differences.length === 0) return;
  throw new RangeError(
    `${dir} holds a study with other settings (${
      differences.slice(0, 3).join("; ")
    }): choose another --out or remove it`,
  );
}

/** One run of a study. */
export interface RunName {
  readonly arm: string;
  readonly seed: number;
}

/** All runs, seed by seed, so that an early look has every arm; within a seed the longest first. */
export function allRuns({ arms: names, seeds }: Pick<StudySettings, "arms" | "seeds">): RunName[] {
  const longestFirst = [...names].sort((a, b) => cost(b) - cost(a));
  return Array.from({ length: seeds }, (_, seed) => longestFirst.map((arm) => ({ arm, seed }))).flat();
}

const cost = (name: string) => armNamed(name).recipe === "clip" ? 2 : 1;

/** A run's folder within the study's. */
export function runFolder({ arm, seed }: RunName): string {
  return `${arm}-seed${seed}`;
}

/** Reads `ARM:SEED`. Throws RangeError for anything that is no run of the study. */
export function parseRun(text: string, settings: Pick<StudySettings, "arms" | "seeds">): RunName {
  const run = allRuns(settings).find(({ arm, seed }) => `${arm}:${seed}` === text);
  if (run) return run;
  throw new RangeError(`--only ${text} is none of the study's runs, such as ${settings.arms[0]}:0`);
}
