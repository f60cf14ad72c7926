/** `freq metaclip`: class frequencies from the counts of MetaCLIP's metadata entries. */
import {
  type Command,
  describeFlags,
  progressOn,
  readFlags,
  writeJsonAtomically,
} from "../../data_utils/mod.ts";
import { chosenConcepts, conceptFlags, either } from "./concept_flags.ts";
import { countEntries, metaclipName } from "../metaclip/count_entries.ts";
import { grouped } from "../tables/text_table.ts";
import { classTablePaths, writeClassTables } from "../tables/write_tables.ts";

const flagTable = {
  json: { kind: "text", value: "FILE", help: 'a JSON object {"text": count, ...}, plain or gzipped' },
  "json-path": { kind: "text", value: "FILE", help: "as in the reference: the same as --json" },
  ...conceptFlags,
  out: { kind: "text", value: "FOLDER", default: "freqs", help: "folder of the tables" },
  name: {
    kind: "text",
    value: "NAME",
    help: "name in the tables' names (default: the file's up to its first dot, with metaclip for datacard)",
  },
  "summary-json": { kind: "switch", help: "print what was counted and the tables' paths as JSON" },
  help: { kind: "switch", help: "this text" },
} as const;

const help = `Adds up the counts of all entries that mention a class, entry by entry of MetaCLIP's metadata.

Usage: deno task freq metaclip --json FILE [--concept-set NAME|FILE] [...]

${describeFlags(flagTable)}

Writes class_frequency_{name}_{set}.txt, most frequent first, ..._ori.txt in the order of the classes, and a .json that
says what they came from. The file is read piece by piece and may be of any size; counts are whole numbers. An entry
that stands twice counts twice. Nothing is written when the file is damaged or cut short.

Exit codes: 0 done, 1 failed while running, 2 bad input, 130 stopped.

Example: deno task freq metaclip --json datacard_400m.json --concept-set imagenet --metadata metadata`;

/** Counts classes in weighted texts; see its help. */
export const metaclipCommand: Command = {
  name: "metaclip",
  summary: "class frequencies from a JSON object of texts and their counts",
  help,
  async run(args, signal) {
    const values = readFlags(args, flagTable);
    if (values.help) return console.log(help);
    const path = either(["json", "json-path"], values), { modern, out } = values;
    if (path === undefined) {
      throw new RangeError("--json is needed, an object of texts and counts; see --help");
    }
    const name = values.name ?? metaclipName(path), progress = progressOn();
    const { set, concepts } = await chosenConcepts(values, progress);
    classTablePaths({ out, name, set: set.name });
    const onPiece = (entries: number) => progress.show(`${grouped(entries)} entries`);
    const found = await countEntries(path, concepts, { signal, onPiece });
    progress.end();
    const { sorted, ori } = await writeClassTables({
      ...set,
      counts: found.counts,
      out,
      name,
      set: set.name,
    });
    const { entries, total, matched, matchedTotal } = found, provenance = sorted.replace(/txt$/, "json");
    const summary = {
      ...{ command: "metaclip", json: path, bytes: (await Deno.stat(path)).size, concept_set: set.name },
      ...{ classes: set.classNames.length, concepts: concepts.digest, modern, entries, total },
      ...{ matched_entries: matched, matched_total: matchedTotal, tables: [sorted, ori] },
    };
    await writeJsonAtomically(provenance, summary);
    progress.note(`${grouped(entries)} entries, of which ${grouped(matched)} mention a class`);
    if (values["summary-json"]) console.log(JSON.stringify({ ...summary, provenance }, null, 2));
    else console.log(`${sorted} ${ori}`);
  },
};
