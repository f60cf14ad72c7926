/** A download from its first row to its last: what earlier processes finished stays, the rest is fetched. */
import { openRecords } from "../../curate/shards/records.ts";
import type { Progress } from "../../program/progress.ts";
import { checkedOutCommit, VERSION } from "../../program/version.ts";
import { writeJsonAtomically } from "../../runs/atomic.ts";
import type { Tell } from "../download_event.ts";
import { type InputFile, listInputs, makePlan, type Plan, type PlannedShard } from "../plan/plan.ts";
import { rowReaders } from "../plan/row_readers.ts";
import { openShardRows, type ShardRows } from "../plan/shard_rows.ts";
import { clearLeftovers } from "../shards/commit.ts";
import type { WantedRow } from "../row.ts";
import { keyOf } from "../shards/keys.ts";
import { listShards, parseShardName, shardFiles, type ShardId, shardName } from "../shards/names.ts";
import type { ShardStats } from "../shards/shard.ts";
import { finishedShard } from "../shards/shard_stats.ts";
import { rebuildSizes } from "../shards/sizes.ts";
import { openShardWriter } from "../shards/shard_writer.ts";
import { sources } from "../sources/sources.ts";
import { type DownloadConfig, shapeOf } from "./download_config.ts";
import { fillShards, type ShardJob } from "./fill_shards.ts";
import { orNothing } from "./or_nothing.ts";
import { configPath, isOurs, stateFolder } from "./shard_folder.ts";

/** Where a run shows what it does. */
export interface RunContext {
  readonly tell: Tell;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

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
  { progress, signal }: Pick<RunContext, "progress" | "signal">,
): Promise<Plan> {
  const { config: { rows, rowsPerShard }, inputs, state } = folder;
  return await orNothing(folder, () => makePlan({ inputs, rows, rowsPerShard, state, progress, signal }));
}

/** Writes what this process was told, beside the shards. */
async function writeConfig({ config, inputs }: DownloadFolder, plan: Plan): Promise<void> {
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

/** Shards of the plan that are ours: finished ones with their statistics, the others to be filled. */
export async function sortShards(
  { config: { out, layout, part } }: DownloadFolder,
  plan: Plan,
): Promise<{ finished: ShardStats[]; left: PlannedShard[] }> {
  const finished: ShardStats[] = [], left: PlannedShard[] = [];
  for (const shard of plan.shards) {
    if (!isOurs(shard.number, part)) continue;
    const stats = await finishedShard(shardFiles(out, layout, shardName(shard.number, layout)));
    if (stats) finished.push(stats);
    else left.push(shard);
  }
  return { finished, left };
}

/** What is needed to write a shard of a folder. */
export function writerOf(
  { config, state }: DownloadFolder,
  input: ShardRows,
  name: string,
  replaces?: ShardStats["replaces"],
) {
  const { out, layout, images } = config, files = shardFiles(out, layout, name);
  return (rows: number) =>
    openShardWriter({
      ...{ files, rows, replaces, scratch: `${state}/spool`, exif: images.exif, kinds: input.kinds() },
    });
}

/** Takes away what killed processes left, or finishes it. */
export async function clearFolder({ config: { out, layout, part }, state }: DownloadFolder): Promise<void> {
  const mine = ({ shard }: ShardId) => isOurs(shard, part);
  await clearLeftovers({ out, layout, scratch: `${state}/spool`, mine });
  if (layout === "qnq") await rebuildSizes(out, shardName(part?.index ?? 0, layout));
}

/** Fills shards of which `before` are there already, telling of the beginning and the end. */
export async function fillAll(
  { config }: DownloadFolder,
  shards: {
    readonly jobs: Iterable<ShardJob> | AsyncIterable<ShardJob>;
    readonly count: number;
    readonly rows: number;
    before: ShardStats[];
  },
  { tell, signal }: RunContext,
): Promise<void> {
  const { jobs, count, rows, before } = shards, { out, layout, part } = config;
  const rowsBefore = before.reduce((sum, { count }) => sum + count, 0);
  tell({
    ...{ event: "start", rows: rows + rowsBefore, shards: count + before.length, rowsBefore },
    shardsBefore: before.length,
  });
  let done = false;
  try {
    await fillShards(jobs, { config, source: sources[config.source], tell, signal });
    done = true;
  } finally {
    if (layout === "qnq") await rebuildSizes(out, shardName(part?.index ?? 0, layout));
    tell({ event: "end", done });
  }
}

const sameUrl: WantedRow["skip"] = { reason: "duplicate_url", detail: "an earlier row has the same URL" };

/** Fetches every shard of ours that is not there. Throws what `signal` aborted with. */
export async function runDownload(
  folder: DownloadFolder,
  plan: Plan,
  context: RunContext,
  isDuplicate: (row: number) => boolean = () => false,
): Promise<void> {
  const { config } = folder, { layout, rowsPerShard, choice, rows: rowOptions } = config;
  await writeConfig(folder, plan);
  await clearFolder(folder);
  const { finished, left } = await sortShards(folder, plan);
  if (left.length === 0 && finished.length > 0) {
    const rows = finished.reduce((sum, { count }) => sum + count, 0), shards = finished.length;
    context.tell({ event: "start", rows, shards, rowsBefore: rows, shardsBefore: shards });
    return context.tell({ event: "end", done: true });
  }
  await using input = openShardRows(plan, sources[config.source], choice, rowOptions);
  function* jobs(): Generator<ShardJob> {
    for (const shard of left) {
      const name = shardName(shard.number, layout);
      yield {
        name,
        async read(signal) {
          const wanted = await input.read(shard, signal);
          return wanted.map((row, index) => ({
            key: keyOf(shard.number, index, rowsPerShard),
            row: !row.skip && isDuplicate(shard.before + index) ? { ...row, skip: sameUrl } : row,
          }));
        },
        write: writerOf(folder, input, name),
      };
    }
  }
  const rows = left.reduce((sum, { rows }) => sum + rows, 0);
  await fillAll(folder, { jobs: jobs(), count: left.length, rows, before: finished }, context);
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
