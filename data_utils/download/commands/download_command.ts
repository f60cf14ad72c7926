/** `data download`: image-text sources into WebDataset shards. */
import type { Command } from "../../program/command.ts";
import { describeFlags, parseFlags } from "../../program/flags.ts";
import { exitCode, Stopped } from "../../program/outcome.ts";
import { type Progress, progressOn } from "../../program/progress.ts";
import { noteOf } from "../outcome.ts";
import { finalTables, outputWidth } from "../report/final_table.ts";
import { mergeStats } from "../report/merge_stats.ts";
import { openReport } from "../report/open_report.ts";
import type { DownloadConfig } from "../run/download_config.ts";
import { planWithoutDuplicates, settleDuplicates } from "../run/duplicates.ts";
import { retryFailed } from "../run/retry_round.ts";
import { openFolder, planOf, statsPaths } from "../run/folder.ts";
import { runDownload } from "../run/run_download.ts";
import { sources } from "../sources/sources.ts";
import { type DownloadFlags, downloadFlags } from "./download_flags.ts";
import { dryRun } from "./dry_run.ts";
import { configOf } from "./flags_config.ts";
import { verifyDownload } from "./verify_download.ts";

const about = Object.values(sources).map(({ name, about }) => `  ${name.padEnd(14)}${about}`).join("\n");

const help = `Downloads the images of a table into WebDataset shards that img2dataset's users know: 00000.tar
with KEY.jpg, KEY.txt and KEY.json, 00000.parquet with one row per input row and what became of it,
00000_stats.json. KEY is the number of the shard and of the row within it, for ever. A shard appears
whole or not at all; stopped or killed, the same command goes on where it was.

Usage: deno task data download --source NAME --input FILE|GLOB|DIR --out DIR [...]

Sources, and the columns they have:
${about}

${describeFlags(downloadFlags)}

Exit codes: 0 every row has its outcome (which may be a failure: see the table at the end), 1 failed
while running, or --verify found a fault, 2 bad input, 130 stopped.

Example: deno task data download --source cc12m --input cc12m.tsv --out cc12m --contact me@example.org`;

/** What a command line asks for. */
interface Wishes {
  readonly values: DownloadFlags;
  readonly reasons: readonly string[] | null;
  readonly config: DownloadConfig;
  readonly progress: Progress;
}

function reasonsOf(values: DownloadFlags): string[] | null {
  if (values.reasons === undefined) return null;
  if (!values["retry-failed"]) {
    throw new RangeError("--reasons says which failures --retry-failed goes over: give that too");
  }
  const reasons = values.reasons.split(",").map((reason) => reason.trim()).filter((reason) => reason !== "");
  for (const reason of reasons) noteOf(reason);
  if (reasons.length === 0) throw new RangeError("--reasons names no reason, such as http_404,dns");
  return reasons.sort();
}

function readValues(args: readonly string[]): DownloadFlags {
  const { values, given, positional } = parseFlags(args, downloadFlags);
  if (positional.length > 0) {
    throw new RangeError(
      `Unexpected ${positional[0]}: several inputs are --input A --input B, or a pattern in quotes`,
    );
  }
  for (const name of ["source", "input", "out"] as const) {
    if (!given.has(name)) throw new RangeError(`--${name} is needed; see --help`);
  }
  const modes = (["retry-failed", "verify", "dry-run"] as const).filter((name) => values[name]);
  if (modes.length > 1) throw new RangeError(`--${modes.join(" and --")} do not go together`);
  return values;
}

/** Fetches what is to be fetched, and shows the sums. */
async function fetchAll(
  { config, values, reasons, progress }: Wishes,
  signal: AbortSignal,
): Promise<void> {
  const { json } = values, passing = { progress, signal };
  using folder = await openFolder(config, progress);
  const { plan, isDuplicate } = config.dedup === "drop"
    ? await planWithoutDuplicates(folder, passing)
    : { plan: await planOf(folder, passing), isDuplicate: undefined };
  {
    await using report = openReport({ progress, json, metricsPort: values["metrics-port"] });
    const context = { tell: report.tell, progress, signal };
    await runDownload(folder, plan, context, isDuplicate);
    if (values["retry-failed"]) await retryFailed(folder, plan, reasons, context);
  }
  if (config.dedup !== "none") await settleDuplicates(folder, plan, passing);
  if (json) return;
  const paths = await statsPaths(folder);
  if (paths.length === 0) return progress.note("There is no shard for this part");
  console.log(finalTables((await mergeStats(paths, signal)).sum, outputWidth()));
}

/** Downloads; see its help. */
export const downloadCommand: Command = {
  name: "download",
  summary:
    "image-text sources (YFCC, LAION, CC12M, WIT, RedCaps, Shutterstock, any list) into WebDataset shards",
  help,
  async run(args, signal) {
    if (args.includes("--help")) return console.log(help);
    const values = readValues(args), reasons = reasonsOf(values), config = configOf(values);
    const wishes: Wishes = { values, reasons, config, progress: progressOn() };
    if (values["dry-run"]) {
      return await dryRun(config, { json: values.json, progress: wishes.progress, signal });
    }
    if (values.verify) {
      return await verifyDownload(config, { json: values.json, progress: wishes.progress, signal });
    }
    try {
      await fetchAll(wishes, signal);
    } catch (error) {
      if (!signal.aborted || exitCode(error) !== 130) throw error;
      throw new Stopped("Stopped: the same command goes on where it was");
    }
  },
};
