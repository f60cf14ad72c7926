/**
 * Rows of TSV and CSV as records: lines, where quotes are characters; else as pandas has them (QUOTE_MINIMAL), so that a
 * quoted field may hold line ends. A quote that was never meant to open a field must not eat the rows behind it: what
 * goes on for too long, or ends otherwise than a quoted field does, is one malformed line, and the next line is read
 * anew.
 */
import { isBlank } from "./line_records.ts";
import { type Finder, LONGEST_RECORD, type Passer, type RecordRule } from "./records.ts";

/** How a table is written. */
export interface TableStyle {
  /** Byte between fields. */
  readonly separator: number;
  /** Whether quotes are as in CSV. */
  readonly quotes: boolean;
  /** Fields of a row; 0 while that is not known. */
  readonly fields: number;
}

/** How far a row may go on behind its first line. */
const MOST_BYTES_BEHIND = 2 ** 16, MOST_LINES = 100;
const LF = 10, CR = 13, QUOTE = 34;
const oddQuote = "a quote at the beginning of a field that does not close it";
const decoder = new TextDecoder();

/** Whether lines that a quoted field would take in are rows themselves: with a URL, and as many fields as a row has. */
function holdsRows(lines: string, { separator, fields }: TableStyle): boolean {
  return lines.split(/[\r\n]+/).some((line) => {
    const parts = line.split(String.fromCharCode(separator));
    return parts.length === fields && parts.some((part) => /^"?https?:\/\/\S+$/i.test(part));
  });
}

/** The rule of a table's rows, which are given without their line end. */
export function tableRecords(style: TableStyle): RecordRule {
  const { separator, quotes, fields } = style;

  function over(bytes: Uint8Array, last: boolean): Finder {
    const size = bytes.length;
    const nextOf = (byte: number, at: number) => {
      const place = bytes.indexOf(byte, at);
      return place < 0 ? Infinity : place;
    };
    let feed = -1, back = -1, quote = -1;

    /** The end of the row that begins at `at` and whose first line ends at `lineEnd`; null where a quote is odd. */
    function rowEnd(at: number, lineEnd: number): number | "more" | null {
      const limit = lineEnd + MOST_BYTES_BEHIND, stop = Math.min(size, limit);
      let i = at, count = 1, tidy = true;
      for (;; i++, count++) {
        if (bytes[i] === QUOTE) {
          do {
            i = nextOf(QUOTE, i + 1);
            if (i >= stop) return limit <= size || last ? null : "more";
          } while (bytes[i + 1] === QUOTE && ++i < stop);
          i++;
          tidy &&= i >= size || bytes[i] === separator || bytes[i] === LF || bytes[i] === CR;
        }
        while (i < stop && bytes[i] !== separator && bytes[i] !== LF && bytes[i] !== CR) i++;
        if (i >= limit) return null;
        if (i >= size && !last) return "more";
        if (i >= size || bytes[i] !== separator) break;
      }
      if (i <= lineEnd) return i;
      const more = bytes.subarray(lineEnd, i), lines = more.reduce((sum, byte) => sum + +(byte === LF), 0);
      const fits = tidy && lines < MOST_LINES && (fields === 0 || count === fields);
      return fits && !holdsRows(decoder.decode(more), style) ? i : null;
    }

    return (at, found) => {
      for (;;) {
        found.next = at;
        if (feed < at) feed = nextOf(LF, at);
        if (back < at) back = nextOf(CR, at);
        const lineEnd = Math.min(feed, back, size);
        if (!last && lineEnd >= size) return "more";
        if (at >= size) return "end";
        found.from = at;
        found.to = lineEnd;
        found.fault = null;
        if (quotes && quote < at) quote = nextOf(QUOTE, at);
        if (quotes && quote < lineEnd && lineEnd - at <= LONGEST_RECORD) {
          const end = rowEnd(at, lineEnd);
          if (end === "more") return "more";
          if (end === null) found.fault = oddQuote;
          else found.to = end;
        }
        // A line feed that comes in the next window is a blank line.
        const width = bytes[found.to] === CR && bytes[found.to + 1] === LF ? 2 : 1;
        found.next = Math.min(size, found.to + width);
        if (bytes[at] > 32 || !isBlank(bytes, at, found.to, separator)) return "record";
        at = found.next;
      }
    };
  }

  return { over, passer: () => passLine };
}

/** Goes over a line. */
const passLine: Passer = (bytes, at) => {
  const end = Math.min(...[LF, CR].map((byte) => bytes.indexOf(byte, at) >>> 0));
  return end < bytes.length ? end + 1 : -1;
};
