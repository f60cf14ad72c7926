// What a study is asked for: its flags, and the settings that they come to. The settings are stored in the study's
// folder; a study goes on only with the same ones.

import {
  configDifferences,
  type FlagTable,
  type FlagValues,
  WORLD_TEMPLATES,
  writeJsonAtomically,
} from "../../data_utils/mod.ts";
import { armNamed, arms, defaultArms, headSource, quickArms } from "./arms.ts";

/** Imbalance of the two presets: the most frequent class has 10 or 50 times the images of the rarest. */
const presetLaws = { mild: "ratio:10", strong: "ratio:50" } as const;

/** Flags of the study. */
export const studyFlags = {
  out: {
    kind: "text",
    value: "DIR",
    help:
      "the study's folder (default runs/study; with --quick runs/study-quick, with --full runs/study-full)",
  },
  quick: {
    kind: "switch",
    help: "SL and CLIP on templates, one seed, fewer images: a first look, no verdicts",
  },
  full: { kind: "switch", help: "every arm, both presets, three seeds" },
  preset: {
    kind: "text",
    choices: Object.keys(presetLaws),
    help: "how unbalanced: mild is --law ratio:10 (default), strong is ratio:50",
  },
  law: {
    kind: "text",
    help:
      "imbalance of the training images, in place of a preset: ratio:R (most frequent class over rarest), zipf:S, " +
      "uniform, or a file of lines name<TAB>count",
  },
  seeds: {
    kind: "whole",
    least: 1,
    most: 1000,
    help: "seeds per arm (default 2; with --quick 1, with --full 3)",
  },
  scale: {
    kind: "whole",
    least: 1,
    most: 64,
    default: 1,
    help: "larger, for a GPU: N times the images and the steps, towers sqrt(N) times as wide",
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
    help: `arms to train, separated by commas: ${arms.map((arm) => arm.name).join(", ")} ` +
      `(default ${defaultArms.join(",")})`,
  },
  evaluations: {
    kind: "whole",
    least: 1,
    most: 1000,
    help: "evaluations of each run, the last at its end (default 12; with --quick 4)",
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
  "report-to": {
    kind: "text",
    help: "write each run's metrics also as csv, tensorboard, or both, separated by a comma",
  },
  only: {
    kind: "text",
    value: "RUN",
    help:
      "train one run (the name of its folder) in this process, with progress as lines of JSON on standard output",
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
  readonly laws: readonly string[];
  readonly images: number;
  readonly batchSize: number;
  readonly steps: number;
  /** Evaluations of each run, the last at its end. */
  readonly evaluations: number;
  /** Factor of images and steps, whose square root is that of the towers' width. */
  readonly scale: number;
  /** Prompts of template captions and of zero-shot classification. */
  readonly templates: readonly string[];
  readonly bpe: string | null;
}

type Flags = FlagValues<typeof studyFlags>;

/**
 * The settings that flags come to; `described` says whether the images have captions of their own, without which the
 * arms that need them fall away. Throws RangeError for flags that do not go together.
 */
export function studySettings(flags: Flags, { described }: { described: boolean }): StudySettings {
  const { quick, full, scale } = flags, batchSize = flags["batch-size"];
  if (quick && full) throw new RangeError("--quick and --full do not go together");
  const seen = (flags.seen ?? (quick ? 8000 : 40_000)) * scale, steps = Math.round(seen / batchSize);
  if (steps < 1) throw new RangeError(`--seen ${seen} is less than one batch of ${batchSize}`);
  return {
    arms: armsOf(flags, described),
    seeds: flags.seeds ?? (quick ? 1 : full ? 3 : 2),
    data: dataOf(flags),
    laws: lawsOf(flags),
    images: (flags.images ?? (quick ? 4000 : 20_000)) * scale,
    batchSize,
    steps,
    evaluations: Math.min(steps, flags.evaluations ?? (quick ? 4 : 12)),
    scale,
    templates: WORLD_TEMPLATES,
    bpe: flags.bpe ?? null,
  };
}

function armsOf({ arms: chosen, quick, full }: Flags, described: boolean): string[] {
  const named = chosen?.split(",").map((name) => armNamed(name.trim())) ??
    (full ? arms : (quick ? quickArms : defaultArms).map(armNamed)).filter((arm) =>
      described || !arm.needsCaptions
    );
  const names = named.map(({ name }) => name);
  if (new Set(names).size < names.length) throw new RangeError(`--arms ${chosen} names an arm twice`);
  const mute = named.find((arm) => arm.needsCaptions && !described);
  if (mute) {
    throw new RangeError(
      `--arms ${mute.name} needs captions, and those of --train only repeat the class names: leave it out`,
    );
  }
  if (names.includes("sl_frozen")) headSource(names);
  return arms.filter(({ name }) => names.includes(name)).map(({ name }) => name);
}

function lawsOf({ law, preset, full }: Flags): string[] {
  if (law !== undefined && preset !== undefined) {
    throw new RangeError(
      `--preset ${preset} stands for --law ${presetLaws[preset as "mild"]}: give one of them`,
    );
  }
  if (law !== undefined) return [law];
  if (preset !== undefined) return [presetLaws[preset as keyof typeof presetLaws]];
  return full ? Object.values(presetLaws) : [presetLaws.mild];
}

function dataOf(flags: Flags): DataSettings {
  const { train, val, classes, quick } = flags, ownData = train.length > 0;
  if (ownData !== val.length > 0 || ownData !== (classes !== undefined)) {
    throw new RangeError("--train, --val and --classes go together");
  }
  const testPerClass = flags["test-per-class"];
  if (ownData) {
    const size = flags.size ?? null;
    return { kind: "files", train, val, classes: classes!, size, testPerClass: testPerClass ?? null };
  }
  if (flags.size !== undefined) throw new RangeError("--size goes with --train: the world has 32 pixels");
  return { kind: "world", classes: 64, testPerClass: testPerClass ?? (quick ? 25 : 50) };
}

/** The study's folder. */
export function studyFolder(flags: Flags): string {
  return flags.out ?? `runs/study${flags.quick ? "-quick" : flags.full ? "-full" : ""}`;
}

/** Name of the file in the study's folder. */
export const settingsFile = "study.json";

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
  readonly law: string;
  readonly seed: number;
}

/** All runs, seed by seed, so that an early look has every arm; within a seed the longest first. */
export function allRuns(
  { arms: names, laws, seeds }: Pick<StudySettings, "arms" | "laws" | "seeds">,
): RunName[] {
  const longestFirst = [...names].sort((a, b) => cost(b) - cost(a));
  return Array.from(
    { length: seeds },
    (_, seed) => laws.flatMap((law) => longestFirst.map((arm) => ({ arm, law, seed }))),
  ).flat();
}

/** What waits for other runs comes last. */
const cost = (name: string) => {
  const arm = armNamed(name);
  return arm.family === "clip" ? 2 : arm.frozenHead ? 0 : 1;
};

/** Runs that must be finished before one begins: a frozen head comes from a CLIP. */
export function runsBefore(
  { arm: name, law, seed }: RunName,
  { arms: names }: Pick<StudySettings, "arms">,
): RunName[] {
  const arm = armNamed(name);
  return arm.family === "sl" && arm.frozenHead ? [{ arm: headSource(names), law, seed }] : [];
}

/** A law in file names: "ratio10", "zipf1.0", or the name of its file. */
export function lawSlug(law: string): string {
  const name = law.split(/[/\\]/).at(-1)!.replace(/\.(txt|tsv)$/, "");
  return name.replace(/[^A-Za-z0-9._]+/g, "") || "law";
}

/** A run's folder within the study's. */
export function runFolder({ arm, law, seed }: RunName): string {
  return `${arm}-${lawSlug(law)}-seed${seed}`;
}

/** The run of a folder's name. Throws RangeError for anything that is no run of the study. */
export function parseRun(text: string, settings: Pick<StudySettings, "arms" | "laws" | "seeds">): RunName {
  const runs = allRuns(settings), run = runs.find((each) => runFolder(each) === text);
  if (run) return run;
  throw new RangeError(`--only ${text} is none of the study's runs, such as ${runFolder(runs[0])}`);
}
