/** Names of files as the study's run scripts read them, with the names that the reference's programs give or publish. */
import { basename, dirname } from "node:path";
import type { CaptionRule } from "./caption_rule.ts";

/** A file's name, and other names of the same file with where they stand. */
export interface NamedFile {
  readonly path: string;
  readonly notes: readonly string[];
}

const inFolderOf = (path: string, base: string) =>
  dirname(path) === "." && !path.startsWith("./") ? base : `${dirname(path)}/${base}`;

/** The table of a variant of `rows` rows in `folder`. */
export function variantTable(folder: string, rule: CaptionRule, rows: number): NamedFile {
  const used = (["title", "tags", "description"] as const).filter((part) => rule[part]);
  const stem = ["incaps", ...used].join("_"), ends = `${rule.className?.drawn ? "_synset" : ""}_${rows}.tsv`;
  if (rule.className === null) return { path: `${folder}/${stem}${ends}`, notes: [] };
  const { mode } = rule.className, name = `${stem}_${mode}${ends}`;
  const notes = used.length === 0
    ? []
    : [`the reference's program calls ${name} ${stem}+${mode}${ends}; run scripts read _`];
  return { path: `${folder}/${name}`, notes };
}

/** What the frequency table of a variant without class names is called, by description 1 + tags 2 + title 4. */
const USED = [
  ...["", "description_only", "tags_only", "no_title"],
  ...["title_only", "no_tags", "no_description", "full_text"],
];

/** The frequency table of a variant in `folder`. Variants with class names keep all images and share one. */
export function variantFrequencies(folder: string, rule: CaptionRule): NamedFile {
  const name = rule.className
    ? ""
    : USED[Number(rule.description) + 2 * Number(rule.tags) + 4 * Number(rule.title)];
  if (name !== "") return { path: `${folder}/class_frequency_incaps_${name}_imagenet_ori.txt`, notes: [] };
  return {
    path: `${folder}/class_frequency_incaps_imagenet_ori.txt`,
    notes: ["the reference's program calls the frequency table class_frequency_incaps__imagenet_ori.txt"],
  };
}

/** The base name with `by` for every "incaps". Throws RangeError, naming the flag, where there is none. */
function renamed(base: string, by: string, flag: string): string {
  if (base.includes("incaps")) return base.replaceAll("incaps", by);
  throw new RangeError(
    `--${flag} ${base}: outputs are named after it, with another word for "incaps", which it lacks`,
  );
}

/** The base name up to its last underscore. Throws RangeError where there is none. */
function cut(base: string): string {
  const at = base.lastIndexOf("_");
  if (at > 0) return base.slice(0, at);
  throw new RangeError(
    `--df-path ${base}: the output is named after it up to its last underscore, which it lacks`,
  );
}

/** What was chosen: how many classes, how many rows. */
export interface Chosen {
  readonly classes: number | null;
  readonly rows: number | null;
}

/** The table of a subset. Throws RangeError for a name that does not go with the rule. */
export function subsetTable(path: string, { classes, rows }: Chosen): NamedFile {
  let base = basename(path);
  if (classes !== null) base = renamed(base, `in${classes}caps`, "df-path");
  if (rows !== null) base = `${cut(base)}_${rows}.tsv`;
  return { path: inFolderOf(path, base), notes: [] };
}

/** The frequency table of a subset. Throws RangeError for a name that does not go with the rule. */
export function subsetFrequencies(path: string, { classes, rows }: Chosen): NamedFile {
  const base = renamed(basename(path), classes === null ? "incaps" : `in${classes}caps`, "freq-path");
  const stem = classes === null ? "incaps" : `in${classes}caps`, notes: string[] = [];
  const named = rows === null ? base : base.replaceAll(stem, `${stem}_n${rows}`);
  if (rows !== null && classes !== null) {
    notes.push(`the reference's program calls ${named} ${base}, as without --n`);
  }
  if (rows !== null && classes === null && named.endsWith("_imagenet_ori.txt")) {
    notes.push(`run scripts read ${named} as ${named.replace("_imagenet_ori.txt", "_ori.txt")}`);
  }
  if (rows === null && classes === 100) {
    notes.push(`${named} is published as ${basename(path).replace("_imagenet_ori", "_imagenet100_ori")}`);
  }
  return { path: inFolderOf(path, named), notes };
}

/** The table of a trimmed tail. Throws RangeError for a name that does not go with the rule. */
export function trimmedTable(path: string, lastk: number, ceil: number): NamedFile {
  const stem = cut(basename(path)), name = `${stem}_fstail${lastk}ceil${ceil}.tsv`;
  const notes = [
    `the reference's program calls ${name} ${stem}_tail${lastk}ceil${ceil}.tsv; run scripts read fstail`,
  ];
  return { path: inFolderOf(path, name), notes };
}

/** The frequency table of a trimmed tail. Throws RangeError for a name that does not go with the rule. */
export function trimmedFrequencies(path: string, lastk: number, ceil: number): NamedFile {
  return {
    path: inFolderOf(path, renamed(basename(path), `incaps_fstail${lastk}ceil${ceil}`, "freq-path")),
    notes: [],
  };
}
