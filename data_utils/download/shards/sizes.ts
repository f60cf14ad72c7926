/**
 * `shards/sizes.json` of the original's layout: successes by the name of the archive, which open_clip reads. Beside it
 * each shard has its `_size.txt`, from which the whole can be made anew: machines that write one folder may overwrite
 * each other's entries while they run.
 */
import { writeFully } from "../../runs/atomic.ts";
import { compareShards, filesIn, parseShardName, type ShardFiles, shardFolder } from "./names.ts";

type Sizes = Record<string, number>;

const suffix = ".sizes.json.tmp";

/** The shard whose process left this temporary file of sizes, or null. */
export const sizesOwner = (file: string): string | null =>
  file.endsWith(suffix) ? file.slice(0, -suffix.length) : null;

const nameOf = (tar: string) => tar.slice(0, -".tar".length);

/** Replaces the file by way of a temporary one that no other process uses. */
async function writeSizes(folder: string, sizes: Sizes, owner: string): Promise<void> {
  const ids = new Map(Object.keys(sizes).map((tar) => [tar, parseShardName(nameOf(tar), "qnq")!]));
  const ordered = Object.entries(sizes).sort(([a], [b]) => compareShards(ids.get(a)!, ids.get(b)!));
  const temporary = `${folder}/${owner}${suffix}`;
  try {
    {
      using file = await Deno.open(temporary, { write: true, create: true, truncate: true });
      await writeFully(file, new TextEncoder().encode(JSON.stringify(Object.fromEntries(ordered)) + "\n"));
      await file.sync();
    }
    await Deno.rename(temporary, `${folder}/sizes.json`);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}

/** The entries of our own kind in the file as it is; none where it is missing or no JSON. */
async function readSizes(folder: string): Promise<Sizes> {
  const text = await Deno.readTextFile(`${folder}/sizes.json`).catch(() => "{}");
  try {
    const entries = Object.entries(JSON.parse(text) as Sizes);
    return Object.fromEntries(
      entries.filter(([tar, size]) =>
        tar.endsWith(".tar") && parseShardName(nameOf(tar), "qnq") && Number.isSafeInteger(size)
      ),
    );
  } catch {
    return {};
  }
}

/** Folders that are being written, so that shards that end at the same time wait for each other. */
const turns = new Map<string, Promise<void>>();

/** Enters the successes of a shard that is in its place. */
export function addSize({ folder, name }: ShardFiles, successes: number): Promise<void> {
  const turn = (turns.get(folder) ?? Promise.resolve()).catch(() => {}).then(async () =>
    await writeSizes(folder, { ...await readSizes(folder), [`${name}.tar`]: successes }, name)
  );
  turns.set(folder, turn);
  return turn;
}

/**
 * Makes sizes.json anew from the `_size.txt` of all shards whose archive is there: to be called when a run begins and
 * ends. `owner` is the name of a shard of ours; nothing is written where there is no shard. Returns the sizes.
 */
export async function rebuildSizes(out: string, owner: string): Promise<Sizes> {
  const folder = shardFolder(out, "qnq"), sizes: Sizes = {}, files = new Set(await filesIn(folder));
  for (const file of files) {
    const name = file.endsWith("_size.txt") ? file.slice(0, -9) : "";
    if (!parseShardName(name, "qnq") || !files.has(`${name}.tar`)) continue;
    const text = await Deno.readTextFile(`${folder}/${file}`);
    if (/^\d+$/.test(text)) sizes[`${name}.tar`] = Number(text);
  }
  if (Object.keys(sizes).length > 0) await writeSizes(folder, sizes, owner);
  return sizes;
}
