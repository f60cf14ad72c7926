/** `--verify`: a finished download is read again, and every hash checked. */
import { Failure } from "../../program/outcome.ts";
import type { Progress } from "../../program/progress.ts";
import { several } from "../report/amounts.ts";
import type { DownloadConfig } from "../run/download_config.ts";
import { openFolder, planOf } from "../run/folder.ts";
import { isOurs, stateFolder } from "../run/part.ts";
import { verifyFolder } from "../shards/verify_folder.ts";

const isFolder = (path: string) => Deno.stat(path).then(({ isDirectory }) => isDirectory, () => false);

/** Reads all shards again. Throws Failure when one is not as it was written, RangeError where nothing was begun. */
export async function verifyDownload(
  config: DownloadConfig,
  { json, progress, signal }: { json: boolean; progress: Progress; signal: AbortSignal },
): Promise<void> {
  const { out, layout, rowsPerShard, part } = config;
  if (!await isFolder(stateFolder(config))) {
    const which = part === null ? "" : " of this --shard";
    throw new RangeError(
      `${out} holds no download${which} to verify: give the command without --verify first`,
    );
  }
  using folder = await openFolder(config, progress);
  const plan = await planOf(folder, { progress, signal });
  const checks = verifyFolder({
    ...{ out, layout, rowsPerShard, signal },
    rows: plan.shards.map(({ rows }) => rows),
    mine: (shard) => isOurs(shard, part),
  });
  let shards = 0, rows = 0, successes = 0, faults = 0;
  for await (const check of checks) {
    shards++;
    rows += check.rows;
    successes += check.successes;
    faults += check.faults.length;
    if (json) console.log(JSON.stringify({ event: "verified", ...check }));
    else for (const fault of check.faults) console.log(fault);
    progress.show(`${several(shards, "shard")} read again, ${several(faults, "fault")}`);
  }
  progress.end();
  const sum = `${several(shards, "shard")}, ${several(rows, "row")}, ${
    several(successes, "image")
  } read again`;
  if (faults > 0) {
    throw new Failure(
      `${sum}: ${
        several(faults, "fault")
      }. Remove the files of these shards and give the command again, with --retry-failed ` +
        "for those called retry",
      1,
    );
  }
  console.log(json ? JSON.stringify({ event: "end", shards, rows, successes, faults }) : `${sum}: no fault`);
}
