/**
 * TSV and CSV as whole tables, read as pandas.read_csv reads them (C engine; the rules of quotes, line ends and blank
 * lines are those of ../captions/delimited.ts). The file's bytes are the text of all columns: a field is a place in them,
 * and doubled quotes are made single where they stand.
 */
import { openBytes } from "../loader/bytes.ts";
import { NO_TEXT, type TextColumn } from "./column.ts";
import { type ColumnWish, wishedColumns } from "./wishes.ts";

const LF = 10, CR = 13, QUOTE = 34, SPACE = 32, TAB = 9, LARGEST = 2 ** 32 - 1;

/** How a table of lines is read. */
export interface DelimitedOptions {
  readonly separator: "\t" | ",";
  /** Whether quotes quote (QUOTE_MINIMAL), or are plain characters (QUOTE_NONE). */
  readonly quotes: boolean;
  /** Columns that are wanted; default all. */
  readonly columns?: readonly ColumnWish[];
  /** Lets rows have too few fields, as pandas does; what they lack is missing. */
  readonly shortRows?: boolean;
}

/** All bytes of a file, unpacked. Throws RangeError when they are more than 4 GiB. */
export async function wholeFile(path: string): Promise<Uint8Array> {
  const tooLarge = () => new RangeError(`${path} has more than 4 GiB: split it, or write it as parquet`);
  const { size } = await Deno.stat(path), source = await openBytes(path);
  try {
    if (size > LARGEST) throw tooLarge();
    let bytes = new Uint8Array(source.gzipped ? Math.min(size * 4, 2 ** 31) : size + 1), used = 0;
    for (;;) {
      const piece = await source.read(2 ** 18);
      if (piece.length === 0) return bytes.subarray(0, used);
      if (used + piece.length > LARGEST) throw tooLarge();
      if (used + piece.length > bytes.length) {
        const larger = new Uint8Array(Math.min(LARGEST, Math.max(bytes.length * 2, used + piece.length)));
        larger.set(bytes.subarray(0, used));
        bytes = larger;
      }
      bytes.set(piece, used);
      used += piece.length;
    }
  } finally {
    await source.close();
  }
}

const lineOf = (bytes: Uint8Array, at: number) => {
  let line = 1;
  for (let i = bytes.indexOf(LF); i >= 0 && i < at; i = bytes.indexOf(LF, i + 1)) line++;
  return line;
};

/** Spans of one column, which grow. */
function spanList() {
  let starts = new Uint32Array(1024), lengths = new Uint32Array(1024);
  const grown = (old: Uint32Array) => {
    const larger = new Uint32Array(old.length * 2);
    larger.set(old);
    return larger;
  };
  return {
    set(row: number, start: number, length: number) {
      if (row >= starts.length) [starts, lengths] = [grown(starts), grown(lengths)];
      starts[row] = start;
      lengths[row] = length;
    },
    column: (bytes: Uint8Array, rows: number): TextColumn => ({
      kind: "text",
      bytes,
      starts: starts.slice(0, rows),
      lengths: lengths.slice(0, rows),
    }),
  };
}

/**
 * Reads a table whose first row names its columns; every field is text, an empty one has length 0 and only what a short
 * row lacks is missing. Throws SyntaxError naming file and line for a row with the wrong number of fields, a quote that
 * is never closed, a file without a row of names, or a column that is not there.
 */
export async function readDelimitedColumns(
  path: string,
  options: DelimitedOptions,
): Promise<(readonly [string, TextColumn])[]> {
  const bytes = await wholeFile(path), { quotes, columns, shortRows } = options;
  const separator = options.separator.charCodeAt(0), decoder = new TextDecoder();
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0, rows = 0, record = at;
  let names = null as string[] | null, wanted: (ReturnType<typeof spanList> | null)[] = [];
  let wished: ReturnType<typeof wishedColumns> = [];
  // Spans of the header, before it is known which columns are wanted.
  const header: [number, number][] = [];
  const end = bytes.length;

  const nameColumns = () => {
    names = header.map(([start, length]) => decoder.decode(bytes.subarray(start, start + length)));
    wished = wishedColumns(path, names, columns);
    wanted = names.map((name) => wished.some(({ from }) => from === name) ? spanList() : null);
  };
  const wrongFields = (fields: number, record: number) =>
    new SyntaxError(
      `${path}: the row in line ${lineOf(bytes, record)} has ${fields} field${
        fields === 1 ? "" : "s"
      }, but the ` +
        `header names ${names!.length}: mend that line, or say how quotes are read with --quoting`,
    );

  while (at < end) {
    record = at;
    let field = 0, quoted = false;
    for (;;) {
      let start = at, length: number;
      quoted = quotes && bytes[at] === QUOTE;
      if (quoted) {
        start = ++at;
        let to = start;
        for (;;) {
          const quote = bytes.indexOf(QUOTE, at);
          if (quote < 0) {
            throw new SyntaxError(
              `${path}: a quote that opens in the row in line ${
                lineOf(bytes, record)
              } is never closed: mend it, or ` +
                `read the file with --quoting none if quotes are plain characters in it`,
            );
          }
          if (to !== at) bytes.copyWithin(to, at, quote);
          to += quote - at;
          at = quote + 1;
          if (bytes[at] !== QUOTE) break;
          bytes[to++] = QUOTE;
          at++;
        }
        const behind = at;
        while (at < end && bytes[at] !== separator && bytes[at] !== LF && bytes[at] !== CR) at++;
        if (at > behind) bytes.copyWithin(to, behind, at);
        length = to + at - behind - start;
      } else {
        while (at < end) {
          const byte = bytes[at];
          if (byte <= 44 && (byte === separator || byte === LF || byte === CR)) break;
          at++;
        }
        length = at - start;
      }
      if (names === null) header.push([start, length]);
      else wanted[field]?.set(rows, start, length);
      field++;
      if (at >= end || bytes[at] !== separator) break;
      at++;
    }
    const lineEnd = at;
    if (at < end) at += bytes[at] === CR && bytes[at + 1] === LF ? 2 : 1;
    if (field === 1 && !quoted && isBlank(bytes, record, lineEnd, separator)) {
      header.length = names === null ? 0 : header.length;
      continue;
    }
    if (names === null) nameColumns();
    else {
      if (field > names.length || field < names.length && !shortRows) throw wrongFields(field, record);
      for (; field < names.length; field++) wanted[field]?.set(rows, 0, NO_TEXT);
      rows++;
    }
  }
  if (names === null) throw new SyntaxError(`${path} is empty: a table's first row names its columns`);
  const twice = names.find((name, i) => names!.indexOf(name) !== i);
  if (twice !== undefined) throw new SyntaxError(`${path} has two columns ${twice}: rename one`);
  const all = names;
  return wished.map(({ name, from }) => [name, wanted[all.indexOf(from)]!.column(bytes, rows)] as const);
}

function isBlank(bytes: Uint8Array, from: number, to: number, separator: number): boolean {
  for (let i = from; i < to; i++) {
    if (bytes[i] !== SPACE && !(bytes[i] === TAB && separator !== TAB)) return false;
  }
  return true;
}
