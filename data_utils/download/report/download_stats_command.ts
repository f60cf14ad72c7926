/** `data download-stats`: what a download came to, over all its shards, rounds and machines. */
import type { Command } from "../../program/command.ts";
import { describeFlags, parseFlags } from "../../program/flags.ts";
import { Failure } from "../../program/outcome.ts";
import { writeJsonAtomically } from "../../runs/atomic.ts";
import { finalTables, outputWidth } from "./final_table.ts";
import { mergedJson, mergeStats } from "./merge_stats.ts";
import { statsFiles } from "./stats_files.ts";

const flagTable = {
  out: { kind: "text", value: "FILE", help: "write the merged statistics there as JSON" },
  json: { kind: "switch", help: "the merged statistics as JSON on standard output instead of the tables" },
  help: { kind: "switch", help: "this text" },
} as const;

const help = `Adds up the statistics of downloads and prints rows by status, reason and host.

Usage: deno task data download-stats DIR|FILE... [--json] [--out FILE]

${describeFlags(flagTable)}

DIR is the folder of a download in either layout; several are added up, such as those of several machines, or of
several data sets. Only NAME_stats.json are read, so the shards themselves need not be there. FILE is one of these, or
what --out wrote: a machine can send that instead of its folder.

A row that was tried again (--retry-failed) counts once, with its last outcome. A shard that is in two folders, with
equal hashes, counts once.

Exit codes: 0 done, 1 some files could not be read and are left out, 2 bad input, 130 stopped.

Example: deno task data download-stats machine1/cc12m machine2/cc12m --out cc12m_stats.json`;

/**
 * Prints sums on standard output. Throws RangeError where there is nothing to sum, and Failure when files had to be left
 * out.
 */
export const downloadStatsCommand: Command = {
  name: "download-stats",
  summary: "adds up the statistics of download: rows by status, reason and host",
  help,
  async run(args, signal) {
    const { values, positional: paths } = parseFlags(args, flagTable);
    if (values.help) return console.log(help);
    if (paths.length === 0) {
      throw new RangeError("download-stats needs a folder: data download-stats DIR...; see --help");
    }
    const { sum, unreadable, copies } = await mergeStats(await statsFiles(paths), signal);
    for (const path of copies) console.error(`${path} is a copy of a shard in another folder: counted once`);
    if (values.out !== undefined) await writeJsonAtomically(values.out, mergedJson(sum));
    console.log(values.json ? JSON.stringify(mergedJson(sum), null, 2) : finalTables(sum, outputWidth()));
    if (unreadable.length === 0) return;
    for (const reason of unreadable) console.error(reason);
    const files = unreadable.length === 1 ? "1 file" : `${unreadable.length} files`;
    throw new Failure(
      `Left out ${files} that could not be read: data download --verify says what is whole`,
      1,
    );
  },
};
