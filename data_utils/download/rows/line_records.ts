/** Lines as records, for lists of URLs and JSONL: a line feed ends each, and blank lines are none. */
import type { Finder, RecordRule } from "./records.ts";

const LF = 10, CR = 13;

/** Whether nothing but blanks stands in bytes `from` to `to`; a byte of `but` is none. */
export function isBlank(bytes: Uint8Array, from: number, to: number, but = -1): boolean {
  while (from < to && bytes[from] <= 32 && bytes[from] !== but) from++;
  return from >= to;
}

/** The rule of lines, which are given without their line end. */
export const lineRecords: RecordRule = {
  over(bytes, last): Finder {
    return (at, found) => {
      for (;;) {
        const feed = bytes.indexOf(LF, at), end = feed < 0 ? bytes.length : feed;
        found.next = at;
        if (feed < 0 && !last) return "more";
        if (at >= bytes.length) return "end";
        found.from = at;
        found.to = end > at && bytes[end - 1] === CR ? end - 1 : end;
        found.next = at = Math.min(end + 1, bytes.length);
        found.fault = null;
        if (!isBlank(bytes, found.from, found.to)) return "record";
      }
    };
  },
  passer: () => (bytes, at) => bytes.indexOf(LF, at) + 1 || -1,
};
