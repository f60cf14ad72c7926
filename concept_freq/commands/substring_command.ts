/** `freq substring`: in how many captions each entry occurs, by MetaCLIP's rule. */
import { type Command, describeFlags, progressOn, readFlags } from "../../data_utils/mod.ts";
import { countAndWrite } from "./count_command.ts";
import { entryFlags, readEntries } from "./entry_flags.ts";
import { inputFlags, readInputFlags } from "./input_flags.ts";
import { keepEntries, substringTables } from "./substring_tables.ts";

const flagTable = {
  ...entryFlags,
  ...inputFlags,
  help: { kind: "switch", help: "this text" },
} as const;

const help = `Counts in how many captions each entry occurs, by the rule of MetaCLIP's metadata.

Usage: deno task freq substring --entries FILE --captions FILE|PATTERN|FOLDER [...]

${describeFlags(flagTable)}

The caption, with a space at both ends, with one on both sides of each of , . ; : ? ! \` and with one for every tab
and line end, must hold the entry with a space at both ends. Letters keep their case and runs of spaces stay.
An entry counts once per caption. Bytes that are no UTF-8 are compared as they are.
Writes entry_frequency_{name}.txt, most frequent first (tab, line ends and backslash in an entry are written
\\t \\n \\r \\\\), entry_counts_{name}.json, an object of entry and count in the entries' order, which freq metaclip
and freq balance read, and entry_frequency_{name}.json, which says what they came from. 500,000 entries need about
150 MB and 60 MB more per thread; 10,000,000 with one thread 2 GB. Stopped or killed, the same command goes on where
it was.

Exit codes: 0 done, 1 done but files had to be left out, or failed while running, 2 bad input, 130 stopped.

Example: deno task freq substring --entries metadata.json --captions "laion400m/*.parquet"`;

/** Counts entries; see its help. */
export const substringCommand: Command = {
  name: "substring",
  summary: "in how many captions each of half a million entries occurs, as MetaCLIP matches them",
  help,
  async run(args, signal) {
    if (args.includes("--help")) return console.log(help);
    const values = readFlags(args, flagTable, ["entries"]);
    const choice = await readInputFlags(values), progress = progressOn();
    const entries = await readEntries(values.entries!, progress), { compiled } = entries;
    const { inputs, extension, captionOptions, out, shard, workers, restart, name, json, keepPartials } =
      choice;
    await countAndWrite({
      ...{ inputs, extension, captionOptions, out, shard, workers, restart, signal, progress },
      command: "substring",
      name,
      captionsName: name,
      kind: "substring",
      spec: compiled,
      settings: { entries: compiled.digest },
      about: null,
      aside: (folder) => keepEntries(folder, entries),
    }, { writeTables: substringTables, keepPartials, json });
  },
};
