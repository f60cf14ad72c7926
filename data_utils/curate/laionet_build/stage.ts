/** What the stages of `data laionet-build` share: how each is described, their flags, and how labels are summed up. */
import { describeFlags, type FlagTable } from "../../program/flags.ts";
import { curationFlags } from "../curation.ts";
import { METHODS } from "./methods.ts";

/** A stage of the building, called by the word behind `laionet-build`. */
export interface Stage {
  readonly name: string;
  readonly summary: string;
  readonly help: string;
  /** Throws as Command.run does. */
  run(args: readonly string[], signal: AbortSignal): Promise<void>;
}

/** The flags of every stage. Nothing is drawn, so there is no seed. */
export const endFlags = {
  "dry-run": curationFlags["dry-run"],
  json: curationFlags.json,
  help: curationFlags.help,
} as const;

/** The flags of where captions come from. */
export const captionFlags = {
  "caption-col": {
    kind: "text",
    value: "NAME",
    help: "column of the captions (default: TEXT, caption or text)",
  },
  quoting: {
    kind: "text",
    choices: ["minimal", "none", "auto"],
    default: "minimal",
    help: "how quotes are read in TSV and CSV",
  },
} as const;

export const labelsFlag = {
  kind: "texts",
  value: "PATH",
  help: "labels: files, globs or a folder (its wnid2laionindices*.json); may be repeated",
} as const;

export const methodFlag = {
  kind: "text",
  choices: METHODS,
  help: "how the rows were chosen, which the table's name says",
} as const;

export const towerFlags = {
  weights: {
    kind: "text",
    value: "FILE",
    help: "CLIP's text tower: .pt of OpenAI or open_clip, or .safetensors (the reference: ViT-B/32)",
  },
  bpe: { kind: "text", value: "FILE", help: "CLIP's byte pairs, bpe_simple_vocab_16e6.txt.gz" },
} as const;

/** A folder without slashes at its end. */
export const folderOf = (path: string): string => path.replace(/(?<=.)\/+$/, "");

/** The text of a stage's help. */
export function stageHelp(
  name: string,
  text: string,
  usage: string,
  flags: FlagTable,
  example: string,
): string {
  const parts = usage.split(/ (?=--|\()/), lines = [`Usage: deno task data laionet-build ${name}`];
  for (const part of parts) {
    const longer = `${lines.at(-1)} ${part}`;
    if (longer.length > 100) lines.push(`       ${part}`);
    else lines[lines.length - 1] = longer;
  }
  return `${text}

${lines.join("\n")}

${describeFlags(flags)}

Example: deno task data laionet-build ${name} ${example}`;
}

/** Rows of each name, for the histogram. */
export function countsOf(
  names: readonly string[],
  lists: Iterable<readonly [string, { readonly length: number }]>,
): { names: readonly string[]; counts: number[] } | null {
  const counts = new Map(names.map((name) => [name, 0]));
  for (const [name, list] of lists) counts.set(name, list.length);
  return names.length === 0 ? null : { names, counts: names.map((name) => counts.get(name)!) };
}
