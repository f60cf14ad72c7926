/** `freq merge`: the parts of a count put together to the tables that one run would have written. */
import {
  type Command,
  describeFlags,
  Failure,
  parseFlags,
  progressOn,
  writeTextAtomically,
} from "../../data_utils/mod.ts";
import { mergeParts } from "../run/merge.ts";
import { mergeScratch } from "../run/merge_scratch.ts";
import type { WriteTables } from "../run/tables.ts";
import { sumTables } from "../tables/sum_tables.ts";
import { classTables } from "./class_tables.ts";
import { failIfIncomplete, noteSummary, writeOutcome } from "./count_command.ts";
import { substringTables } from "./substring_tables.ts";
import { wordTables } from "./word_tables.ts";

/** Who writes the tables, by the command that counted. */
const writers: Readonly<Record<string, WriteTables>> = {
  class: classTables,
  substring: substringTables,
  word: wordTables,
};

const flagTable = {
  out: { kind: "text", value: "FOLDER|FILE", help: "folder of the tables; with --tables the table to write" },
  partial: { kind: "switch", help: "write the tables although parts are missing, and say which" },
  tables: { kind: "switch", help: "add up frequency tables by name instead, in the order of the first" },
  json: { kind: "switch", help: "print the summary and the tables' paths as JSON" },
  help: { kind: "switch", help: "this text" },
} as const;

const help = `Puts together what several runs with --shard counted, or adds up frequency tables.

Usage: deno task freq merge --out FOLDER PART...
       deno task freq merge --tables --out FILE TABLE...

${describeFlags(flagTable)}

A PART is the --out of a run with --shard, or one folder of its .partial. The parts must be of the same files
and settings and hold every unit once; the tables are then those of a single run, byte for byte.

Exit codes: 0 done, 1 parts are missing or files were left out, 2 bad input, 130 stopped.

Example: deno task freq merge --out freqs machine_1/freqs machine_2/freqs`;

/** Merges; see its help. */
export const mergeCommand: Command = {
  name: "merge",
  summary: "parts of a count put together, or frequency tables added up",
  help,
  async run(args, signal) {
    const { values, positional } = parseFlags(args, flagTable);
    if (values.help) return console.log(help);
    if (values.out === undefined) throw new RangeError("--out is needed; see freq merge --help");
    if (positional.length === 0) throw new RangeError("freq merge needs parts; see freq merge --help");
    const out = values.out.replace(/(?<=.)\/+$/, "");
    if (values.tables) {
      await writeTextAtomically(out, await sumTables(positional));
      return console.log(values.json ? JSON.stringify({ tables: [out] }) : out);
    }
    const progress = progressOn(), held = await mergeScratch(out), { scratch } = held;
    try {
      const { outcome, missing } = await mergeParts({ parts: positional, scratch, progress, signal });
      if (missing.length > 0 && !values.partial) {
        for (const line of missing.slice(0, 100)) progress.note(line);
        throw new Failure(
          `${missing.length} ${
            missing.length === 1 ? "unit is" : "units are"
          } in no part: give the missing parts too, or --partial for tables without them`,
          1,
        );
      }
      if (!Object.hasOwn(writers, outcome.command)) {
        throw new RangeError(`freq merge knows no tables of freq ${outcome.command}`);
      }
      noteSummary(outcome, progress);
      const end = { writeTables: writers[outcome.command], json: values.json };
      await writeOutcome(outcome, end, { out, scratch, progress, signal });
      failIfIncomplete(outcome);
    } finally {
      await held.release();
    }
  },
};
