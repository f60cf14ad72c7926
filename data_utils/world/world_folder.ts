/**
 * A set of the built-in world as files: what is asked for (kept in world.json, enough to make the set again), and the
 * names of the files. A folder holds one split.
 */
import { join } from "node:path";
import { type Check, expectFields, isNumber, isString } from "../runs/expect.ts";
import type { Law } from "../loader/law.ts";
import { CAPTION_LEVELS, type CaptionLevel, DESCRIBING_LEVELS } from "./captions.ts";
import { checkGrammar, type Grammar } from "./grammar.ts";
import { makeWorld, type Nuisance, type World, type WorldNames } from "./world.ts";
import { type Split, worldCounts, worldLabels } from "./world_set.ts";

const FORMAT = "beyond-tail-world/1";

/** How images are stored: WebDataset shards, or one PNG file each in a folder per class. The table is there with both. */
export type Layout = "shards" | "files";

/** What world.json holds. */
export interface WorldFolder {
  format: typeof FORMAT;
  world_seed: number;
  classes: number;
  names: WorldNames;
  nuisance: Nuisance;
  /** Run seed: class ranks, pictures and captions. */
  seed: number;
  split: Split;
  /** The law as it was given; `counts` is what it came to, images of each class. */
  law: string;
  counts: number[];
  captions: CaptionLevel;
  /** Entries that replace those of the level's own grammar. */
  grammar: Partial<Grammar>;
  layout: Layout;
  /** Images per shard. */
  shard_size: number;
}

/** What is to be written; see {@link planWorldFolder}. */
export interface WorldOrder {
  world: World;
  law: Law;
  images: number;
  seed: number;
  split: Split;
  captions: CaptionLevel;
  grammar?: Partial<Grammar>;
  layout?: Layout;
  /** Default 1000. */
  shardSize?: number;
}

const DESCRIPTION = "world.json";

/** The files of a folder beside its images. */
export const worldFiles = (dir: string, split: Split) => ({
  description: join(dir, DESCRIPTION),
  classes: join(dir, "classes.txt"),
  /** Lines name TAB count in class order: a law for another set, and the frequencies for programs that ask for them. */
  frequencies: join(dir, "frequencies.txt"),
  /** Written last: where it is, the folder is complete. */
  table: join(dir, `${split}.tsv`),
});

/** Name of a shard: train-000007.tar. */
export const shardName = (split: Split, shard: number) => `${split}-${String(shard).padStart(6, "0")}.tar`;

/** Where an image is, relative to the folder, as the table's column filepath says it. */
export function imagePath(folder: WorldFolder, index: number, className: string, key: string): string {
  const { layout, split, shard_size } = folder;
  return layout === "files"
    ? `images/${className}/${key}.png`
    : `${shardName(split, Math.floor(index / shard_size))}/${key}.png`;
}

/** Images in the whole set. */
export const imageCount = ({ counts }: WorldFolder) => counts.reduce((sum, count) => sum + count, 0);

/**
 * Everything that decides what a folder holds, checked. Throws RangeError for fewer images than classes, a law of
 * another number of classes, an unknown split or caption level, a grammar that is wrong or acts on no caption, or a
 * shard size below 1.
 */
export function planWorldFolder(order: WorldOrder): WorldFolder {
  const { world, law, images, seed, split, captions, grammar = {}, layout = "shards", shardSize = 1000 } =
    order;
  if (!CAPTION_LEVELS.includes(captions)) {
    throw new RangeError(`Unknown caption level "${captions}": use one of ${CAPTION_LEVELS.join(", ")}`);
  }
  checkGrammar(grammar, world.names);
  if (Object.keys(grammar).length > 0 && !DESCRIBING_LEVELS.includes(captions)) {
    throw new RangeError(
      `A grammar acts on the captions ${DESCRIBING_LEVELS.join(", ")}, not on those of level ${captions}`,
    );
  }
  if (!Number.isInteger(shardSize) || shardSize < 1) {
    throw new RangeError(`A shard holds 1 image or more, got ${shardSize}`);
  }
  const counts = Array.from(worldCounts(world, { law, images, seed }));
  worldLabels({ world, counts: new Array(counts.length).fill(0), seed, split }); // looks at the split and the seed
  return {
    format: FORMAT,
    world_seed: world.seed,
    classes: world.classes.length,
    names: world.names,
    nuisance: { ...world.nuisance },
    seed,
    split,
    law: law.text,
    counts,
    captions,
    grammar,
    layout,
    shard_size: shardSize,
  };
}

/** The world of a folder. */
export function worldOf({ world_seed, classes, names, nuisance }: WorldFolder): World {
  return makeWorld({ seed: world_seed, classes, names, nuisance });
}

/** The first of the options in which two folders differ, or null. The law's text counts for nothing, its counts do. */
export function differingOption(one: WorldFolder, other: WorldFolder): string | null {
  const keys = Object.keys(one) as (keyof WorldFolder)[];
  const text = (value: unknown) => JSON.stringify(value, Object.keys(value ?? {}).sort());
  return keys.find((key) => key !== "law" && text(one[key]) !== text(other[key])) ?? null;
}

const isNumbers: Check = (value) =>
  typeof value === "object" && value !== null &&
  Object.values(value).every((entry) => Number.isFinite(entry));
const oneOf = (...choices: readonly string[]): Check => (value) => choices.includes(value as string);

/**
 * Reads and checks world.json of a folder. Throws Deno.errors.NotFound when there is none, SyntaxError for another
 * format or a field that is missing or wrong.
 */
export async function readWorldFolder(dir: string): Promise<WorldFolder> {
  const path = join(dir, DESCRIPTION);
  let value: WorldFolder;
  try {
    value = JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof SyntaxError) throw new SyntaxError(`${path} is not JSON; write the folder again`);
    throw error;
  }
  if (value?.format !== FORMAT) {
    throw new SyntaxError(`${path} has the format ${value?.format}, this version reads ${FORMAT}`);
  }
  const fields: Record<keyof WorldFolder, Check> = {
    format: isString,
    world_seed: isNumber,
    classes: isNumber,
    names: oneOf("K", "N"),
    nuisance: isNumbers,
    seed: isNumber,
    split: oneOf("train", "val", "test"),
    law: isString,
    counts: (counts) => Array.isArray(counts) && counts.length === value.classes && isNumbers(counts),
    captions: oneOf(...CAPTION_LEVELS),
    grammar: isNumbers,
    layout: oneOf("shards", "files"),
    shard_size: (size) => Number.isInteger(size) && (size as number) >= 1,
  };
  expectFields(value, fields, path);
  return value;
}
