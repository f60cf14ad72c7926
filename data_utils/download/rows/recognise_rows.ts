/**
 * What a table is, from its content; its name decides only what the content leaves open, since lists of images come
 * under wrong names, and error pages and pointers in their place.
 */
import { type FileHead, readHead } from "../../captions/file_head.ts";
import { recogniseCaptions } from "../../captions/recognise.ts";
import { openBytes } from "../../loader/bytes.ts";
import { jsonRow } from "./json_cells.ts";
import { listIn } from "./json_file.ts";
import type { RowFile } from "./row_file.ts";
import { isHeader } from "./table_fields.ts";

type Format = RowFile["format"];

const LINES_LOOKED_AT = 10;
const decoder = new TextDecoder();

/** What the name says: its last ending but .gz. */
function namedFormat(path: string): Format | undefined {
  const ending = path.toLowerCase().replace(/\.gz$/, "").match(/\.([a-z]+)$/)?.[1] ?? "";
  const formats: Record<string, Format> = {
    ...{ parquet: "parquet", tsv: "tsv", tab: "tsv", csv: "csv", txt: "text" },
    ...{ jsonl: "jsonl", ndjson: "jsonl", json: "json" },
  };
  return Object.hasOwn(formats, ending) ? formats[ending] : undefined;
}

/** The first lines that are whole, without blank ones. */
function firstLines({ bytes, mark, whole }: FileHead): string[] {
  const lines = decoder.decode(bytes.subarray(mark)).split(/\r\n|\n|\r/);
  if (!whole) lines.pop();
  return lines.filter((line) => line.trim() !== "").slice(0, LINES_LOOKED_AT);
}

const isUrl = (line: string) => /^\s*https?:\/\/\S+\s*$/i.test(line);

/** What lines are that are no JSON. Null where they are no table. */
function lineFormat(lines: readonly string[], named: Format | undefined): Format | null {
  const tabs = lines.every((line) => line.includes("\t")), commas = lines.every((line) => line.includes(","));
  const urls = lines.slice(1).every(isUrl) && (isUrl(lines[0]) || (lines.length > 1 && isHeader([lines[0]])));
  if (named === "tsv" || named === "csv") {
    if (named === "csv" && tabs && !lines.some((line) => line.includes(","))) return "tsv";
    return named === "tsv" && commas && !urls && !lines.some((line) => line.includes("\t")) ? "csv" : named;
  }
  if (tabs) return "tsv";
  if (urls) return "text";
  if (commas) return "csv";
  return lines.some(isUrl) ? "text" : null;
}

/** Whether a file that begins with a brace is an object per line, by its first lines. */
function isJsonl(lines: readonly string[], whole: boolean, named: Format | undefined): boolean {
  const isObject = (line: string) => jsonRow(line, 0).fault === undefined;
  if (named === "jsonl") return true;
  if (lines.length > 0 && isObject(lines[0])) return lines.length > 1 || !whole;
  return named !== "json" && lines.some(isObject);
}

/**
 * Format of the table at `path` and whether it is gzipped. The first line of this list that fits:
 *
 * | content (unpacked, behind a byte order mark)                                       | format  |
 * | ---------------------------------------------------------------------------------- | ------- |
 * | nothing                                                                            | as named, else text |
 * | begins with PAR1, or is named .parquet                                             | parquet |
 * | begins with `{`; one of its first ten lines is an object, and it is not the one line of the file | jsonl |
 * | begins with `[` or `{` and holds a list of objects                                 | json    |
 * | begins with `{`, and is one object in one line                                     | jsonl   |
 * | named .json                                                                        | refused |
 * | named .tsv or .csv, unless only the other one's separator is there, in each of the first ten lines | as named |
 * | a tab in each of these lines                                                       | tsv     |
 * | each of these lines a URL, with or without a name above                            | text    |
 * | a comma in each of these lines                                                     | csv     |
 * | a URL among these lines                                                            | text    |
 * | anything else                                                                      | refused |
 *
 * `asked` is taken instead where it is given. Throws SyntaxError naming the file for what is refused, and for archives,
 * other compressions, web pages and pointers of Git LFS.
 */
export async function recogniseRows(
  path: string,
  asked?: Format,
): Promise<{ format: Format; gzipped: boolean }> {
  const { gzipped, empty } = await recogniseCaptions(path, {
    format: asked === "parquet" ? "parquet" : "text",
  });
  const named = namedFormat(path), found = (format: Format) => ({ format: asked ?? format, gzipped });
  if (asked || empty || named === "parquet" || await startsAsParquet(path)) {
    return found(empty ? named ?? "text" : "parquet");
  }
  const head = await readHead(path, () => true), lines = firstLines(head);
  const begins = decoder.decode(head.bytes.subarray(head.mark, 2 ** 16)).trimStart()[0];
  if (begins === "{" || begins === "[") {
    if (begins === "{" && isJsonl(lines, head.whole, named)) return found("jsonl");
    if (await listIn(path)) return found("json");
    if (lines.length > 0 && begins === "{" && jsonRow(lines[0], 0).fault === undefined) return found("jsonl");
  }
  if (named === "json" || named === "jsonl") {
    const what = named === "json" ? "JSON list of objects" : "JSONL";
    throw new SyntaxError(
      `${path} is no ${what}, or damaged: fetch it again, or say what it is with --format`,
    );
  }
  const format = lines.length > 0 ? lineFormat(lines, named) : named ?? null;
  if (format) return found(format);
  throw new SyntaxError(
    `${path} is no list of images (TSV, CSV, parquet, JSON, JSONL, or a URL per line): ` +
      `fetch it again, or say what it is with --format`,
  );
}

async function startsAsParquet(path: string): Promise<boolean> {
  const source = await openBytes(path);
  try {
    return decoder.decode(await source.read(4)) === "PAR1";
  } finally {
    await source.close();
  }
}
