/** `freq class`: in how many captions each class of a concept set is mentioned. */
import { type Command, describeFlags, loadWordNet, progressOn, readFlags } from "../../data_utils/mod.ts";
import { compileConcepts } from "../count/compile.ts";
import { loadConceptSet } from "../language/concept_set.ts";
import { nounLemmatiser } from "../language/lemmas.ts";
import { type AboutClasses, classTables } from "./class_tables.ts";
import { countAndWrite } from "./count_command.ts";
import { inputFlags, readInputFlags } from "./input_flags.ts";

const flagTable = {
  ...inputFlags,
  "concept-set": {
    kind: "text",
    value: "NAME|FILE",
    help: "classes: a set of the metadata folder by name (default imagenet), or a file of names",
  },
  dataset: { kind: "text", value: "NAME", help: "as in the reference: the same as --concept-set" },
  metadata: {
    kind: "text",
    value: "FOLDER",
    default: "metadata",
    help: "the reference's folder of that name, for sets given by name",
  },
  rules: { kind: "text", value: "FILE", help: "JSON of negative words and replaced phrases of your own" },
  wordnet: { kind: "text", value: "FOLDER", help: "WordNet 3.0: index.noun and noun.exc (default: found)" },
  modern: { kind: "switch", help: "kinder rules for words; other numbers than the reference's" },
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
    if (values["concept-set"] !== undefined && values.dataset !== undefined) {
      throw new RangeError("--concept-set and --dataset mean the same: give one of them");
    }
    const wanted = values["concept-set"] ?? values.dataset ?? "imagenet", { modern } = values;
    const choice = await readInputFlags(values), progress = progressOn();
    const lemmatiser = nounLemmatiser(await loadWordNet({ folder: values.wordnet }), { modern });
    const options = { lemmatiser, metadata: values.metadata, rulesFile: values.rules };
    const set = await loadConceptSet(wanted, options), concepts = compileConcepts(set, lemmatiser);
    for (const note of set.notes) progress.note(note);
    const { inputs, extension, captionOptions, out, shard, workers, restart, name, json, keepPartials } =
      choice;
    await countAndWrite({
      ...{ inputs, extension, captionOptions, out, shard, workers, restart, signal, progress },
      command: "class",
      name: `${name}_${set.name}`,
      captionsName: name,
      kind: "class",
      spec: concepts,
      settings: { concepts: concepts.digest, modern: String(modern) },
      about: { set: set.name, classNames: set.classNames } satisfies AboutClasses,
    }, { writeTables: classTables, keepPartials, json });
  },
};
