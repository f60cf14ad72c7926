/**
 * Whether a world folder still holds, picture by picture, what the generator makes: after copying it, after an update
 * of this project, or when someone else's numbers cannot be repeated.
 */
import { decodeImage } from "../images/decode.ts";
import type { Picture } from "../images/picture.ts";
import { type ReadSample, readWorld, readWorldTable, type TableSample } from "./read_world.ts";
import { IMAGE_SIZE, type WorldRecord } from "./render.ts";
import { type MadeSample, makeSamples } from "./samples.ts";
import {
  imageCount,
  imagePath,
  readWorldFolder,
  worldFiles,
  type WorldFolder,
  worldOf,
} from "./world_folder.ts";
import { classesText, frequenciesText, type WriteOptions } from "./write_world.ts";

/** What a check found: how many samples are as they should be, and the first thing that is not. */
export interface WorldCheck {
  images: number;
  difference: string | null;
}

/** Thrown inside a check where something differs. */
class Difference extends Error {}

const BATCH = 64; // images decoded at a time

/**
 * Compares images, labels, records, captions, the table and the lists of a folder with the generator's.
 * Throws what {@link readWorldFolder} throws: without world.json there is nothing to compare with.
 */
export async function checkWorld(dir: string, options: WriteOptions = {}): Promise<WorldCheck> {
  const folder = await readWorldFolder(dir);
  let images = 0;
  try {
    await checkLists(dir, folder);
    for await (const done of checkSamples(dir, folder)) {
      images = done;
      options.signal?.throwIfAborted();
      options.onProgress?.({ done, total: imageCount(folder) });
    }
    return { images, difference: null };
  } catch (error) {
    const found = [Difference, SyntaxError, Deno.errors.NotFound].some((kind) => error instanceof kind);
    if (!found || !(error instanceof Error)) throw error;
    return { images, difference: error.message };
  }
}

async function checkLists(dir: string, folder: WorldFolder): Promise<void> {
  const files = worldFiles(dir, folder.split), { classNames } = worldOf(folder);
  const expected = [
    [files.classes, classesText(classNames)],
    [files.frequencies, frequenciesText(classNames, folder.counts)],
  ];
  for (const [path, text] of expected) {
    if (await Deno.readTextFile(path) !== text) throw new Difference(`${path} is not the list of this world`);
  }
}

/** What is compared: a sample as it is made (with pixels of its own) and as it was found. */
interface Pair {
  made: MadeSample;
  found: ReadSample;
  row: TableSample;
}

/** Compares batch by batch, in order, and yields how many samples are right. */
async function* checkSamples(dir: string, folder: WorldFolder): AsyncGenerator<number> {
  const read = readWorld(dir), table = readWorldTable(dir, folder), total = imageCount(folder);
  let batch: Pair[] = [];
  for (const made of makeSamples(folder)) {
    const { key, index } = made, [found, row] = [await read.next(), await table.next()];
    if (found.done) throw new Difference(`${key} is missing: the images end after ${index} of ${total}`);
    if (row.done) throw new Difference(`${key} is missing: the table ends after ${index} of ${total} rows`);
    batch.push({ made: { ...made, pixels: made.pixels.slice() }, found: found.value, row: row.value });
    if (batch.length === BATCH || index === total - 1) {
      const pictures = await Promise.allSettled(batch.map(({ found }) => decodeImage(found.image)));
      batch.forEach((pair, i) => comparePair(folder, pair, pictures[i]));
      yield index + 1;
      batch = [];
    }
  }
  if (!(await read.next()).done) throw new Difference(`There are more images than ${total}`);
  if (!(await table.next()).done) throw new Difference(`The table has more rows than ${total}`);
}

function comparePair(folder: WorldFolder, pair: Pair, picture: PromiseSettledResult<Picture>): void {
  const { made, found, row } = pair, { key, caption } = made, record = recordText(made.record);
  same(key, "key", found.key, key);
  if (picture.status === "rejected") throw new Difference(`${key}: ${picture.reason.message}`);
  comparePixels(made, picture.value);
  same(key, "label", found.label, made.record.label);
  same(key, "record", recordText(found.record), record);
  same(key, "caption", found.caption, caption);
  same(key, "path in the table", row.filepath, imagePath(folder, made.index, made.className, key));
  same(key, "record in the table", recordText(row.record), record);
  same(key, "caption in the table", row.caption, caption);
}

const recordText = ({ label, scene, clutter, large }: WorldRecord) =>
  JSON.stringify({ label, scene, clutter, large });

function same(key: string, what: string, found: string | number, made: string | number): void {
  if (found !== made) throw new Difference(`${key}: the ${what} is ${found}, the generator makes ${made}`);
}

function comparePixels({ key, pixels }: MadeSample, picture: Picture): void {
  const { pixels: found, width, height, mode } = picture;
  if (width !== IMAGE_SIZE || height !== IMAGE_SIZE || mode !== "RGB") {
    throw new Difference(`${key}: the image is ${width} x ${height} of mode ${mode}`);
  }
  const at = found.findIndex((value, i) => value !== pixels[i]);
  if (at < 0) return;
  const pixel = Math.floor(at / 3), place = `row ${Math.floor(pixel / width)}, column ${pixel % width}`;
  throw new Difference(`${key}: the image differs from the generator's at ${place}`);
}
