/**
 * The flags that every count over captions takes, so that they read, check and explain themselves alike: where the
 * captions are, how they are read, who reads them, and where the result goes.
 */
import {
  type CaptionFormat,
  type CaptionOptions,
  type FlagValues,
  type Quoting,
} from "../../data_utils/mod.ts";
import type { Shard } from "../run/count_job.ts";

/** Flags that say where captions are and how they are read. */
export const captionFlags = {
  captions: {
    kind: "texts",
    value: "FILE|PATTERN|FOLDER",
    help: "captions; may be repeated; a pattern goes in quotes; - is standard input",
  },
  "caption-col": {
    kind: "text",
    value: "NAME|N",
    help: "column or key of the caption, or its number from 0 (default: TEXT, caption or text)",
  },
  quoting: {
    kind: "text",
    choices: ["minimal", "none", "auto"],
    value: "RULE",
    default: "minimal",
    help:
      "how quotes are read in TSV and CSV: as pandas does, as letters, or as the file's beginning suggests",
  },
  format: {
    kind: "text",
    choices: ["parquet", "tsv", "csv", "jsonl", "json", "text", "tar"],
    value: "FORMAT",
    help: "read the files as this, not as what they look like",
  },
  header: { kind: "switch", help: "the first row of a table names its columns, whatever it holds" },
  "no-header": { kind: "switch", help: "the first row of a table is a caption's" },
  "url-path": { kind: "text", value: "FOLDER", help: "as in the reference: a folder of captions" },
  "input-format": {
    kind: "text",
    value: "ENDING",
    help: "as in the reference: read the folder's files of this ending (--url-path's default: parquet)",
  },
} as const;

/** Flags of how a count is run and where it goes. */
export const runFlags = {
  out: { kind: "text", value: "FOLDER", default: "freqs", help: "folder of the tables" },
  name: {
    kind: "text",
    value: "NAME",
    help: "the captions' name in the tables' names (default: from --captions)",
  },
  workers: { kind: "whole", least: 1, most: 512, help: "threads (default: one per core)" },
  shard: { kind: "text", value: "I/N", help: "count only part I of N; freq merge puts them together" },
  restart: { kind: "switch", help: "forget what an earlier run left, instead of going on from it" },
  "keep-partials": { kind: "switch", help: "keep partial results, so that a changed file is counted alone" },
  json: { kind: "switch", help: "print the summary and the tables' paths as JSON" },
} as const;

/** Both, as the counting commands take them. */
export const inputFlags = { ...captionFlags, ...runFlags } as const;

/** Where captions are and how they are read. */
export interface CaptionChoice {
  readonly inputs: readonly string[];
  readonly extension: string | undefined;
  readonly captionOptions: CaptionOptions;
}

/** What {@link inputFlags} say. */
export interface InputChoice extends CaptionChoice {
  readonly out: string;
  readonly name: string;
  readonly workers: number | undefined;
  readonly shard: Shard | undefined;
  readonly restart: boolean;
  readonly keepPartials: boolean;
  readonly json: boolean;
}

const withoutSlash = (path: string) => path.replace(/(?<=.)\/+$/, "");
const baseName = (path: string) => withoutSlash(path).split("/").at(-1)!;
const isPattern = (path: string) => /[*?{[]/.test(path);

/** A path as a pattern that means only itself. */
const literally = (path: string) => path.replace(/[*?{}[\]]/g, "[$&]");

/**
 * The captions that flags name. Throws RangeError when there are none, or for flags that contradict each other.
 */
export function readCaptionFlags(values: FlagValues<typeof captionFlags>): CaptionChoice {
  const folder = values["url-path"], extension = values["input-format"]?.replace(/^\./, "");
  if (values.captions.length === 0 && folder === undefined) {
    throw new RangeError("--captions is needed: a file, a pattern in quotes, a folder, or - ; see --help");
  }
  if (values.captions.length > 0 && folder !== undefined) {
    throw new RangeError("--captions and --url-path both say where the captions are: give one of them");
  }
  if (values.header && values["no-header"]) {
    throw new RangeError("--header and --no-header contradict each other: give one of them");
  }
  if (values.captions.filter((input) => input === "-").length > 1) {
    throw new RangeError("--captions - is given twice: standard input can be read once");
  }
  const column = values["caption-col"];
  return {
    inputs: folder === undefined
      ? values.captions
      : [`${literally(withoutSlash(folder))}/*.${literally(extension ?? "parquet")}`],
    extension: folder === undefined ? extension : undefined,
    captionOptions: {
      ...column === undefined ? {} : { column },
      quoting: values.quoting as Quoting,
      ...values.header || values["no-header"] ? { header: values.header } : {},
      ...values.format === undefined ? {} : { format: values.format as CaptionFormat },
    },
  };
}

/** "2/8" as a shard. Throws RangeError for anything else. */
export function parseShard(text: string): Shard {
  const [, index, of] = /^(\d+)\/(\d+)$/.exec(text)?.map(Number) ?? [];
  if (!(index >= 1 && of >= index && of <= 100_000)) {
    throw new RangeError(`--shard ${text} is not I/N, a part I from 1 to N, such as 2/8`);
  }
  return { index, of };
}

/**
 * What captions are called when the user does not say: the folder they are in, or a file's name up to its first dot.
 */
export async function nameOfCaptions(input: string): Promise<string> {
  if (input === "-") return "stdin";
  if (isPattern(baseName(input))) {
    const folders = withoutSlash(input).split("/").slice(0, -1);
    return folders.findLast((part) => part !== "" && !/^\.+$/.test(part) && !isPattern(part)) ?? "captions";
  }
  const isFolder = await Deno.stat(input).then((info) => info.isDirectory, () => false);
  const path = isFolder ? await Deno.realPath(input) : input;
  return isFolder ? baseName(path) : baseName(path).split(".")[0] || "captions";
}

/** What a count's flags say. Throws RangeError for what cannot be. */
export async function readInputFlags(values: FlagValues<typeof inputFlags>): Promise<InputChoice> {
  const captions = readCaptionFlags(values), folder = values["url-path"];
  const name = values.name ?? await nameOfCaptions(folder ?? captions.inputs[0]);
  // deno-lint-ignore no-control-regex
  if (name === "" || /[/\\\x00-\x1f]/.test(name)) {
    throw new RangeError(`--name ${JSON.stringify(name)} cannot be part of a file name: give another`);
  }
  return {
    ...captions,
    name,
    out: withoutSlash(values.out),
    workers: values.workers,
    shard: values.shard === undefined ? undefined : parseShard(values.shard),
    restart: values.restart,
    keepPartials: values["keep-partials"],
    json: values.json,
  };
}
