/**
 * What a file of captions is, from its content; its name decides only what the content leaves open. Datasets come with
 * wrong names, with error pages and with pointers in place of files, and none of these may be counted as captions.
 */
import { openBytes } from "../loader/bytes.ts";
import { tarMembers } from "../loader/tar.ts";
import { TEXT_BYTES } from "./arena.ts";
import type { CaptionFormat, CaptionOptions } from "./caption_file.ts";
import { CAPTION_NAMES } from "./column.ts";
import { elementSplitter } from "./json_elements.ts";
import { captionKey, isObject, parseJson } from "./json_value.ts";

const HEAD = 2 ** 16, LINES_LOOKED_AT = 10;

/** Beginnings of files that hold no captions, or not in a way that is read, and what to do. */
const foreign: readonly [string, string][] = [
  ["\x28\xb5\x2f\xfd", "is compressed with zstd: unpack it, or pack it with gzip"],
  ["\xfd7zXZ\0", "is compressed with xz: unpack it, or pack it with gzip"],
  ["BZh", "is compressed with bzip2: unpack it, or pack it with gzip"],
  ["PK\x03\x04", "is a zip archive: unpack it"],
  ["version https://git-lfs.github.com/spec", "is a pointer of Git LFS, not the file: run git lfs pull"],
  ["<!DOCTYPE html", "is a web page, perhaps one that reports an error: fetch the file again"],
  ["<html", "is a web page, perhaps one that reports an error: fetch the file again"],
];

/** The beginning of a file, unpacked, as text of one character per byte; less than `length` where the file ends. */
async function headOf(
  path: string,
  length: number,
): Promise<{ bytes: Uint8Array; gzipped: boolean; whole: boolean }> {
  const source = await openBytes(path);
  try {
    const bytes = (await source.read(length)).slice();
    return { bytes, gzipped: source.gzipped, whole: bytes.length < length };
  } finally {
    await source.close();
  }
}

const latin = new TextDecoder("latin1");

/** What the name says: its last ending but .gz; .ndjson is .jsonl, .tab is .tsv, .tgz is .tar. */
function namedFormat(path: string): CaptionFormat | undefined {
  const ending = path.toLowerCase().replace(/\.gz$/, "").match(/\.([a-z]+)$/)?.[1] ?? "";
  const formats: Record<string, CaptionFormat> = {
    ...{ parquet: "parquet", tsv: "tsv", tab: "tsv", csv: "csv", txt: "text" },
    ...{ jsonl: "jsonl", ndjson: "jsonl", json: "json", tar: "tar", tgz: "tar" },
  };
  return Object.hasOwn(formats, ending) ? formats[ending] : undefined;
}

/** Whether a file that begins with a bracket is an array of strings or objects; undefined if that needs more bytes. */
function looksLikeArray(bytes: Uint8Array, whole: boolean, named?: CaptionFormat): boolean | undefined {
  let fits: boolean | undefined;
  const splitter = elementSplitter((element) => {
    if (fits !== undefined) return;
    try {
      const { value } = parseJson(element!);
      fits = named === "json" || value === null || typeof value === "string" || typeof value === "object";
    } catch {
      fits = named === "json";
    }
  }, TEXT_BYTES);
  try {
    splitter.push(bytes);
  } catch {
    return named === "json";
  }
  if (fits !== undefined || splitter.closed()) return fits ?? true;
  return whole || bytes.length >= TEXT_BYTES
    ? named === "json" || /^\s*\[\s*["{]/.test(latin.decode(bytes))
    : undefined;
}

/** The first lines that are whole, without blank ones. */
function wholeLines(bytes: Uint8Array, whole: boolean): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let from = 0; from < bytes.length && lines.length < LINES_LOOKED_AT;) {
    const end = bytes.indexOf(10, from);
    if (end < 0 && !whole) break;
    const line = bytes.subarray(from, end < 0 ? bytes.length : end);
    if (line.some((byte) => byte > 32)) lines.push(line);
    from += line.length + 1;
  }
  return lines;
}

function objectOf(line: Uint8Array): object | null {
  try {
    const { value } = parseJson(line);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** What a file that begins with a brace is; undefined if that needs more bytes. */
function looksLikeLines(
  path: string,
  bytes: Uint8Array,
  whole: boolean,
  options: CaptionOptions,
): "jsonl" | "no json" | undefined {
  const named = namedFormat(path), lines = wholeLines(bytes, whole), objects = lines.map(objectOf);
  const oneObject = () =>
    new SyntaxError(
      `${path} is one JSON object, not a list of captions: counts per text are read by freq metaclip, and captions ` +
        `by an array or by one object per line`,
    );
  const first = objects.find((object) => object !== null);
  if (first) {
    const hasCaption = options.column === undefined
      ? captionKey(first)
      : Object.hasOwn(first, options.column);
    if (whole && lines.length === 1 && !hasCaption) throw oneObject();
    return "jsonl";
  }
  if (!whole && lines.length < LINES_LOOKED_AT && bytes.length < TEXT_BYTES) return undefined;
  if (named === "jsonl") return "jsonl";
  if (/^\s*\{\s*["}]/.test(latin.decode(bytes.subarray(0, HEAD))) || named === "json") throw oneObject();
  return "no json";
}

/** Whether the first line, split at `separator`, names the caption's column. */
function namesCaption(line: string, separator: string, options: CaptionOptions): boolean {
  const fields = line.split(separator).map((field) => field.replace(/^"(.*)"$/, "$1"));
  const wanted = options.column === undefined ? CAPTION_NAMES : [options.column];
  return (fields.length > 1 || options.column !== undefined) && wanted.some((name) => fields.includes(name));
}

async function isTar(path: string, head: Uint8Array): Promise<boolean> {
  if (head.length < 512 || head[0] === 0) return false;
  if (latin.decode(head.subarray(257, 262)) === "ustar") return true;
  if (!head.subarray(0, 512).includes(0)) return false;
  try {
    await tarMembers(path).next();
    return true;
  } catch {
    return false;
  }
}

/**
 * Format of the file at `path`. The first line of this table that fits:
 *
 * | content (unpacked, behind a byte order mark)                                              | format  |
 * | ----------------------------------------------------------------------------------------- | ------- |
 * | nothing                                                                                   | as named, else text |
 * | begins with PAR1                                                                          | parquet |
 * | a tar header                                                                              | tar     |
 * | begins with `[`, and the first element is a string, object or null                        | json    |
 * | begins with `{`, and one of the first ten lines is an object                              | jsonl   |
 * | begins with `{` and a key                                                                 | refused |
 * | the first line names the caption's column between tabs                                    | tsv     |
 * | the first line names the caption's column between commas, and the name is not .txt        | csv     |
 * | anything else, named .tsv, .csv, .txt or .jsonl (or these with .gz)                       | as named |
 * | anything else, named .json, beginning with a quote                                        | jsonl   |
 * | anything else, named .parquet, .tar or .json                                              | refused |
 * | a tab in the first line                                                                   | tsv     |
 * | anything else                                                                             | text    |
 *
 * `options.format` is taken instead where it is given. Throws SyntaxError naming the file for what is refused, and for
 * other archives, web pages and pointers of Git LFS.
 */
export async function recogniseCaptions(
  path: string,
  options: CaptionOptions = {},
): Promise<{ format: CaptionFormat; gzipped: boolean; empty: boolean }> {
  let { bytes, gzipped, whole } = await headOf(path, HEAD);
  const named = namedFormat(path), empty = bytes.length === 0;
  const found = (format: CaptionFormat) => ({ format: options.format ?? format, gzipped, empty });
  if (empty) return found(named ?? "text");
  const beginning = latin.decode(bytes.subarray(0, 64));
  const refused = foreign.find(([magic]) => beginning.toLowerCase().startsWith(magic.toLowerCase()));
  if (refused) throw new SyntaxError(`${path} ${refused[1]}`);
  if (gzipped && (beginning.startsWith("PAR1") || options.format === "parquet")) {
    throw new SyntaxError(`${path} is a parquet file packed with gzip: unpack it`);
  }
  if (options.format) return found(options.format);
  if (beginning.startsWith("PAR1")) return found("parquet");
  if (await isTar(path, bytes)) return found("tar");
  const trimmed = () =>
    bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
  const first = latin.decode(trimmed()).trimStart()[0];
  for (;;) {
    const json = first === "["
      ? looksLikeArray(trimmed(), whole, named) ?? "more"
      : first === "{"
      ? looksLikeLines(path, trimmed(), whole, options) ?? "more"
      : false;
    if (json === true) return found("json");
    if (json === "jsonl") return found("jsonl");
    if (json !== "more") break;
    ({ bytes, gzipped, whole } = await headOf(path, TEXT_BYTES + 3));
  }
  const line = new TextDecoder().decode(trimmed().subarray(0, HEAD)).split(/\r\n|\r|\n/, 1)[0];
  if (namesCaption(line, "\t", options)) return found("tsv");
  if (named !== "text" && namesCaption(line, ",", options)) return found("csv");
  if (named === "json" && first === '"') return found("jsonl");
  if (named === "parquet" || named === "tar" || named === "json") {
    const what = { parquet: "parquet file", tar: "tar archive", json: "JSON" }[named];
    throw new SyntaxError(
      `${path} is no ${what}, or damaged: fetch it again, or say what it is with --format`,
    );
  }
  return found(named ?? (line.includes("\t") ? "tsv" : "text"));
}
