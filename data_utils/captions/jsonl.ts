/** Files of one JSON object (or string) per line. */
import type { CaptionFile, CaptionOptions, ReadUnit } from "./caption_file.ts";
import { blockBytes, byteUnits } from "./blocks.ts";
import { CAPTION_NAMES } from "./column.ts";
import { type FileHead, readHead } from "./file_head.ts";
import { captionKey, isObject, parseJson } from "./json_value.ts";
import { lineRecords } from "./lines.ts";
import { readRecords, type RecordFormat } from "./records.ts";
import { MOST_KEY_BYTES, setScannedKey } from "./scanner.ts";

const linesForAnObject = 10;

/** Values of the first whole lines that are not blank; undefined for what is no JSON. */
function firstValues({ bytes, mark, whole }: FileHead): unknown[] {
  const values: unknown[] = [];
  for (let from = mark, end; from < bytes.length; from = end + 1) {
    end = bytes.indexOf(10, from);
    if (end < 0) end = whole ? bytes.length : Infinity;
    if (end === Infinity) break;
    const line = bytes.subarray(from, end);
    if (!line.some((byte) => byte > 32)) continue;
    try {
      values.push(parseJson(line).value);
    } catch {
      values.push(undefined);
    }
  }
  return values;
}

/** The key that holds the caption, of those that the objects at the beginning have. */
function chooseKey(path: string, objects: readonly Record<string, unknown>[], asked?: string): string {
  if (asked !== undefined && objects.some((object) => Object.hasOwn(object, asked))) return asked;
  const key = asked === undefined ? objects.map(captionKey).find((key) => key !== undefined) : undefined;
  if (key !== undefined) return key;
  const keys = [...new Set(objects.flatMap((object) => Object.keys(object)))];
  const wanted = asked ?? CAPTION_NAMES.join(", "), listed = keys.slice(0, 20).join(", ");
  const more = keys.length > 20 ? `, ... (${keys.length})` : "";
  throw new SyntaxError(
    `${path} has no key ${wanted}, but ${listed || "none at all"}${more}: name one with --caption-col`,
  );
}

/**
 * Looks at a file of one JSON value per line. The caption is the string under one key: the one asked for, else the first
 * of TEXT, caption and text in the first object that has one. If the first line is a string, all lines are captions.
 * Lines that are blank are left out; those that are no JSON of this kind, or nested more than 4,096 deep, are malformed.
 * Throws SyntaxError naming the file when the first ten lines hold no object, none at the beginning has the key, or the
 * file is no text.
 */
export async function planJsonl(
  path: string,
  gzipped: boolean,
  bytes: number,
  options: CaptionOptions = {},
  block: number = blockBytes,
): Promise<CaptionFile> {
  const head = await readHead(path, (head) => firstValues(head).length > 0), values = firstValues(head);
  const bare = typeof values[0] === "string";
  let column: string | null = null, units = byteUnits(bytes, gzipped, block);
  if (!bare) {
    const objects = values.filter(isObject);
    if (values.length === 0 && head.whole) units = [];
    else if (!values.slice(0, linesForAnObject).some(isObject)) {
      throw new SyntaxError(
        `${path} is no JSONL: none of its first ${linesForAnObject} lines is a JSON object such as ` +
          `{"${CAPTION_NAMES[1]}": "..."}`,
      );
    } else column = chooseKey(path, objects, options.column);
    if (new TextEncoder().encode(column ?? "").length > MOST_KEY_BYTES) {
      throw new RangeError(`${path}: a key of more than ${MOST_KEY_BYTES} bytes cannot be asked for`);
    }
  }
  const layout = { firstRecord: head.mark, bare };
  return { path, format: "jsonl", gzipped, bytes, column, units, layout };
}

/** How the records of a JSONL file are read. */
export const jsonRecords = (file: CaptionFile): RecordFormat => ({
  ...lineRecords,
  firstRecord: Number(file.layout.firstRecord),
  prepare(scanner, arena) {
    setScannedKey(scanner, arena, file.column ?? "");
    scanner.setLines(1, file.layout.bare ? 1 : 0);
  },
});

/** Reads a unit of a JSONL file. Throws as readRecords. */
export const readJsonl: ReadUnit = (file, unit, arena, sink, options = {}) =>
  readRecords(file, unit, arena, sink, options, jsonRecords(file));
