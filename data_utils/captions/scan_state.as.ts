// deno-lint-ignore-file
// @ts-nocheck AssemblyScript, part of scan.as.ts.
// What the scanners of all line formats share: the batch of spans that they fill, and the tally of what they met.
import { isUtf8 } from "./scan_utf8.as.ts";

export const LF: u32 = 0x0a, CR: u32 = 0x0d, SPACE: u32 = 0x20, TAB: u32 = 0x09, QUOTE: u32 = 0x22;
const NULL_LENGTH: u32 = 0xffff_ffff;

let spansAt: usize = 0, rowsAt: usize = 0, mostSpans: usize = 0, extraAt: usize = 0, withRows: bool = false;
let mostBytes: usize = 0, filled: usize = 0, extra: usize = 0, unclosed: bool = false;
let rows: f64 = 0, nulls: f64 = 0, empties: f64 = 0, invalid: f64 = 0, tooLong: f64 = 0, malformed: f64 = 0;

/** Says where the arena's parts lie. */
export function setup(spans: usize, rowSpans: usize, most: usize, extraText: usize, textBytes: usize): void {
  spansAt = spans;
  rowsAt = rowSpans;
  mostSpans = most;
  extraAt = extraText;
  mostBytes = textBytes;
}

/** Starts the tally anew; `keepRows` asks for the spans of whole records too. */
export function startTally(keepRows: bool): void {
  withRows = keepRows;
  rows =
    nulls =
    empties =
    invalid =
    tooLong =
    malformed =
      0;
  startBatch();
}

/** Starts the batch anew. */
export function startBatch(): void {
  filled = 0;
  extra = extraAt;
  unclosed = false;
}

export function spanCount(): usize {
  return filled;
}

export function batchIsFull(): bool {
  return filled == mostSpans;
}

/** Whether the last record was at its end of file within quotes. */
export function endsInQuotes(): bool {
  return unclosed;
}

export function setUnclosed(): void {
  unclosed = true;
}

export function tallyRows(): f64 {
  return rows;
}

export function tallyNulls(): f64 {
  return nulls;
}

export function tallyEmpties(): f64 {
  return empties;
}

export function tallyInvalid(): f64 {
  return invalid;
}

export function tallyTooLong(): f64 {
  return tooLong;
}

export function tallyMalformed(): f64 {
  return malformed;
}

/** Whether a record of so many bytes is more than the arena holds. */
export function isTooLong(bytes: usize): bool {
  return bytes > mostBytes;
}

export function countTooLong(): void {
  rows++;
  tooLong++;
}

export function countMalformed(): void {
  rows++;
  malformed++;
}

/** Where rewritten text may go; 0 when there is no room for so many bytes before the batch is handed on. */
export function roomFor(bytes: usize): usize {
  return extra + bytes <= extraAt + mostBytes ? extra : 0;
}

/** Keeps rewritten text up to `end`. */
export function keepExtra(end: usize): void {
  extra = end;
}

function putSpan(at: usize, length: u32, record: usize, recordEnd: usize): void {
  const to = filled << 3;
  store<u32>(spansAt + to, at as u32);
  store<u32>(spansAt + to, length, 4);
  if (withRows) {
    store<u32>(rowsAt + to, record as u32);
    store<u32>(rowsAt + to, (recordEnd - record) as u32, 4);
  }
  filled++;
  rows++;
}

export function putNull(record: usize, recordEnd: usize): void {
  nulls++;
  putSpan(record, NULL_LENGTH, record, recordEnd);
}

/** Adds the caption [at, end) of the record [record, recordEnd). */
export function putCaption(at: usize, end: usize, record: usize, recordEnd: usize): void {
  if (at == end) empties++;
  else if (!isUtf8(at, end)) invalid++;
  putSpan(at, (end - at) as u32, record, recordEnd);
}

/** Tallies spans that somebody else has filled in; their rows are not counted. */
export function tallySpans(count: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const at = load<u32>(spansAt + (i << 3)) as usize, length = load<u32>(spansAt + (i << 3), 4);
    if (length == NULL_LENGTH) nulls++;
    else if (length == 0) empties++;
    else if (!isUtf8(at, at + length)) invalid++;
  }
}

/** The place of the first `byte` in [from, end), or `end`. Up to 15 bytes behind the end are loaded. */
export function indexOfByte(from: usize, end: usize, byte: u32): usize {
  const wanted = i8x16.splat(byte as i8);
  for (; from < end; from += 16) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(from), wanted));
    if (found) {
      const at = from + ctz(found);
      return at < end ? at : end;
    }
  }
  return end;
}
