/** Tables in memory, by columns. */
import {
  bytesAt,
  type Column,
  NO_TEXT,
  type NumberColumn,
  rowsOf,
  takeRows,
  type TextColumn,
} from "./column.ts";
import { inferColumn } from "./infer.ts";

/** A table. Nothing in it changes; choosing rows makes another that shares the text. */
export interface Frame {
  readonly rows: number;
  readonly names: readonly string[];
  /** Where it was read, for what is said of it. */
  readonly source: string;
  /** Of a parquet file that pandas wrote: which of the columns were the index of its frame. */
  readonly index: readonly string[];
  /** Throws SyntaxError listing the columns there are when there is none of that name. */
  column(name: string): Column;
  /** As `column`. Throws SyntaxError when it holds no text. */
  text(name: string): TextColumn;
  /**
   * As `column`; text that is numbers throughout (as all fields of TSV are text) becomes them. Throws SyntaxError when
   * it holds no numbers, RangeError for integers above 2^53.
   */
  numbers(name: string): Float32Array | Float64Array | Int32Array;
  /** The rows at these places, in their order. Throws RangeError for a place outside the table. */
  take(rows: ArrayLike<number>): Frame;
  /** The table with a column added or replaced. Throws RangeError when it has another number of rows. */
  with(name: string, column: Column): Frame;
}

/**
 * A table of these columns, in the order of the object's keys or the list. Throws RangeError when their rows differ in
 * number or two have one name.
 */
export function makeFrame(
  columns: Readonly<Record<string, Column>> | readonly (readonly [string, Column])[],
  source = "the table",
  index: readonly string[] = [],
): Frame {
  const entries = Array.isArray(columns)
    ? columns as readonly (readonly [string, Column])[]
    : Object.entries(columns as Readonly<Record<string, Column>>);
  const byName = new Map(entries), names = entries.map(([name]) => name);
  const rows = entries.length > 0 ? rowsOf(entries[0][1]) : 0;
  for (const [name, column] of entries) {
    if (rowsOf(column) === rows) continue;
    throw new RangeError(`${source}: column ${name} has ${rowsOf(column)} rows, ${names[0]} has ${rows}`);
  }
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new RangeError(`${source} has two columns ${twice}: rename one`);

  function column(name: string): Column {
    const found = byName.get(name);
    if (found) return found;
    throw new SyntaxError(`${source} has no column ${name}, but ${names.join(", ") || "none at all"}`);
  }
  return {
    ...{ rows, names, source, index, column },
    text(name) {
      const found = column(name);
      if (found.kind === "text") return found;
      throw new SyntaxError(`${source}: column ${name} holds ${found.kind}, not text`);
    },
    numbers(name) {
      const stored = column(name), found = stored.kind === "text" ? inferColumn(stored) : stored;
      if (found.kind === "text" || found.kind === "boolean") {
        throw new SyntaxError(`${source}: column ${name} holds ${found.kind}, not numbers`);
      }
      return safeNumbers(found, `${source}: column ${name}`);
    },
    take(places) {
      for (let i = 0; i < places.length; i++) {
        if (!(places[i] >= 0 && places[i] < rows)) {
          throw new RangeError(`${source} has no row ${places[i]}, only ${rows} rows`);
        }
      }
      return makeFrame(
        entries.map(([name, column]) => [name, takeRows(column, places)] as const),
        source,
        index,
      );
    },
    with(name, column) {
      const changed = byName.has(name)
        ? entries.map(([other, old]) => [other, other === name ? column : old] as const)
        : [...entries, [name, column] as const];
      return makeFrame(changed, source, index);
    },
  };
}

/** A column's numbers. Throws RangeError, saying which column, for integers that a double does not hold. */
export function safeNumbers(
  { values }: NumberColumn,
  what: string,
): Float32Array | Float64Array | Int32Array {
  if (!(values instanceof BigInt64Array)) return values;
  throw new RangeError(`${what} holds whole numbers above 2^53, which cannot be told apart here`);
}

/**
 * Numbers the distinct texts of a column in the order in which they are first seen: -1 for rows that are missing. Rows
 * that share their bytes are compared without looking at them.
 */
export function textCodes(column: TextColumn): { codes: Int32Array; texts: string[] } {
  const codes = new Int32Array(column.starts.length), byText = new Map<string, number>();
  const byPlace = new Map<number, number>(), { starts, lengths } = column;
  for (let row = 0; row < codes.length; row++) {
    if (lengths[row] === NO_TEXT) {
      codes[row] = -1;
      continue;
    }
    const place = starts[row] * 2 ** 16 + Math.min(lengths[row], 2 ** 16 - 1),
      short = lengths[row] < 2 ** 16 - 1;
    let code = short ? byPlace.get(place) : undefined;
    if (code === undefined) {
      const text = latin(bytesAt(column, row));
      code = byText.get(text);
      if (code === undefined) byText.set(text, code = byText.size);
      if (short && byPlace.size < 2 ** 16) byPlace.set(place, code);
    }
    codes[row] = code;
  }
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const texts = [...byText.keys()].map((text) =>
    decoder.decode(Uint8Array.from(text, (letter) => letter.charCodeAt(0)))
  );
  return { codes, texts };
}

/** Bytes as characters of the same numbers: short ones without the cost of a decoder. */
function latin(bytes: Uint8Array): string {
  let text = "";
  for (let from = 0; from < bytes.length; from += 2 ** 12) {
    text += String.fromCharCode(...bytes.subarray(from, from + 2 ** 12));
  }
  return text;
}
