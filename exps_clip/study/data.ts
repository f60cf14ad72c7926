// The images of a study. Each seed has its own sets (which class has which rank, and which images are taken, are drawn
// from it): one to train on for each law, a balanced one for the controls, and one to test with. They are rendered or
// decoded once, and lie in the study's folder until the runs of the seed are done.

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
  worldCaption,
  worldCounts,
  worldLaw,
  type WorldRecord,
  type WorldSet,
  writeImageSet,
  writeJsonAtomically,
} from "../../data_utils/mod.ts";
import { captionKind, type CaptionOf } from "../captions.ts";
import { armNamed } from "./arms.ts";
import { lawSlug, type RunName, type StudySettings } from "./settings.ts";

/** What a run trains on and is tested with. */
export interface StudyData {
  readonly train: ImageSource;
  readonly test: ImageSource;
  /** Images of each class under the run's law, also where the run itself trains on balanced ones. */
  readonly frequencies: number[];
  /** Captions that describe the training images, not only their classes; null where there are none. */
  readonly described: CaptionOf | null;
}

export interface PrepareOptions {
  readonly onProgress?: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** A set of a seed: images to train on under a law, or to test with. */
type Part = { readonly law: string } | "test";

/** Sets of a study, made when first asked for. */
export interface DataMaker {
  /** Makes the sets of a run where they are not there yet. */
  prepare(run: RunName): Promise<void>;
}

/**
 * Folder of the sets in the study's folder. It is removed with all that is in it, so it must be no name that a user would
 * take for something of theirs.
 */
export const dataFolder = ".beyond-tail-sets";

const balancedLaw = "uniform";
const partName = (part: Part) => part === "test" ? "test" : `train-${lawSlug(part.law)}`;
const fileOf = (dir: string, part: Part, seed: number) =>
  `${dir}/${dataFolder}/${partName(part)}-seed${seed}.safetensors`;
/** What the world's pictures of a set show, for their captions. */
const recordsOf = (setFile: string) => setFile.replace(/safetensors$/, "records.json");

/** The law under which a run's own images are drawn. */
const ownLaw = ({ arm, law }: RunName) => armNamed(arm).balanced ? balancedLaw : law;

function partsOf(run: RunName): Part[] {
  const laws = [...new Set([run.law, ownLaw(run)])];
  return [...laws.map((law) => ({ law })), "test"];
}

/** Opens the sets of a run. Throws Deno.errors.NotFound before they are made. */
export async function openStudyData(dir: string, run: RunName, { data }: StudySettings): Promise<StudyData> {
  const read = async (part: Part) => memorySource(await readImageSet(fileOf(dir, part, run.seed)));
  const own = ownLaw(run), [train, test] = await Promise.all([read({ law: own }), read("test")]);
  const counted = own === run.law ? train : await read({ law: run.law });
  const frequencies = Array.from(classCounts(counted));
  if (data.kind === "files") {
    const described: CaptionOf = (_, index) => train.captions?.[index] ?? "";
    return { train, test, frequencies, described: captionKind(train) === "own" ? described : null };
  }
  const file = recordsOf(fileOf(dir, { law: own }, run.seed));
  const records: WorldRecord[] = JSON.parse(await Deno.readTextFile(file));
  const place = { world: makeWorld({ classes: data.classes }), seed: run.seed, split: "train" } as const;
  const described: CaptionOf = (epoch, index) => worldCaption(place, index, records[index], "rich", epoch);
  return { train, test, frequencies, described };
}

/** Removes the sets of a seed, or all; whatever runs are still to come make them again. */
export async function removeStudyData(dir: string, seed?: number): Promise<void> {
  const folder = `${dir}/${dataFolder}`;
  try {
    if (seed === undefined) return await Deno.remove(folder, { recursive: true });
    for await (const { name } of Deno.readDir(folder)) {
      if (name.includes(`-seed${seed}.`)) await Deno.remove(`${folder}/${name}`);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * Whether images come with captions that say more than their class, from the first few hundred of them; those of the
 * world always do. Throws as the readers of class names and samples.
 */
export async function areDescribed(
  { train, classes }: { train: readonly string[]; classes?: string },
): Promise<boolean> {
  if (train.length === 0 || classes === undefined) return true;
  const classNames = await readClassNames(classes), samples: Sample[] = [];
  for await (const sample of openSamples(train, { classNames, skips: skipTally(), placesOnly: true })) {
    if (samples.push(sample) === 300) break;
  }
  return captionKind({
    captions: samples.map(({ caption }) => caption ?? ""),
    labels: Int32Array.from(samples, ({ label }) => label),
    classNames,
  }) === "own";
}

/** Looks at laws, class names and file patterns, so that a slip shows before anything is made. Throws as their readers. */
export async function checkDataSettings({ data, laws }: StudySettings): Promise<void> {
  const classNames = data.kind === "world"
    ? makeWorld({ classes: data.classes }).classNames
    : await readClassNames(data.classes);
  for (const law of laws) (data.kind === "world" ? worldLaw : parseLaw)(law, classNames);
  if (data.kind === "world") return;
  for (const source of [...data.train, ...data.val]) {
    const isFolder = await Deno.stat(source).then((info) => info.isDirectory, () => false);
    if (!isFolder) expandFiles(source);
  }
}

/** Makes sets for the study in `dir`. Nothing is read before the first run is prepared. */
export function dataMaker(dir: string, settings: StudySettings, options: PrepareOptions = {}): DataMaker {
  const make = settings.data.kind === "world" ? worldSets(settings, options) : fileSets(settings, options);
  const made = new Map<string, Promise<void>>();
  const exists = (path: string) => Deno.stat(path).then(() => true, () => false);
  const makePart = async (part: Part, seed: number, path: string) => {
    if (await exists(path)) return;
    await Deno.mkdir(`${dir}/${dataFolder}`, { recursive: true });
    const { set, records } = await make(part, seed);
    if (records) await writeJsonAtomically(recordsOf(path), records);
    await writeImageSet(path, set);
  };
  return {
    async prepare(run) {
      for (const part of partsOf(run)) {
        const path = fileOf(dir, part, run.seed);
        if (!made.has(path)) made.set(path, makePart(part, run.seed, path));
        await made.get(path)!;
      }
    },
  };
}

/** As many images as a law can have: a balanced one leaves no remainder. */
const evenly = (images: number, law: string, classes: number) =>
  law === balancedLaw ? Math.max(classes, images - images % classes) : images;

type Make = (part: Part, seed: number) => Promise<{ set: ImageSet; records?: readonly WorldRecord[] }>;

function worldSets(settings: StudySettings, { onProgress, signal }: PrepareOptions): Make {
  const { data, images } = settings;
  if (data.kind !== "world") throw new TypeError("The study is not of the world");
  const world = makeWorld({ classes: data.classes });
  return async (part, seed) => {
    const split = part === "test" ? "test" : "train";
    const counts = part === "test"
      ? new Int32Array(data.classes).fill(data.testPerClass)
      : worldCounts(world, {
        law: worldLaw(part.law, world.classNames),
        images: evenly(images, part.law, data.classes),
        seed,
      });
    let set: WorldSet | undefined;
    for await (const state of generateWorldSet({ world, counts, seed, split })) {
      signal?.throwIfAborted();
      onProgress?.(`rendering ${split} images of seed ${seed}: ${state.done} of ${state.total}`);
      set = state.set;
    }
    return { set: set!, records: split === "train" ? set!.records : undefined };
  };
}

function fileSets(settings: StudySettings, { onProgress, signal }: PrepareOptions): Make {
  const { data, laws, images } = settings;
  if (data.kind !== "files") throw new TypeError("The study is not of files");
  const read = async (split: "train" | "test") => {
    const classNames = await readClassNames(data.classes), skips = skipTally();
    const source = split === "train" ? data.train : data.val, samples: Sample[] = [];
    for await (const sample of openSamples(source, { classNames, skips, placesOnly: true, signal })) {
      samples.push(sample);
      if (samples.length % 1000 === 0) onProgress?.(`reading ${split} images: ${samples.length}`);
    }
    if (samples.length === 0) {
      throw new RangeError(`No usable sample in ${source.join(" ")}: ${reasons(skips)}`);
    }
    return { classNames, samples, skips };
  };
  const found: Partial<Record<"train" | "test", ReturnType<typeof read>>> = {};
  let size: Promise<number> | undefined;
  return async (part, seed) => {
    const split = part === "test" ? "test" : "train";
    const { classNames, samples, skips } = await (found[split] ??= read(split));
    size ??= (found.train ??= read("train")).then((train) => data.size ?? suitableSize(train.samples, 64));
    const mostUnder = (law: string) =>
      selectSamples(samples, { law: parseLaw(law, classNames), seed }, classNames.length).length;
    const selectionUnder = (law: string) => {
      // A balanced set is no larger than the unbalanced one that it is compared with.
      const most = laws.includes(law) ? images : Math.min(images, ...laws.map(mostUnder));
      return { law: parseLaw(law, classNames), most: evenly(most, law, classNames.length), seed };
    };
    const forTest = { perClass: data.testPerClass ?? samples.length, seed: 0 };
    const selection = part === "test" ? forTest : selectionUnder(part.law);
    const chosen = selectSamples(samples, selection, classNames.length), own = copyOf(skips);
    const report = ({ done }: { done: number }) =>
      onProgress?.(`decoding ${split} images of seed ${seed}: ${done} of ${chosen.length}`);
    return {
      set: await loadImages(chosen, own, { classNames, size: await size, onProgress: report, signal }),
    };
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
