// Results for the tests of shards, and small ways to write them.
import { createHash } from "node:crypto";
import type { ColumnKinds } from "../../data_utils/download/row.ts";
import type { Prepared } from "../../data_utils/download/picture/image_rules.ts";
import type { Cell } from "../../data_utils/download/row.ts";
import { keyOf } from "../../data_utils/download/shards/keys.ts";
import { type ShardFiles, shardFiles, shardName } from "../../data_utils/download/shards/names.ts";
import type { Layout, RowResult, ShardStats } from "../../data_utils/download/shards/shard.ts";
import { openShardWriter } from "../../data_utils/download/shards/shard_writer.ts";

export const ROWS_PER_SHARD = 100;
export const times = { started: 1_700_000_000_500, ended: 1_700_000_012_000 };
export const hex = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

/** An image that no other number has; its bytes are no picture, which shards do not look at. */
export function madeImage(
  number: number,
  size = 700 + number % 1000,
  ending: Prepared["ending"] = "jpg",
): Prepared {
  const bytes = new Uint8Array(size);
  for (let i = 0, state = number * 2654435761 + 1 >>> 0; i < size; i++) {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    bytes[i] = state >>> 24;
  }
  const [width, height] = [200 + number % 7, 150 + number % 5];
  return {
    ...{ bytes, ending, width, height, originalWidth: width * 2, originalHeight: height * 2 },
    ...{ sha256: hex(`fetched ${number}`), storedSha256: hex(bytes), exif: '{"Make": "Ours"}' },
  };
}

export function success(
  index: number,
  caption = `caption ${index}`,
  extra: Record<string, Cell> = {},
  { shard = 0, image = madeImage(index) } = {},
): RowResult {
  return {
    ...{
      index,
      key: keyOf(shard, index, ROWS_PER_SHARD),
      url: `http://a.example/${index}.jpg`,
      caption,
      extra,
    },
    ...{ status: "success", reason: null, detail: "", httpStatus: 200, attempts: 1, wireBytes: 900, image },
  };
}

export function failure(
  index: number,
  reason: NonNullable<RowResult["reason"]>,
  {
    status = "failed_to_download",
    detail = "",
    httpStatus = null,
    url = `http://b.example:81/${index}`,
    shard = 0,
  }: Partial<Pick<RowResult, "status" | "detail" | "httpStatus" | "url">> & { shard?: number } = {},
): RowResult {
  return {
    ...{ index, key: keyOf(shard, index, ROWS_PER_SHARD), url, caption: `caption ${index}`, extra: {} },
    ...{ status, reason, detail, httpStatus, attempts: 3, wireBytes: 10, image: null },
  };
}

/** Writes a shard, in this order of its rows. */
export async function writeShard(
  folder: string,
  results: readonly RowResult[],
  { layout = "webdataset" as Layout, shard = 0, tag = "", exif = false, order = results, replaces, kinds }: {
    layout?: Layout;
    shard?: number;
    tag?: string;
    exif?: boolean;
    order?: readonly RowResult[];
    replaces?: ShardStats["replaces"];
    kinds?: ColumnKinds;
  } = {},
): Promise<{ files: ShardFiles; stats: ShardStats }> {
  const files = shardFiles(folder, layout, shardName(shard, layout, tag));
  const writer = await openShardWriter({
    ...{ files, rows: results.length, scratch: `${folder}/.scratch`, exif, replaces, kinds },
  });
  await Promise.all(order.map((result) => writer.add(result)));
  return { files, stats: await writer.finish(times) };
}

/** Names of all files below a folder, sorted. */
export async function filesBelow(folder: string, within = ""): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(`${folder}/${within}`)) {
    if (isDirectory) names.push(...await filesBelow(folder, `${within}${name}/`));
    else names.push(within + name);
  }
  return names.sort();
}
