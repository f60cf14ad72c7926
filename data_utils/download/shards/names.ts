/** What the files of a shard and the members of its archive are called, in both layouts. */
import { createHash } from "node:crypto";
import type { Ending } from "../picture/image_rules.ts";
import type { Layout } from "./shard.ts";

/** A shard's number, and for one that supplements others what it is marked with, such as "retry1_". */
export interface ShardId {
  readonly tag: string;
  readonly shard: number;
}

const names: Record<Layout, { before: string; digits: number; pattern: RegExp }> = {
  webdataset: { before: "", digits: 5, pattern: /^((?:retry[1-9]\d*_)?)(\d{5,})$/ },
  qnq: { before: "shard_", digits: 6, pattern: /^((?:retry[1-9]\d*_)?)shard_(\d{6,})$/ },
};

/** `00012`, or `shard_000012`; with what marks a supplementary shard before it. Throws RangeError for another mark. */
export function shardName(shard: number, layout: Layout = "webdataset", tag = ""): string {
  const { before, digits } = names[layout], name = `${tag}${before}${String(shard).padStart(digits, "0")}`;
  if (parseShardName(name, layout) === null) {
    throw new RangeError(`${name} names no shard: a mark is "retry" with a number and "_"`);
  }
  return name;
}

/** The shard of that name, or null where it is none. */
export function parseShardName(name: string, layout: Layout): ShardId | null {
  const [, tag, digits] = names[layout].pattern.exec(name) ?? [];
  if (digits === undefined || digits !== String(Number(digits)).padStart(names[layout].digits, "0")) {
    return null;
  }
  return { tag, shard: Number(digits) };
}

/** Where the files of a shard are. */
export interface ShardFiles {
  readonly name: string;
  readonly layout: Layout;
  readonly folder: string;
  readonly tar: string;
  readonly parquet: string;
  readonly stats: string;
  /** In the layout of the original: the number of successes as text. */
  readonly size: string | null;
}

/** The folder below `out` that has the shards. */
export const shardFolder = (out: string, layout: Layout): string => layout === "qnq" ? `${out}/shards` : out;

/** The files of a shard. */
export function shardFiles(out: string, layout: Layout, name: string): ShardFiles {
  const folder = shardFolder(out, layout), stem = `${folder}/${name}`;
  return {
    ...{ name, layout, folder, tar: `${stem}.tar`, parquet: `${stem}.parquet`, stats: `${stem}_stats.json` },
    size: layout === "qnq" ? `${stem}_size.txt` : null,
  };
}

/** Which file of a shard a name in its folder stands for; null for what is none. */
export function shardOfFile(file: string, layout: Layout): string | null {
  const name = file.replace(/(\.tar|\.parquet|_stats\.json|_size\.txt)$/, "");
  return name !== file && parseShardName(name, layout) ? name : null;
}

/** Order of names: shards before those that supplement them, each by its number. */
export function compareShards(a: ShardId, b: ShardId): number {
  const turn = ({ tag }: ShardId) => Number(/\d+/.exec(tag)?.[0] ?? 0);
  return turn(a) - turn(b) || a.shard - b.shard;
}

/** Names of the files in a folder; none where there is no such folder. */
export async function filesIn(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).filter(({ isFile }) => isFile).map(({ name }) =>
      name
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Names of the shards of which there is any file, in order. */
export async function listShards(out: string, layout: Layout): Promise<string[]> {
  const found = new Map<string, ShardId>();
  for (const file of await filesIn(shardFolder(out, layout))) {
    const name = shardOfFile(file, layout);
    if (name !== null) found.set(name, parseShardName(name, layout)!);
  }
  return [...found].sort((a, b) => compareShards(a[1], b[1])).map(([name]) => name);
}

/**
 * What the members of a row are called up to the dot: its key; in the layout of the original 32 hex digits, which are
 * random there and follow from the key here.
 */
export function memberStem(key: string, layout: Layout): string {
  if (layout === "webdataset") return key;
  return createHash("sha256").update(`beyond-tail ${key}`).digest("hex").slice(0, 32);
}

/** What an image's name ends in. */
export function imageKind(ending: Ending, layout: Layout): string {
  return layout === "qnq" && ending === "jpg" ? "jpeg" : ending;
}
