// The images of a study. Each seed has its own training set (which class has which rank, and which images are taken, are
// drawn from it); it is rendered or decoded once, and lies in the study's folder until the runs of the seed are done.

import {
  classCounts,
  expandFiles,
  generateWorldSet,
  type ImageSet,
  type ImageSource,
  loadImages,
  makeWorld,
  memorySource,
  openSamples,
  parseLaw,
  readClassNames,
  readImageSet,
  type Sample,
  selectSamples,
  type SkipTally,
  skipTally,
  suitableSize,
  worldCounts,
  writeImageSet,
} from "../../data_utils/mod.ts";
import type { StudySettings } from "./settings.ts";

/** What the runs of one seed train on and are tested with. */
export interface StudyData {
  readonly train: ImageSource;
  readonly test: ImageSource;
  /** Training images of each class. */
  readonly frequencies: number[];
}

export interface PrepareOptions {
  readonly onProgress?: (text: string) => void;
  readonly signal?: AbortSignal;
}

type Part = "train" | "test";

/** Sets of a study, made when first asked for. */
export interface DataMaker {
  /** Makes the sets of a seed where they are not there yet. */
  prepare(seed: number): Promise<void>;
}

const dataFolder = "data";
const fileOf = (dir: string, part: Part, seed: number) =>
  `${dir}/${dataFolder}/${part}-seed${seed}.safetensors`;

/** Opens the sets of a seed. Throws Deno.errors.NotFound before they are made. */
export async function openStudyData(dir: string, seed: number): Promise<StudyData> {
  const [train, test] = await Promise.all(
    (["train", "test"] as const).map(async (part) =>
      memorySource(await readImageSet(fileOf(dir, part, seed)))
    ),
  );
  return { train, test, frequencies: Array.from(classCounts(train)) };
}

/** Removes all sets; whatever runs are still to come make them again. */
export async function removeStudyData(dir: string): Promise<void> {
  await Deno.remove(`${dir}/${dataFolder}`, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/** Looks at law, class names and file patterns, so that a slip shows before anything is made. Throws as their readers. */
export async function checkDataSettings({ data, law }: StudySettings): Promise<void> {
  if (data.kind === "world") return void parseLaw(law, makeWorld({ classes: data.classes }).classNames);
  parseLaw(law, await readClassNames(data.classes));
  for (const source of [...data.train, ...data.val]) {
    const isFolder = await Deno.stat(source).then((info) => info.isDirectory, () => false);
    if (!isFolder) expandFiles(source);
  }
}

/** Makes sets for the study in `dir`. Nothing is read before the first seed is asked for. */
export function dataMaker(dir: string, settings: StudySettings, options: PrepareOptions = {}): DataMaker {
  const make = settings.data.kind === "world" ? worldSets(settings, options) : fileSets(settings, options);
  const made = new Map<number, Promise<void>>();
  const exists = (path: string) => Deno.stat(path).then(() => true, () => false);
  const prepare = async (seed: number) => {
    const wanted: Part[] = [];
    for (const part of ["train", "test"] as const) {
      if (!await exists(fileOf(dir, part, seed))) wanted.push(part);
    }
    await Deno.mkdir(`${dir}/${dataFolder}`, { recursive: true });
    for (const part of wanted) await writeImageSet(fileOf(dir, part, seed), await make(part, seed));
  };
  return {
    prepare(seed) {
      if (!made.has(seed)) made.set(seed, prepare(seed));
      return made.get(seed)!;
    },
  };
}

type Make = (part: Part, seed: number) => Promise<ImageSet>;

function worldSets(settings: StudySettings, { onProgress, signal }: PrepareOptions): Make {
  const { data, law, images } = settings;
  if (data.kind !== "world") throw new TypeError("The study is not of the world");
  const world = makeWorld({ classes: data.classes }), parsed = parseLaw(law, world.classNames);
  return async (split, seed) => {
    const counts = split === "train"
      ? worldCounts(world, { law: parsed, images, seed })
      : new Int32Array(data.classes).fill(data.testPerClass);
    let set: ImageSet | undefined;
    for await (const state of generateWorldSet({ world, counts, seed, split })) {
      signal?.throwIfAborted();
      onProgress?.(`rendering ${split} images of seed ${seed}: ${state.done} of ${state.total}`);
      set = state.set;
    }
    return set!;
  };
}

function fileSets(settings: StudySettings, { onProgress, signal }: PrepareOptions): Make {
  const { data, law, images } = settings;
  if (data.kind !== "files") throw new TypeError("The study is not of files");
  const read = async (part: Part) => {
    const classNames = await readClassNames(data.classes), skips = skipTally();
    const source = part === "train" ? data.train : data.val, samples: Sample[] = [];
    for await (const sample of openSamples(source, { classNames, skips, placesOnly: true, signal })) {
      samples.push(sample);
      if (samples.length % 1000 === 0) onProgress?.(`reading ${part} images: ${samples.length}`);
    }
    if (samples.length === 0) {
      throw new RangeError(`No usable sample in ${source.join(" ")}: ${reasons(skips)}`);
    }
    return { classNames, samples, skips };
  };
  const found: Partial<Record<Part, ReturnType<typeof read>>> = {};
  let size: Promise<number> | undefined;
  return async (part, seed) => {
    const { classNames, samples, skips } = await (found[part] ??= read(part));
    size ??= (found.train ??= read("train")).then((train) => data.size ?? suitableSize(train.samples, 64));
    const selection = part === "train"
      ? { law: parseLaw(law, classNames), most: images, seed }
      : { perClass: data.testPerClass ?? samples.length, seed: 0 };
    const chosen = selectSamples(samples, selection, classNames.length), own = copyOf(skips);
    const report = ({ done }: { done: number }) =>
      onProgress?.(`decoding ${part} images of seed ${seed}: ${done} of ${chosen.length}`);
    return await loadImages(chosen, own, { classNames, size: await size, onProgress: report, signal });
  };
}

const reasons = (skips: SkipTally) =>
  skips.list().map(({ reason, count }) => `${count} ${reason}`).join(", ") || "there is none";

/** A tally that begins where another stands. */
function copyOf(skips: SkipTally): SkipTally {
  const copy = skipTally();
  for (const { reason, count, example } of skips.list()) {
    for (let i = 0; i < count; i++) copy.add(reason, example);
  }
  return copy;
}
