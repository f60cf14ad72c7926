/**
 * Samples out of WebDataset shards: consecutive members with the same name up to the first dot make one sample.
 * Image: .jpg .jpeg .png .webp; label: .cls (number or class name); caption: .txt; both may stand in .json (`label` or
 * `cls`, `caption`). Members of other kinds are ignored.
 */
import { globSync } from "node:fs";
import { expandBraces } from "./braces.ts";
import { imageExtensions, type ImageRef, labelReader, type Sample } from "./sample.ts";
import { type SkipTally } from "./skips.ts";
import { type TarMember, tarMembers } from "./tar.ts";

/**
 * The files that patterns name, in order, each once: plain paths, `*`, `?`, `[...]`, `{a,b}` and ranges `{00000..00041}`.
 * Throws RangeError for a pattern, or a part of a range or choice, that names no file.
 */
export function expandFiles(patterns: string | readonly string[]): string[] {
  const isFile = (path: string) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  };
  const files = [patterns].flat().flatMap((pattern) => {
    if (isFile(pattern)) return [pattern];
    return expandBraces(pattern).flatMap((word) => {
      const found = isFile(word) ? [word] : globSync(word).filter(isFile).sort();
      if (found.length > 0) return found;
      const where = word === pattern ? "" : `, which ${pattern} names`;
      throw new RangeError(`No file matches ${word}${where}: check the path`);
    });
  });
  return [...new Set(files)];
}

/** Where samples come from and what is asked of them. */
export interface SampleOptions {
  /** Names of the classes; a label outside them is left out. Empty or absent: labels are optional and unchecked. */
  classNames?: readonly string[];
  /** Where left-out samples are counted. */
  skips: SkipTally;
  /** Keep only the place of images in plain archives, not their bytes: for sets larger than memory. */
  placesOnly?: boolean;
  /** Names of a table's columns, where they are not filepath, label and caption. */
  columns?: { file?: string; label?: string; caption?: string };
  signal?: AbortSignal;
}

function splitName(name: string): { key: string; extension: string } | null {
  if (/^[/\\]|(^|[/\\])\.\.([/\\]|$)|[\0]/.test(name)) return null;
  const slash = name.lastIndexOf("/"), dot = name.indexOf(".", slash + 1);
  return dot < 0
    ? { key: name, extension: "" }
    : { key: name.slice(0, dot), extension: name.slice(dot + 1).toLowerCase() };
}

interface Group {
  key: string;
  /** Which group of its shard it is. */
  number: number;
  image?: ImageRef;
  texts: Partial<Record<"cls" | "txt" | "json", string>>;
}

/** The sample a group of members makes, or the reason why it makes none. */
function sampleOf(
  group: Group,
  toLabel: (text: string) => number | null,
  labelled: boolean,
): Sample | string {
  const { key, image, texts } = group;
  let notes: Record<string, unknown> = {};
  try {
    notes = JSON.parse(texts.json ?? "{}") ?? {};
  } catch {
    return "malformed json";
  }
  if (!image) return "no image";
  const labelText = texts.cls ?? notes.cls ?? notes.label, captionText = texts.txt ?? notes.caption;
  const label = labelText === undefined ? -1 : toLabel(String(labelText));
  if (label === null) return "label outside the classes";
  if (label < 0 && labelled) return "no label";
  return { key, label, caption: typeof captionText === "string" ? captionText.trim() : null, image };
}

/**
 * Samples of the shards at `paths`, in order, read once and streaming. A damaged shard throws (see tarMembers); a
 * sample without image, with a label outside the classes, malformed json or an unsafe name is counted and left out.
 */
export async function* shardSamples(
  paths: readonly string[],
  options: SampleOptions,
): AsyncGenerator<Sample> {
  const { classNames = [], skips, placesOnly, signal } = options;
  const toLabel = labelReader(classNames), decoder = new TextDecoder();
  const finish = (group: Group, file: string): Sample[] => {
    const sample = sampleOf(group, toLabel, classNames.length > 0);
    if (typeof sample !== "string") {
      return [sample.image instanceof Uint8Array ? { ...sample, from: file } : sample];
    }
    skips.add(sample, group.key, { file, number: group.number });
    return [];
  };
  const addMember = async (group: Group, extension: string, file: string, member: TarMember) => {
    if (imageExtensions.has(extension)) {
      const part = { offset: member.offset, length: member.size };
      group.image = placesOnly && member.seekable ? { file, part } : await member.read();
    } else if (extension === "cls" || extension === "txt" || extension === "json") {
      group.texts[extension] = decoder.decode(await member.read());
    }
  };
  for (const path of paths) {
    let group: Group = { key: "", number: 0, texts: {} };
    for await (const member of tarMembers(path)) {
      signal?.throwIfAborted();
      const name = splitName(member.name);
      if (!name) {
        skips.add("unsafe member name", member.name, { file: path, number: member.offset });
        continue;
      }
      if (group.key !== name.key) {
        if (group.key) yield* finish(group, path);
        group = { key: name.key, number: group.number + 1, texts: {} };
      }
      await addMember(group, name.extension, path, member);
    }
    if (group.key) yield* finish(group, path);
  }
}
