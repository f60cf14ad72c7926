/** `freq class`: in how many captions each class of a concept set is mentioned. */
import { type Command, describeFlags, progressOn, readFlags } from "../../data_utils/mod.ts";
import { type AboutClasses, classTables } from "./class_tables.ts";
import { chosenConcepts, conceptFlags } from "./concept_flags.ts";
import { countAndWrite } from "./count_command.ts";
import { inputFlags, readInputFlags } from "./input_flags.ts";

const flagTable = {
  ...inputFlags,
  ...conceptFlags,
  help: { kind: "switch", help: "this text" },
} as const;

const help = `Counts in how many captions each class of a concept set is mentioned.

Usage: deno task freq class --captions FILE|PATTERN|FOLDER [--concept-set NAME|FILE] [...]

${describeFlags(flagTable)}

Files are parquet, TSV, CSV, JSONL, JSON, text, or WebDataset tar, also gzipped, known by what is in them.
Writes class_frequency_{name}_{set}.txt, most frequent first, ..._ori.txt in the order of the classes, and a
.json that says what they came from. Stopped or killed, the same command goes on where it was.

Exit codes: 0 done, 1 done but files had to be left out, or failed while running, 2 bad input, 130 stopped.

Example: deno task freq class --captions "laion400m/*.parquet" --concept-set imagenet --metadata metadata`;

/** Counts classes; see its help. */
export const classCommand: Command = {
  name: "class",
  summary: "in how many captions each class of a concept set is mentioned",
  help,
  async run(args, signal) {
    const values = readFlags(args, flagTable);
    if (values.help) return console.log(help);
    const choice = await readInputFlags(values), progress = progressOn();
    const { set, concepts } = await chosenConcepts(values, progress);
    const { inputs, extension, captionOptions, out, shard, workers, restart, name, json, keepPartials } =
      choice;
    await countAndWrite({
      ...{ inputs, extension, captionOptions, out, shard, workers, restart, signal, progress },
      command: "class",
      name: `${name}_${set.name}`,
      captionsName: name,
      kind: "class",
      spec: concepts,
      settings: { concepts: concepts.digest, modern: String(values.modern) },
      about: { set: set.name, classNames: set.classNames } satisfies AboutClasses,
    }, { writeTables: classTables, keepPartials, json });
  },
};
