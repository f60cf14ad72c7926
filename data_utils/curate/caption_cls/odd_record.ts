/** Where a file's first record stands that is none: looked for once something is known to be wrong, to name its line. */
import type { CaptionFile } from "../../captions/caption_file.ts";
import { isObject, parseJson } from "../../captions/json_value.ts";
import { openBytes } from "../../loader/bytes.ts";

const LF = 10, CR = 13, QUOTE = 34, SPACE = 32, TAB = 9, PIECE = 2 ** 20;

/** What is wrong with a line of JSONL, or null. */
function wrongJson(line: Uint8Array, column: string): string | null {
  if (line.every((byte) => byte === SPACE || byte === TAB || byte === CR)) return null;
  let value;
  try {
    value = parseJson(line).value;
  } catch (error) {
    return `is no JSON (${(error as Error).message})`;
  }
  if (!isObject(value)) return value === null ? null : "is no JSON object";
  const caption = Object.hasOwn(value, column) ? value[column] : null;
  return caption === null || typeof caption === "string" ? null : `has a ${column} that is no string`;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((to, part) => (whole.set(part, to), to + part.length), 0);
  return whole;
}

/** The first line of JSONL that is no object with a string, or no string, under `column`. */
async function oddLine(path: string, column: string): Promise<string | null> {
  const source = await openBytes(path);
  try {
    let parts: Uint8Array[] = [];
    const check = (row: number) => {
      const wrong = wrongJson(parts.length === 1 ? parts[0] : joined(parts), column);
      parts = [];
      return wrong && `line ${row} ${wrong}`;
    };
    for (let row = 1;;) {
      const piece = (await source.read(PIECE)).slice();
      if (piece.length === 0) return check(row);
      let from = 0;
      for (let end; (end = piece.indexOf(LF, from)) >= 0; from = end + 1) {
        parts.push(piece.subarray(from, end));
        const wrong = check(row++);
        if (wrong) return wrong;
      }
      parts.push(piece.subarray(from));
    }
  } finally {
    await source.close();
  }
}

/** The first row of a table with another number of fields than it should have. */
async function oddRow(
  path: string,
  separator: number,
  quotes: boolean,
  names: number,
): Promise<string | null> {
  const source = await openBytes(path);
  let line = 1, began = 1, field = 1, empty = true, state: "start" | "plain" | "quoted" | "closing" = "start";
  let lastReturn = false;
  const ends = () => {
    const wrong = !empty && field !== names
      ? `the row in line ${began} has ${field} field${field === 1 ? "" : "s"}, but the header names ${names}`
      : null;
    field = 1;
    empty = true;
    state = "start";
    return wrong;
  };
  try {
    for (;;) {
      const piece = await source.read(PIECE);
      if (piece.length === 0) return ends();
      for (const byte of piece) {
        const isEnd = byte === CR || byte === LF, paired = byte === LF && lastReturn;
        lastReturn = byte === CR;
        if (state === "closing" && byte !== QUOTE) state = "plain";
        if (isEnd && state !== "quoted") {
          const wrong = paired ? null : ends();
          if (wrong) return wrong;
        }
        if (isEnd && !paired) line++;
        if (isEnd && state !== "quoted") began = line;
        else if (state === "quoted") state = byte === QUOTE ? "closing" : "quoted";
        else if (state === "closing") state = "quoted";
        else if (byte === separator) {
          field++;
          state = "start";
          empty = false;
        } else {
          if (byte !== SPACE && byte !== TAB) empty = false;
          state = state === "start" && quotes && byte === QUOTE ? "quoted" : "plain";
        }
      }
    }
  } finally {
    await source.close();
  }
}

/** An error that names the first record of `file` that is none; `element` is its number in a JSON array. */
export async function oddRecord(file: CaptionFile, element: number): Promise<SyntaxError> {
  const { path, format, layout, column } = file;
  const found = format === "jsonl"
    ? await oddLine(path, column ?? "")
    : format === "json"
    ? `element ${element} is no object with a string under ${column}`
    : await oddRow(path, Number(layout.separator), layout.quotes === true, Number(layout.fields));
  const remedy = format === "tsv" || format === "csv"
    ? "mend it, or say how quotes are read with --quoting"
    : "mend it";
  return new SyntaxError(`${path}: ${found ?? "a record is malformed"}: ${remedy}`);
}
