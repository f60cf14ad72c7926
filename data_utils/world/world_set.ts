/**
 * Sets of pictures of the built-in world: how many of each class, in which order, and the pictures themselves.
 * Picture i is a pure function of (world seed, run seed, split, i), so a set can be made in pieces and in any order.
 */
import type { ImageSet } from "../loader/image_set.ts";
import { drawRanks, largestRemainder, type Law } from "../loader/law.ts";
import { randomStream } from "../random/philox.ts";
import { caption, type CaptionLevel } from "./captions.ts";
import type { Grammar } from "./grammar.ts";
import { IMAGE_BYTES, IMAGE_SIZE, renderImage, type WorldRecord } from "./render.ts";
import type { World } from "./world.ts";

/** Which part of the data a set is; each has its own pictures. */
export type Split = "train" | "val" | "test";

/**
 * A set of images as the loader makes them, and what each shows. `captions` is null: they are drawn per epoch by
 * {@link worldCaption}.
 */
export interface WorldSet extends ImageSet {
  images: Uint8Array<ArrayBuffer>;
  labels: Int32Array<ArrayBuffer>;
  records: WorldRecord[];
}

/** What to make: `counts[c]` pictures of class c for a run seed and a split. */
export interface WorldSetOptions {
  world: World;
  counts: ArrayLike<number>;
  seed: number;
  split: Split;
}

const SPLITS: Record<Split, number> = { train: 0, val: 1, test: 2 };
// First step of every random path of a run, apart from the class streams of makeWorld, which have a path of one step.
const PATH = { images: 10, order: 11, captions: 12 };

function splitNumber(split: Split): number {
  if (!(split in SPLITS)) throw new RangeError(`Unknown split "${split}": use train, val or test`);
  return SPLITS[split];
}

/** The labels of a set in its own random order. Throws RangeError unless there is one count of 0 or more per class. */
export function worldLabels({ world, counts, seed, split }: WorldSetOptions): Int32Array<ArrayBuffer> {
  const classes = world.classes.length;
  if (counts.length !== classes) {
    throw new RangeError(`The world has ${classes} classes but ${counts.length} counts were given`);
  }
  const labels: number[] = [];
  for (let c = 0; c < classes; c++) {
    if (!Number.isInteger(counts[c]) || counts[c] < 0) {
      throw new RangeError(`The count of class ${c} must be an integer of 0 or more, got ${counts[c]}`);
    }
    for (let i = 0; i < counts[c]; i++) labels.push(c);
  }
  const stream = randomStream(world.seed, PATH.order, seed, splitNumber(split));
  return stream.shuffle(Int32Array.from(labels));
}

/** Draws picture `index` of a set into `out` at `offset`; `label` is the set's label at that index. */
export function renderWorldImage(
  { world, seed, split }: Omit<WorldSetOptions, "counts">,
  index: number,
  label: number,
  out: Uint8Array,
  offset = 0,
): WorldRecord {
  const stream = randomStream(world.seed, PATH.images, seed, splitNumber(split), index);
  return renderImage(world, { label, stream }, out, offset);
}

/**
 * The caption of picture `index` in an epoch: a pure function of the same seeds, so no caption need be stored.
 * `grammar` changes the level's own, as in {@link caption}.
 */
export function worldCaption(
  { world, seed, split }: Omit<WorldSetOptions, "counts">,
  index: number,
  record: WorldRecord,
  level: CaptionLevel,
  epoch = 0,
  grammar?: Readonly<Partial<Grammar>>,
): string {
  const stream = randomStream(world.seed, PATH.captions, seed, splitNumber(split), epoch, index);
  return caption(world, record, level, stream, grammar);
}

function* renderInChunks(options: WorldSetOptions, chunk: number): Generator<[done: number, set: WorldSet]> {
  const labels = worldLabels(options);
  const set: WorldSet = {
    images: new Uint8Array(labels.length * IMAGE_BYTES),
    shape: [labels.length, IMAGE_SIZE, IMAGE_SIZE, 3],
    labels,
    captions: null,
    keys: Array.from(labels, (_, i) => `${options.split}-${i}`),
    classNames: [...options.world.classNames],
    skipped: [],
    records: [],
  };
  for (let i = 0; i < labels.length; i++) {
    if (i % chunk === 0) yield [i, set];
    set.records.push(renderWorldImage(options, i, labels[i], set.images, i * IMAGE_BYTES));
  }
  yield [labels.length, set];
}

/**
 * Makes a whole set at once (about 4,000 pictures a second and core, 3 KB each).
 * Throws RangeError unless there is one count of 0 or more per class.
 */
export function makeWorldSet(options: WorldSetOptions): WorldSet {
  let last: WorldSet | undefined;
  for (const [, set] of renderInChunks(options, Infinity)) last = set;
  return last!;
}

/**
 * Makes a set while letting other work run in between: yields after every `chunk` pictures with how many are done;
 * the set is the same object each time and is complete when `done` equals `total`.
 */
export async function* generateWorldSet(
  options: WorldSetOptions & { chunk?: number },
): AsyncGenerator<{ done: number; total: number; set: WorldSet }> {
  for (const [done, set] of renderInChunks(options, options.chunk ?? 500)) {
    yield { done, total: set.labels.length, set };
    await new Promise((resume) => setTimeout(resume));
  }
}

/**
 * How many of `images` pictures each class gets under a law of `parseLaw`, by largest remainder. Which class has which
 * rank changes with the run seed, so that over seeds a class's difficulty and its frequency do not go together.
 * Throws RangeError for a law of another number of classes or fewer pictures than classes.
 */
export function worldCounts(
  world: World,
  options: { law: Law; images: number; seed: number },
): Int32Array<ArrayBuffer> {
  const { law, images, seed } = options, classes = world.classes.length;
  if (law.weights.length !== classes) {
    throw new RangeError(
      `The law ${law.text} is for ${law.weights.length} classes, the world has ${classes}`,
    );
  }
  if (!Number.isInteger(images) || images < classes) {
    throw new RangeError(`${images} images are too few for ${classes} classes`);
  }
  const ranks = law.by === "rank" ? drawRanks(classes, seed) : Int32Array.from(law.weights.keys());
  return Int32Array.from(largestRemainder(Array.from(ranks, (rank) => law.weights[rank]), images));
}
