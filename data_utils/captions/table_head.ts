/**
 * The first records of a TSV or CSV file, field by field: the names of its columns, and how it uses quotes. The rules
 * are those of scan_table.as.ts, which reads the rest and looks at no field but the caption's.
 */

/** A record with all its fields. */
export interface HeadRecord {
  /** Place of the record, and of what comes behind its line end. */
  readonly start: number;
  readonly end: number;
  readonly fields: readonly string[];
  /** Whether every quote is one that a writer of CSV would write: around a whole field, or doubled within. */
  readonly tidy: boolean;
}

const LF = 10, CR = 13, QUOTE = 34, SPACE = 32, TAB = 9;
const decoder = new TextDecoder();

/** The records of `bytes` from `start` that are whole; the last may end with the bytes when `whole` says so. */
export function* headRecords(
  bytes: Uint8Array,
  start: number,
  separator: number,
  quotes: boolean,
  whole: boolean,
): Generator<HeadRecord, number> {
  let at = start;
  record: while (at < bytes.length) {
    const begin = at, fields: string[] = [];
    let tidy = true, quoted = false;
    for (;;) {
      const field: number[] = [];
      quoted = quotes && bytes[at] === QUOTE;
      if (quoted) {
        for (at++; bytes[at] !== QUOTE || bytes[at + 1] === QUOTE; at++) {
          if (at >= bytes.length) break record;
          if (bytes[at] === QUOTE) at++;
          field.push(bytes[at]);
        }
        at++;
      }
      for (; at < bytes.length && bytes[at] !== separator && bytes[at] !== LF && bytes[at] !== CR; at++) {
        field.push(bytes[at]);
        if (quoted || bytes[at] === QUOTE) tidy = false;
      }
      fields.push(decoder.decode(Uint8Array.from(field)));
      if (at >= bytes.length || bytes[at] !== separator) break;
      at++;
    }
    const isReturn = bytes[at] === CR;
    if (!whole && at + (isReturn ? 1 : 0) >= bytes.length) {
      at = begin;
      break;
    }
    const line = bytes.subarray(begin, at);
    at = Math.min(bytes.length, at + (isReturn && bytes[at + 1] === LF ? 2 : 1));
    const blank = fields.length === 1 && !quoted &&
      line.every((byte) => byte === SPACE || (byte === TAB && separator !== TAB));
    if (!blank) yield { start: begin, end: at, fields, tidy };
    start = at;
  }
  return start;
}

/** A record that is still open after so many bytes has a quote that was not meant to open one. */
const longestOpen = 2 ** 16;

/**
 * Whether a file's quotes are those of CSV, judged by its beginning: every field that begins with a quote ends with one
 * right before the separator or line end, quotes within are doubled, and no field that does not begin with a quote
 * holds one (a writer of CSV would have quoted it); a record that is not whole yet has at most 64 KiB.
 */
export function quotesLikeCsv(
  bytes: Uint8Array,
  start: number,
  separator: number,
  whole: boolean,
): boolean {
  const records = headRecords(bytes, start, separator, true, whole);
  for (;;) {
    const { value, done } = records.next();
    if (done) return bytes.length - value <= (whole ? 0 : longestOpen);
    if (!value.tidy) return false;
  }
}
