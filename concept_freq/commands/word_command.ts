/** `freq word`: in how many captions each lemma occurs. */
import {
  type Command,
  describeFlags,
  loadWordNet,
  progressOn,
  readFlags,
  wordNetDigest,
} from "../../data_utils/mod.ts";
import type { WordSpec } from "../words/word_counter.ts";
import { countAndWrite } from "./count_command.ts";
import { inputFlags, readInputFlags } from "./input_flags.ts";
import { wordTables } from "./word_tables.ts";

const flagTable = {
  ...inputFlags,
  wordnet: { kind: "text", value: "FOLDER", help: "WordNet 3.0: index.noun and noun.exc (default: found)" },
  modern: { kind: "switch", help: "kinder rules for words; other numbers than the reference's" },
  help: { kind: "switch", help: "this text" },
} as const;

const help = `Counts in how many captions each word occurs, plurals of nouns as their singulars.

Usage: deno task freq word --captions FILE|PATTERN|FOLDER [...]

${describeFlags(flagTable)}

A caption's words are its runs of the letters a-z in either case, as WordNet's lemmas of nouns; each counts once
per caption. Writes word_frequency_{name}.txt, the most frequent word first and equally frequent ones in
alphabetical order (in the reference that order is left to chance), and a .json that says what it came from.
Memory stays below 250 MB a thread however many words there are; what is more goes to disk below --out meanwhile.
Stopped or killed, the same command goes on where it was.

Exit codes: 0 done, 1 done but files had to be left out, or failed while running, 2 bad input, 130 stopped.

Example: deno task freq word --captions "laion400m/*.parquet"`;

/** Counts words; see its help. */
export const wordCommand: Command = {
  name: "word",
  summary: "in how many captions each word occurs",
  help,
  async run(args, signal) {
    const values = readFlags(args, flagTable);
    if (values.help) return console.log(help);
    const choice = await readInputFlags(values), progress = progressOn();
    const nouns = await loadWordNet({ folder: values.wordnet }), { modern } = values;
    const { inputs, extension, captionOptions, out, shard, workers, restart, name, json, keepPartials } =
      choice;
    await countAndWrite<WordSpec>({
      ...{ inputs, extension, captionOptions, out, shard, workers, restart, signal, progress },
      command: "word",
      name,
      captionsName: name,
      kind: "word",
      spec: { nouns, modern },
      settings: { ...wordNetDigest(nouns), modern: String(modern) },
      about: null,
    }, { writeTables: wordTables, keepPartials, json });
  },
};
