/**
 * Reading a world folder back: every sample with the record of what its picture shows, which the ordinary loader leaves
 * aside.
 */
import { join } from "node:path";
import { tableRows } from "../loader/tables.ts";
import { tarMembers } from "../loader/tar.ts";
import type { WorldRecord } from "./render.ts";
import { recordOf, TABLE_COLUMNS } from "./samples.ts";
import { imageCount, readWorldFolder, shardName, worldFiles, type WorldFolder } from "./world_folder.ts";

/** One sample of a world folder. */
export interface ReadSample {
  key: string;
  /** The encoded image, a PNG file. */
  image: Uint8Array;
  label: number;
  caption: string;
  record: WorldRecord;
}

/** A row of the table. */
export interface TableSample {
  filepath: string;
  caption: string;
  record: WorldRecord;
}

const decoder = new TextDecoder();

/**
 * The samples of the folder `dir` in their order: from its shards, or from its table and PNG files.
 * Throws Deno.errors.NotFound where a file is missing, SyntaxError where one is damaged or a sample is not whole.
 */
export async function* readWorld(dir: string): AsyncGenerator<ReadSample> {
  const folder = await readWorldFolder(dir);
  if (folder.layout === "files") return yield* readFiles(dir, folder);
  const shards = Math.ceil(imageCount(folder) / folder.shard_size);
  for (let shard = 0; shard < shards; shard++) yield* readShard(join(dir, shardName(folder.split, shard)));
}

async function* readShard(path: string): AsyncGenerator<ReadSample> {
  let key = "", parts: Record<string, Uint8Array> = {};
  const whole = (): ReadSample => {
    const missing = ["png", "txt", "cls", "json"].find((kind) => parts[kind] === undefined);
    if (missing !== undefined) throw new SyntaxError(`${path}: ${key} has no .${missing}`);
    const text = (kind: string) => decoder.decode(parts[kind]);
    const record = recordOf(parsed(text("json"), `${path}: ${key}.json`), `${path}: ${key}.json`);
    return { key, image: parts.png, label: Number(text("cls")), caption: text("txt"), record };
  };
  for await (const member of tarMembers(path)) {
    const dot = member.name.indexOf("."), stem = member.name.slice(0, dot);
    if (stem !== key) {
      if (key !== "") yield whole();
      [key, parts] = [stem, {}];
    }
    parts[member.name.slice(dot + 1)] = await member.read();
  }
  if (key !== "") yield whole();
}

function parsed(text: string, where: string) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    throw new SyntaxError(`${where} is not JSON`);
  }
}

async function* readFiles(dir: string, folder: WorldFolder): AsyncGenerator<ReadSample> {
  for await (const { filepath, caption, record } of readWorldTable(dir, folder)) {
    const key = filepath.slice(filepath.lastIndexOf("/") + 1).replace(/\.png$/, "");
    yield { key, image: await Deno.readFile(join(dir, filepath)), label: record.label, caption, record };
  }
}

/** The rows of a folder's table. Throws SyntaxError naming the line for a row that is not whole. */
export async function* readWorldTable(dir: string, folder: WorldFolder): AsyncGenerator<TableSample> {
  const path = worldFiles(dir, folder.split).table;
  for await (const { line, fields } of tableRows(path, "\t")) {
    if (line === 1) {
      if (fields.join() === TABLE_COLUMNS.join()) continue;
      throw new SyntaxError(`${path} line 1: expected the columns ${TABLE_COLUMNS.join(", ")}`);
    }
    const [filepath, label, caption, scene, clutter, large] = fields;
    if (fields.length !== TABLE_COLUMNS.length) throw new SyntaxError(`${path} line ${line} is not whole`);
    const notes = {
      label: Number(label),
      scene,
      clutter: clutter === "" ? [] : clutter.split(" ").map(Number),
      large: large === "1" ? true : large === "0" ? false : undefined,
    };
    yield { filepath, caption, record: recordOf(notes, `${path} line ${line}`) };
  }
}
