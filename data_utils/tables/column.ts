/**
 * Columns of a table in memory. Text stays bytes: a row is a place and a length in bytes that rows may share, so that a
 * table of millions of captions needs little more memory than its file, and rows are chosen without copying text.
 */

/** Length of a row of text that has none. */
export const NO_TEXT = 0xffff_ffff;

/** Text: row i is `lengths[i]` bytes of UTF-8 at `starts[i]`, or missing where its length is {@link NO_TEXT}. */
export interface TextColumn {
  readonly kind: "text";
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly lengths: Uint32Array;
}

/** Numbers. NaN in a column of floats is missing; whole numbers with missing ones become floats, as in pandas. */
export interface NumberColumn {
  readonly kind: "float32" | "float64" | "int32" | "int64";
  /** int64: Float64Array where every number is a safe integer, else BigInt64Array. */
  readonly values: Float32Array | Float64Array | Int32Array | BigInt64Array;
}

/** Truth values: 0, 1, or 2 where missing. */
export interface BooleanColumn {
  readonly kind: "boolean";
  readonly values: Uint8Array;
}

export type Column = TextColumn | NumberColumn | BooleanColumn;

const encoder = new TextEncoder(), decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Rows of a column. */
export const rowsOf = (column: Column): number =>
  column.kind === "text" ? column.starts.length : column.values.length;

/** A row of text; null where it is missing. Bytes that are no UTF-8 become U+FFFD. */
export function textAt({ bytes, starts, lengths }: TextColumn, row: number): string | null {
  if (lengths[row] === NO_TEXT) return null;
  return decoder.decode(bytes.subarray(starts[row], starts[row] + lengths[row]));
}

/** The bytes of a row, not copied; none where it is missing. */
export function bytesAt({ bytes, starts, lengths }: TextColumn, row: number): Uint8Array {
  const length = lengths[row] === NO_TEXT ? 0 : lengths[row];
  return bytes.subarray(starts[row], starts[row] + length);
}

/** Grows a column of text. */
export interface TextBuilder {
  /** Adds a row; null is a missing one. */
  add(text: string | null): void;
  /** Adds a row of bytes, which are copied. */
  addBytes(bytes: Uint8Array): void;
  /** Adds a row of another column, whose bytes are copied. */
  addRow(column: TextColumn, row: number): void;
  /** Copies bytes without a row for them; returns their place, for `addSpan`. */
  keep(bytes: Uint8Array): number;
  /** Adds a row that lies where `keep` put it; NO_TEXT for a missing one. */
  addSpan(start: number, length: number): void;
  readonly rows: number;
  finish(): TextColumn;
}

/** Up to here a loop over bytes is faster than a call that copies or encodes them. */
const SHORT = 128;
const MOST_BYTES = 2 ** 32 - 1;

/**
 * Starts a column for about so many rows and bytes; what is not used of it costs nothing. Throws RangeError from its
 * methods when `what` would hold more than 4 GiB of text.
 */
export function textBuilder(rows = 1024, size = 2 ** 16, what = "a column of text"): TextBuilder {
  let bytes = new Uint8Array(Math.min(Math.max(size, 16), MOST_BYTES)), used = 0, count = 0;
  let starts = new Uint32Array(Math.max(rows, 16)), lengths = new Uint32Array(Math.max(rows, 16));

  function makeRoom(more: number): void {
    if (used + more <= bytes.length) return;
    if (used + more > MOST_BYTES) {
      throw new RangeError(`${what} holds more than 4 GiB of text: split the table`);
    }
    const larger = new Uint8Array(Math.min(MOST_BYTES, Math.max(bytes.length * 2, used + more)));
    larger.set(bytes.subarray(0, used));
    bytes = larger;
  }

  function addSpan(start: number, length: number): void {
    if (count === starts.length) {
      const larger = (old: Uint32Array<ArrayBuffer>) => {
        const grown = new Uint32Array(old.length * 2);
        grown.set(old);
        return grown;
      };
      starts = larger(starts);
      lengths = larger(lengths);
    }
    starts[count] = start;
    lengths[count++] = length;
  }

  function keep(added: Uint8Array): number {
    makeRoom(added.length);
    bytes.set(added, used);
    used += added.length;
    return used - added.length;
  }

  return {
    addSpan,
    keep,
    add(text) {
      if (text === null) return addSpan(0, NO_TEXT);
      makeRoom(text.length * 3);
      if (text.length < SHORT) {
        const into = bytes;
        let to = used, code = 0;
        for (let i = 0; i < text.length && (code = text.charCodeAt(i)) < 128; i++) into[to++] = code;
        if (to - used === text.length) {
          addSpan(used, text.length);
          used = to;
          return;
        }
      }
      const { written } = encoder.encodeInto(text, bytes.subarray(used));
      addSpan(used, written);
      used += written;
    },
    addBytes(added) {
      addSpan(keep(added), added.length);
    },
    addRow({ bytes: from, starts: places, lengths: sizes }, row) {
      const length = sizes[row], start = places[row];
      if (length === NO_TEXT) return addSpan(0, NO_TEXT);
      if (length >= SHORT) return addSpan(keep(from.subarray(start, start + length)), length);
      makeRoom(length);
      addSpan(used, length);
      const to = bytes, shift = used - start;
      for (let i = start; i < start + length; i++) to[i + shift] = from[i];
      used += length;
    },
    get rows() {
      return count;
    },
    finish: () => ({
      kind: "text",
      bytes: bytes.subarray(0, used),
      starts: starts.subarray(0, count),
      lengths: lengths.subarray(0, count),
    }),
  };
}

/** A column of these strings. */
export function textColumn(strings: Iterable<string | null>): TextColumn {
  const builder = textBuilder();
  for (const text of strings) builder.add(text);
  return builder.finish();
}

/** A column of whole numbers. Throws RangeError naming the row of one that is none. */
export function wholeColumn(numbers: ArrayLike<number>): NumberColumn {
  const values = Float64Array.from(numbers), wrong = values.findIndex((n) => !Number.isSafeInteger(n));
  if (wrong >= 0) throw new RangeError(`${values[wrong]} in row ${wrong} is no whole number`);
  return { kind: "int64", values };
}

/** The rows of a column at these places, in their order; text is shared with the column. */
export function takeRows(column: Column, rows: ArrayLike<number>): Column {
  const gather = <T extends { [row: number]: unknown }>(from: T, into: T): T => {
    for (let i = 0; i < rows.length; i++) (into as Record<number, unknown>)[i] = from[rows[i]];
    return into;
  };
  if (column.kind === "text") {
    const starts = new Uint32Array(rows.length), lengths = new Uint32Array(rows.length);
    for (let i = 0; i < rows.length; i++) {
      starts[i] = column.starts[rows[i]];
      lengths[i] = column.lengths[rows[i]];
    }
    return { ...column, starts, lengths };
  }
  const { values } = column, Kind = values.constructor as new (length: number) => typeof values;
  return { ...column, values: gather(values, new Kind(rows.length)) } as Column;
}
