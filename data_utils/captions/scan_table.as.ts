// deno-lint-ignore-file
// @ts-nocheck AssemblyScript, part of scan.as.ts.
// Records of TSV and CSV by the rules of pandas' C tokenizer (delimited.ts states them). The bytes that mean
// something (separator, line ends, quote) are found 64 at a time; all others are passed over without a look.
import {
  batchIsFull,
  countMalformed,
  countTooLong,
  CR,
  indexOfByte,
  isTooLong,
  keepExtra,
  LF,
  putCaption,
  putNull,
  QUOTE,
  roomFor,
  setUnclosed,
  SPACE,
  TAB,
} from "./scan_state.as.ts";

// Where a field stands: not quoted, within its quotes, behind its closing quote.
const PLAIN: u32 = 0, QUOTED: u32 = 1, CLOSED: u32 = 2;
// Where a record stands that is passed over.
const AT_FIELD: u32 = 0, IN_FIELD: u32 = 1, IN_QUOTES: u32 = 2, AT_QUOTE: u32 = 3, AT_RETURN: u32 = 4;

let separator: u32 = TAB, column: u32 = 0, fields: u32 = 0, quotes: bool = true;
/** For each low half of a byte the one byte of meaning that has it, or a byte that has another low half. */
let meanings: v128 = i8x16.splat(0);
let passing: u32 = AT_FIELD;

/** Says how the table is read: its separator, the caption's column of how many, and whether quotes quote. */
export function setTable(byte: u32, captionColumn: u32, columns: u32, quoting: bool): void {
  separator = byte;
  column = captionColumn;
  fields = columns;
  quotes = quoting;
  const none: u8 = 0xff;
  meanings = i8x16(
    none,
    none,
    quoting ? QUOTE as u8 : none,
    none,
    none,
    none,
    none,
    none,
    none,
    byte == TAB ? TAB as u8 : none,
    LF as u8,
    none,
    byte == 0x2c ? 0x2c : none,
    CR as u8,
    none,
    0x10,
  );
}

function meaningsOf16(at: usize): u64 {
  const bytes = v128.load(at);
  const meaning = i8x16.swizzle(meanings, v128.and(bytes, i8x16.splat(0x0f)));
  return i8x16.bitmask(i8x16.eq(bytes, meaning)) as u32 as u64;
}

/** A bit for each byte of meaning among the 64 from `at`, none at or behind `end`. */
function meaningsOf64(at: usize, end: usize): u64 {
  const found = meaningsOf16(at) | (meaningsOf16(at + 16) << 16) |
    (meaningsOf16(at + 32) << 32) | (meaningsOf16(at + 48) << 48);
  return at + 64 <= end ? found : found & (((1 as u64) << (end - at)) - 1);
}

/** Whether a first field is white space; where tabs separate, it holds none. */
function isBlank(from: usize, end: usize): bool {
  for (; from < end; from++) {
    const byte: u32 = load<u8>(from);
    if (byte != SPACE && byte != TAB) return false;
  }
  return true;
}

/** Whether [from, end) is one of the strings that pandas reads as NaN by default. */
function isMissing(from: usize, end: usize): bool {
  const length = end - from;
  if (length == 0) return true;
  if (length > 8 || length == 1) return false;
  const key = load<u64>(from) & ((-1 as u64) >> ((8 - length) << 3));
  switch (length as u32) {
    case 2:
      return key == 0x414e; // NA
    case 3:
      return key == 0x4e614e || key == 0x412f4e || key == 0x6e616e || key == 0x612f6e || // NaN N/A nan n/a
        key == 0x414e23; // #NA
    case 4:
      return key == 0x4c4c554e || key == 0x6c6c756e || key == 0x656e6f4e || // NULL null None
        key == 0x4e614e2d || key == 0x6e616e2d || // -NaN -nan
        key == 0x3e414e3c || key == 0x412f4e23; // <NA> #N/A
    case 6:
      return key == 0x444e49232e31; // 1.#IND
    case 7:
      return key == 0x4e414e51232e31 || key == 0x444e49232e312d; // 1.#QNAN -1.#IND
    case 8:
      return key == 0x4e414e51232e312d || key == 0x412f4e20412f4e23; // -1.#QNAN #N/A N/A
  }
  return false;
}

/** Copies [from, end) to `to` with each pair of quotes as one; returns the end of the copy. */
function copyUnquoted(to: usize, from: usize, end: usize): usize {
  while (from < end) {
    const byte = load<u8>(from);
    store<u8>(to++, byte);
    from += byte == QUOTE ? 2 : 1;
  }
  return to;
}

/**
 * Reads the records of [from, end) that begin before `stop`, until the batch is full. `last` says that the file ends
 * at `end`. Returns where the first record begins that was not read.
 */
export function scanTable(from: usize, end: usize, stop: usize, last: bool): usize {
  let record = from, field = from, number: u32 = 0, state = PLAIN, closed: usize = 0, doubled = false;
  let captionAt: usize = 0,
    captionEnd: usize = 0,
    captionState = PLAIN,
    captionClosed: usize = 0,
    captionDoubled = false;
  let ahead: usize = 0, block = from;
  let found = from < end ? meaningsOf64(block, end) : 0, going = from < end && from < stop && !batchIsFull();
  while (going) {
    while (!found) {
      block += 64;
      if (block >= end) break;
      found = meaningsOf64(block, end);
    }
    let at = end, byte = LF;
    if (found) {
      at = block + (ctz(found) as usize);
      found &= found - 1;
      if (at < ahead) continue;
      byte = load<u8>(at);
    } else {
      if (!last || record == end) return record;
      if (state == QUOTED) {
        setUnclosed();
        return record;
      }
    }
    if (state == QUOTED) {
      if (byte != QUOTE) continue;
      if (at + 1 < end && load<u8>(at + 1) == QUOTE) {
        doubled = true;
        ahead = at + 2;
      } else {
        state = CLOSED;
        closed = at;
      }
      continue;
    }
    if (byte == QUOTE) {
      if (at == field) state = QUOTED;
      continue;
    }
    if (number == column) {
      captionAt = field;
      captionEnd = at;
      captionState = state;
      captionClosed = closed;
      captionDoubled = doubled;
    }
    if (byte == separator) {
      number++;
      field = at + 1;
      state = PLAIN;
      doubled = false;
      continue;
    }
    let next = at < end ? at + 1 : end;
    if (byte == CR) {
      if (next == end && !last) return record;
      if (next < end && load<u8>(next) == LF) ahead = ++next;
    }
    if (isTooLong(at - record)) countTooLong();
    else if (number > 0 || state != PLAIN || !isBlank(field, at)) {
      if (number >= fields) countMalformed();
      else if (number < column) putNull(record, at);
      else if (captionState == PLAIN) {
        if (isMissing(captionAt, captionEnd)) putNull(record, at);
        else putCaption(captionAt, captionEnd, record, at);
      } else {
        let start = captionAt + 1, stopAt = captionClosed;
        if (captionDoubled || captionClosed + 1 < captionEnd) {
          const behind = captionEnd - (captionClosed + 1), room = roomFor(captionEnd - captionAt);
          if (!room) return record;
          stopAt = copyUnquoted(room, start, captionClosed);
          memory.copy(stopAt, captionClosed + 1, behind);
          stopAt += behind;
          start = room;
        }
        if (isMissing(start, stopAt)) putNull(record, at);
        else {
          if (start != captionAt + 1) keepExtra(stopAt);
          putCaption(start, stopAt, record, at);
        }
      }
    }
    record = next;
    going = record < stop && !batchIsFull();
    field = record;
    number = 0;
    state = PLAIN;
    doubled = false;
  }
  return record;
}

/**
 * Passes over a record that is longer than the arena, in as many calls as it takes: the first with `begins`. Returns
 * where the record behind it begins, or 0 while that is not seen.
 */
export function passRecord(from: usize, end: usize, begins: bool): usize {
  if (begins) passing = AT_FIELD;
  for (let at = from; at < end; at++) {
    if (passing == IN_QUOTES) {
      at = indexOfByte(at, end, QUOTE);
      if (at < end) passing = AT_QUOTE;
      continue;
    }
    const byte: u32 = load<u8>(at);
    if (passing == AT_RETURN) return byte == LF ? at + 1 : at;
    if (passing == AT_QUOTE && byte == QUOTE) {
      passing = IN_QUOTES;
      continue;
    }
    if (byte == LF) return at + 1;
    passing = byte == CR
      ? AT_RETURN
      : byte == separator
      ? AT_FIELD
      : byte == QUOTE && quotes && passing == AT_FIELD
      ? IN_QUOTES
      : IN_FIELD;
  }
  return 0;
}

/** Whether the record that is passed over is within quotes. */
export function passesQuotes(): bool {
  return passing == IN_QUOTES;
}
