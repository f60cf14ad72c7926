/** The folder that a download fills: whose it is, what it remembers of its input, and what killed processes left. */
import { openRecords } from "../../curate/shards/records.ts";
import type { Progress } from "../../program/progress.ts";
import { checkedOutCommit, VERSION } from "../../program/version.ts";
import { writeJsonAtomically } from "../../runs/atomic.ts";
import { type InputFile, listInputs, makePlan, type Plan } from "../plan/plan.ts";
import { rowReaders } from "../plan/row_readers.ts";
import { clearLeftovers } from "../shards/commit.ts";
import { listShards, parseShardName, shardFiles, type ShardId, shardName } from "../shards/names.ts";
import { finishedShard } from "../shards/shard_stats.ts";
import { rebuildSizes } from "../shards/sizes.ts";
import { type DownloadConfig, shapeOf } from "./download_config.ts";
import { orNothing } from "./or_nothing.ts";
import { configPath, isOurs, stateFolder } from "./part.ts";

/** A folder of shards that this process works in. */
export interface DownloadFolder extends Disposable {
  readonly config: DownloadConfig;
  readonly inputs: readonly InputFile[];
  readonly state: string;
}

/**
 * Takes hold of the output folder. Throws RangeError when it belongs to a download of another shape or other inputs, or
 * holds other shards, and Deno.errors.Busy while another process works there.
 */
export async function openFolder(config: DownloadConfig, progress?: Progress): Promise<DownloadFolder> {
  const inputs = await listInputs(config.inputs), state = stateFolder(config);
  await rowReaders(inputs, config, progress);
  await Deno.mkdir(config.out, { recursive: true });
  await refuseForeign(config, state);
  const facts = inputs.map(({ bytes, hash }) => ({ bytes, hash }));
  const records = await openRecords(state, { ...shapeOf(config), inputs: facts });
  return { config, inputs, state, [Symbol.dispose]: () => records[Symbol.dispose]() };
}

/** Refuses a folder with archives that no download of ours made. */
async function refuseForeign({ out, part }: DownloadConfig, state: string): Promise<void> {
  const names = (await Array.fromAsync(Deno.readDir(out))).map(({ name }) => name);
  if (names.some((name) => name.startsWith(".download") && (part !== null || state.endsWith(`/${name}`)))) {
    return;
  }
  const odd = names.find((name) =>
    name.endsWith(".tar") || name === "shards" || name.startsWith(".download")
  );
  if (odd === undefined) return;
  throw new RangeError(
    `${out} holds ${odd}, which is not of this download: choose another --out, or move it away`,
  );
}

/** The plan of a folder, made or read again. Of inputs that make none nothing stays in the folder. */
export async function planOf(
  folder: DownloadFolder,
  { progress, signal }: { progress: Progress; signal: AbortSignal },
): Promise<Plan> {
  const { config: { rows, rowsPerShard }, inputs, state } = folder;
  return await orNothing(folder, () => makePlan({ inputs, rows, rowsPerShard, state, progress, signal }));
}

/** Writes what this process was told, beside the shards. */
export async function writeConfig({ config, inputs }: DownloadFolder, plan: Plan): Promise<void> {
  const files = inputs.map(({ path, bytes, hash }, i) => ({ path, bytes, hash, rows: plan.files[i].rows }));
  await writeJsonAtomically(configPath(config), {
    version: VERSION,
    commit: await checkedOutCommit(),
    ...config,
    files,
    shards: plan.shards.length,
    total_rows: plan.rows,
  });
}

/** Takes away what killed processes left, or finishes it. */
export async function clearFolder({ config: { out, layout, part }, state }: DownloadFolder): Promise<void> {
  const mine = ({ shard }: ShardId) => isOurs(shard, part);
  await clearLeftovers({ out, layout, scratch: `${state}/spool`, mine });
  if (layout === "qnq") await rebuildSizes(out, shardName(part?.index ?? 0, layout));
}

/** Where the statistics of all finished shards of ours are, supplementary ones too. */
export async function statsPaths({ config: { out, layout, part } }: DownloadFolder): Promise<string[]> {
  const paths: string[] = [];
  for (const name of await listShards(out, layout)) {
    const files = shardFiles(out, layout, name);
    if (isOurs(parseShardName(name, layout)!.shard, part) && await finishedShard(files)) {
      paths.push(files.stats);
    }
  }
  return paths;
}
