/** JSON arrays and lines of objects as tables: a key is a column, and its kind is that of its values. */
import { passElements } from "../captions/json_array.ts";
import { openBytes } from "../loader/bytes.ts";
import { type Column, type TextBuilder, textBuilder } from "./column.ts";
import { type ColumnWish, wishedColumns } from "./wishes.ts";

const LF = 10, LONGEST = 2 ** 26;

/** Column of a key, whose kind shows with its first value. */
interface KeyColumn {
  text: TextBuilder | null;
  numbers: number[] | null;
  kind: "text" | "number" | "boolean" | null;
}

/** The objects of a file, with what to call their places. */
async function eachObject(
  path: string,
  format: "json" | "jsonl",
  take: (object: Record<string, unknown>, where: () => string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  let number = 0;
  const parse = (bytes: Uint8Array | null, what: string) => {
    const here = ++number, where = () => `${path} ${what} ${here}`;
    if (!bytes) throw new SyntaxError(`${where()} is longer than 8 MiB: split it or leave it out`);
    const text = decoder.decode(bytes);
    if (what === "line" && text.trim() === "") return;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw new SyntaxError(`${where()} is no JSON: mend it or leave it out`, { cause: error });
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new SyntaxError(`${where()} is no object: a table has one object per row`);
    }
    take(value as Record<string, unknown>, where);
  };
  if (format === "json") return await passElements(path, (bytes) => (parse(bytes, "element"), true));

  const source = await openBytes(path);
  try {
    let rest = new Uint8Array(0);
    for (;;) {
      const piece = await source.read(2 ** 20);
      if (piece.length === 0) break;
      const bytes = new Uint8Array(rest.length + piece.length);
      bytes.set(rest);
      bytes.set(piece, rest.length);
      let from = 0;
      for (let end; (end = bytes.indexOf(LF, from)) >= 0; from = end + 1) {
        parse(bytes.subarray(from, end), "line");
      }
      rest = bytes.subarray(from);
      if (rest.length > LONGEST) throw new SyntaxError(`${path} line ${number + 1} is longer than 64 MiB`);
    }
    if (rest.length > 0) parse(rest, "line");
  } finally {
    await source.close();
  }
}

/**
 * Reads these keys of the objects, or all in the order in which they are first seen. A key that is absent or null is
 * missing. Throws SyntaxError naming file and line or element for what is no object, for values of different kinds under
 * one key or of a kind that is no text, number or truth value, and for a key that no object has.
 */
export async function readJsonColumns(
  path: string,
  format: "json" | "jsonl",
  wishes?: readonly ColumnWish[],
): Promise<(readonly [string, Column])[]> {
  const keys = new Map<string, KeyColumn>(), wanted = wishes?.flat();
  let rows = 0;

  function put(key: string, value: unknown, where: () => string) {
    let column = keys.get(key);
    if (!column) keys.set(key, column = { text: null, numbers: null, kind: null });
    if (value === null || value === undefined) return;
    const kind =
      ({ string: "text", number: "number", boolean: "boolean" } as const)[typeof value as "string"];
    if (!kind || column.kind !== null && column.kind !== kind) {
      const had = column.kind ? `${column.kind} before` : "no text, number or truth value";
      throw new SyntaxError(`${where()}: ${key} is ${JSON.stringify(value).slice(0, 60)}, but ${had}`);
    }
    column.kind = kind;
    if (kind === "text") {
      column.text ??= textBuilder();
      while (column.text.rows < rows) column.text.add(null);
      column.text.add(value as string);
    } else {
      column.numbers ??= [];
      while (column.numbers.length < rows) column.numbers.push(NaN);
      column.numbers.push(Number(value));
    }
  }

  await eachObject(path, format, (object, where) => {
    for (const key of wanted ?? Object.keys(object)) {
      if (Object.hasOwn(object, key)) put(key, object[key], where);
    }
    rows++;
  });
  const finish = ({ kind, text, numbers }: KeyColumn): Column => {
    if (kind === null || kind === "text") {
      const builder = text ?? textBuilder();
      while (builder.rows < rows) builder.add(null);
      return builder.finish();
    }
    while (numbers!.length < rows) numbers!.push(NaN);
    if (kind === "boolean") {
      return {
        kind,
        values: Uint8Array.from(numbers!, (n) => Number.isNaN(n) ? 2 : n),
      };
    }
    const values = Float64Array.from(numbers!);
    return { kind: values.every(Number.isSafeInteger) ? "int64" : "float64", values };
  };
  return wishedColumns(path, [...keys.keys()], wishes).map(({ name, from }) =>
    [name, finish(keys.get(from)!)] as const
  );
}
