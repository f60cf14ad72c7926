/**
 * Writing a set of the built-in world to disk: WebDataset shards or PNG files, with one table over both. Pictures are
 * made and written one after the other, so memory does not grow with the set. Stopped at any moment and started again
 * it goes on behind the shards that are there.
 */
import { dirname, join } from "node:path";
import { encodePng } from "../images/png.ts";
import { TAR_END, tarEntry } from "../loader/write_tar.ts";
import { writeAtomically, writeFully, writeJsonAtomically, writeTextAtomically } from "../runs/atomic.ts";
import { IMAGE_SIZE } from "./render.ts";
import { type MadeSample, makeSamples, notesOf, TABLE_COLUMNS, tableRow } from "./samples.ts";
import {
  differingOption,
  imageCount,
  imagePath,
  readWorldFolder,
  shardName,
  worldFiles,
  type WorldFolder,
  worldOf,
} from "./world_folder.ts";

/** What {@link writeWorld} is told besides what to write. */
export interface WriteOptions {
  onProgress?: (progress: { done: number; total: number }) => void;
  signal?: AbortSignal;
}

const CHUNK = 250; // samples between two moments at which other work runs
const encoder = new TextEncoder();
const exists = (path: string) => Deno.stat(path).then(() => true, () => false);
const png = (pixels: Uint8Array) => encodePng({ data: pixels, width: IMAGE_SIZE, height: IMAGE_SIZE });

/** Whether the folder is complete already. Throws RangeError when it holds something else. */
async function isWritten(dir: string, folder: WorldFolder): Promise<boolean> {
  const info = await Deno.stat(dir).catch(() => null);
  if (info === null) return false;
  if (!info.isDirectory) throw new RangeError(`${dir} is a file; name a folder`);
  const files = worldFiles(dir, folder.split);
  if (!await exists(files.description)) {
    for await (const { name } of Deno.readDir(dir)) {
      if (!name.endsWith(".tmp")) {
        throw new RangeError(`${dir} is not empty and holds no set of the world; name an empty folder`);
      }
    }
    return false;
  }
  const differing = differingOption(folder, await readWorldFolder(dir));
  if (differing !== null) {
    throw new RangeError(`${dir} holds a set with another ${differing}; name another folder or remove it`);
  }
  return await exists(files.table);
}

/**
 * Writes the set that `folder` describes into `dir`: world.json, classes.txt, frequencies.txt, the images, and last the
 * table. A complete folder of the same description is left as it is. Returns whether anything was written.
 * Throws RangeError when `dir` holds anything else, the signal's reason when it is aborted; what the disk throws leaves
 * whole files only.
 */
export async function writeWorld(
  dir: string,
  folder: WorldFolder,
  options: WriteOptions = {},
): Promise<boolean> {
  if (await isWritten(dir, folder)) return false;
  options.signal?.throwIfAborted();
  const files = worldFiles(dir, folder.split), { classNames } = worldOf(folder);
  await Deno.mkdir(dir, { recursive: true });
  if (!await exists(files.description)) await writeJsonAtomically(files.description, folder);
  await writeTextAtomically(files.classes, classesText(classNames));
  await writeTextAtomically(files.frequencies, frequenciesText(classNames, folder.counts));
  await writeAtomically(files.table, async (table) => {
    await writeFully(table, encoder.encode(TABLE_COLUMNS.join("\t") + "\n"));
    const samples = watched(makeSamples(folder), imageCount(folder), options);
    const write = folder.layout === "shards" ? writeShards : writeFiles;
    await write(dir, folder, samples, (rows) => writeFully(table, encoder.encode(rows)));
  });
  return true;
}

/** classes.txt: names, one a line. */
export const classesText = (classNames: readonly string[]) => classNames.join("\n") + "\n";

/** frequencies.txt: lines name TAB count. */
export const frequenciesText = (classNames: readonly string[], counts: readonly number[]) =>
  classNames.map((name, label) => `${name}\t${counts[label]}\n`).join("");

/** The samples, with a moment now and then in which a signal can arrive and progress is told. */
async function* watched(
  samples: Iterable<MadeSample>,
  total: number,
  { onProgress, signal }: WriteOptions,
): AsyncGenerator<MadeSample> {
  for (const sample of samples) {
    if (sample.index % CHUNK === 0) {
      onProgress?.({ done: sample.index, total });
      await new Promise((resume) => setTimeout(resume));
      signal?.throwIfAborted();
    }
    yield sample;
  }
}

type Samples = AsyncGenerator<MadeSample>;
type WriteRows = (rows: string) => Promise<void>;

/** The members of one sample in a shard. */
function members(sample: MadeSample, folder: WorldFolder): Uint8Array[] {
  const { key, caption, record, pixels } = sample, text = (content: string) => encoder.encode(content);
  return [
    tarEntry(`${key}.png`, png(pixels)),
    tarEntry(`${key}.txt`, text(caption)),
    tarEntry(`${key}.cls`, text(String(record.label))),
    tarEntry(`${key}.json`, text(JSON.stringify(notesOf(sample, folder)))),
  ];
}

/** Shards that are there already are whole, and stay; their pictures are made all the same, for the table. */
async function writeShards(dir: string, folder: WorldFolder, samples: Samples, writeRows: WriteRows) {
  const total = imageCount(folder);
  for (let shard = 0; shard * folder.shard_size < total; shard++) {
    const path = join(dir, shardName(folder.split, shard));
    const size = Math.min(folder.shard_size, total - shard * folder.shard_size);
    let rows = "";
    const take = async (file: Deno.FsFile | null) => {
      for (let i = 0; i < size; i++) {
        const sample: MadeSample = (await samples.next()).value;
        rows += row(folder, sample);
        if (file) await writeFully(file, joined(members(sample, folder)));
      }
      if (file) await writeFully(file, TAR_END);
    };
    if (await exists(path)) await take(null);
    else await writeAtomically(path, take);
    await writeRows(rows);
  }
}

/** One file per image. A file is renamed into place, so none is half there; on a second go all are written again. */
async function writeFiles(dir: string, folder: WorldFolder, samples: Samples, writeRows: WriteRows) {
  const made = new Set<string>();
  let rows = "", held = 0;
  for await (const sample of samples) {
    const path = join(dir, imagePath(folder, sample.index, sample.className, sample.key)),
      parent = dirname(path);
    if (!made.has(parent)) await Deno.mkdir(parent, { recursive: true });
    made.add(parent);
    await Deno.writeFile(`${path}.tmp`, png(sample.pixels));
    await Deno.rename(`${path}.tmp`, path);
    rows += row(folder, sample);
    if (++held === CHUNK) {
      await writeRows(rows);
      [rows, held] = ["", 0];
    }
  }
  await writeRows(rows);
}

const row = (folder: WorldFolder, sample: MadeSample) =>
  tableRow(sample, imagePath(folder, sample.index, sample.className, sample.key)).join("\t") + "\n";

function joined(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}
