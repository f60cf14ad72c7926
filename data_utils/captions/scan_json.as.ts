// deno-lint-ignore-file
// @ts-nocheck AssemblyScript, part of scan.as.ts.
// JSON of one line, checked by the whole grammar (as JSON.parse does) on the way to the value of one key, so that no
// line becomes objects. Results of a string or a line are in the variables below.
import { CR, QUOTE, roomFor, SPACE, TAB } from "./scan_state.as.ts";

/** What a value is: not there, null, a string, anything else. */
export const ABSENT: u32 = 0, IS_NULL: u32 = 1, STRING: u32 = 2, OTHER: u32 = 3;
const BACKSLASH: u32 = 0x5c, OPEN_OBJECT: u32 = 0x7b, CLOSE_OBJECT: u32 = 0x7d;
const OPEN_ARRAY: u32 = 0x5b, CLOSE_ARRAY: u32 = 0x5d, COMMA: u32 = 0x2c, COLON: u32 = 0x3a;
/** Deepest nesting; what is deeper is taken as broken. */
const DEEPEST: usize = 4096;

let keyAt: usize = 0, keyLength: usize = 0, kindsAt: usize = 0;
let here: usize = 0, lineEnd: usize = 0, wanted: bool = false;
let stringAt: usize = 0, stringEnd: usize = 0, escaped: bool = false;
let valueKind: u32 = ABSENT, valueAt: usize = 0, valueEnd: usize = 0, valueEscaped: bool = false;

/** Says where the bytes of the key lie, and where there is room for one byte per level of nesting. */
export function setKey(at: usize, length: usize, kinds: usize): void {
  keyAt = at;
  keyLength = length;
  kindsAt = kinds;
}

export function jsonKind(): u32 {
  return valueKind;
}

export function jsonAt(): usize {
  return valueAt;
}

export function jsonEnd(): usize {
  return valueEnd;
}

export function jsonEscaped(): bool {
  return valueEscaped;
}

function peek(): u32 {
  while (here < lineEnd) {
    const byte: u32 = load<u8>(here);
    if (byte != SPACE && byte != TAB && byte != CR) return byte;
    here++;
  }
  return 0;
}

function hexDigit(at: usize): i32 {
  const byte = load<u8>(at) as i32, letter = (byte | 0x20) - 0x61;
  return byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : letter >= 0 && letter < 6 ? letter + 10 : -1;
}

/** The four digits at `at` as a number, negative when they are none. */
function hexUnit(at: usize): i32 {
  return (hexDigit(at) << 12) | (hexDigit(at + 1) << 8) | (hexDigit(at + 2) << 4) | hexDigit(at + 3);
}

/** Length of the escape at `at`; 0 when it is none. */
function escapeLength(at: usize): usize {
  if (at + 2 > lineEnd) return 0;
  switch (load<u8>(at + 1)) {
    case 0x75: // u
      return at + 6 <= lineEnd && hexUnit(at + 2) >= 0 ? 6 : 0;
    case 0x22: // " \ / b f n r t
    case 0x5c:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return 2;
  }
  return 0;
}

/** Reads the string that begins at `here`. */
function readString(): bool {
  const quote = i8x16.splat(QUOTE as i8),
    backslash = i8x16.splat(BACKSLASH as i8),
    space = i8x16.splat(SPACE as i8);
  let at = here + 1;
  stringAt = at;
  escaped = false;
  while (at < lineEnd) {
    const bytes = v128.load(at);
    const found = i8x16.bitmask(v128.or(
      v128.or(i8x16.eq(bytes, quote), i8x16.eq(bytes, backslash)),
      i8x16.lt_u(bytes, space),
    ));
    if (!found) {
      at += 16;
      continue;
    }
    at += ctz(found);
    if (at >= lineEnd) return false;
    const byte: u32 = load<u8>(at);
    if (byte == QUOTE) {
      stringEnd = at;
      here = at + 1;
      return true;
    }
    if (byte != BACKSLASH) return false;
    const length = escapeLength(at);
    if (!length) return false;
    escaped = true;
    at += length;
  }
  return false;
}

function putCodePoint(to: usize, code: u32): usize {
  if (code < 0x80) {
    store<u8>(to, code);
    return to + 1;
  }
  if (code < 0x800) {
    store<u8>(to, 0xc0 | (code >> 6));
    store<u8>(to + 1, 0x80 | (code & 0x3f));
    return to + 2;
  }
  if (code < 0x10000) {
    store<u8>(to, 0xe0 | (code >> 12));
    store<u8>(to + 1, 0x80 | ((code >> 6) & 0x3f));
    store<u8>(to + 2, 0x80 | (code & 0x3f));
    return to + 3;
  }
  store<u8>(to, 0xf0 | (code >> 18));
  store<u8>(to + 1, 0x80 | ((code >> 12) & 0x3f));
  store<u8>(to + 2, 0x80 | ((code >> 6) & 0x3f));
  store<u8>(to + 3, 0x80 | (code & 0x3f));
  return to + 4;
}

/** Writes the string [from, end) to `to` without its escapes; half a surrogate pair becomes U+FFFD. */
export function copyUnescaped(to: usize, from: usize, end: usize): usize {
  while (from < end) {
    const byte: u32 = load<u8>(from);
    if (byte != BACKSLASH) {
      store<u8>(to++, byte);
      from++;
      continue;
    }
    const mark: u32 = load<u8>(from + 1);
    if (mark != 0x75) {
      const plain: u32 = mark == 0x62
        ? 8
        : mark == 0x66
        ? 12
        : mark == 0x6e
        ? 10
        : mark == 0x72
        ? 13
        : mark == 0x74
        ? 9
        : mark;
      store<u8>(to++, plain);
      from += 2;
      continue;
    }
    let code = hexUnit(from + 2) as u32;
    from += 6;
    if ((code & 0xfc00) == 0xd800 && from + 6 <= end && load<u16>(from) == 0x755c) {
      const low = hexUnit(from + 2) as u32;
      if ((low & 0xfc00) == 0xdc00) {
        code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
        from += 6;
      }
    }
    to = putCodePoint(to, (code & 0xf800) == 0xd800 && code < 0x10000 ? 0xfffd : code);
  }
  return to;
}

/** Whether the string just read is the key. */
function isKey(): bool {
  let at = stringAt, end = stringEnd;
  if (escaped) {
    at = roomFor(end - at);
    end = copyUnescaped(at, stringAt, stringEnd);
  }
  return end - at == keyLength && memory.compare(at, keyAt, keyLength) == 0;
}

/** Reads a key and its colon. */
function readKey(depth: usize): bool {
  if (peek() != QUOTE || !readString()) return false;
  if (depth == 1) wanted = isKey();
  if (peek() != COLON) return false;
  here++;
  return true;
}

function readDigits(): bool {
  const from = here;
  while (here < lineEnd && (load<u8>(here) as u32) - 0x30 < 10) here++;
  return here > from;
}

function readNumber(): bool {
  if (load<u8>(here) == 0x2d) here++;
  if (here < lineEnd && load<u8>(here) == 0x30) here++;
  else if (!readDigits()) return false;
  if (here < lineEnd && load<u8>(here) == 0x2e) {
    here++;
    if (!readDigits()) return false;
  }
  if (here < lineEnd && (load<u8>(here) | 0x20) == 0x65) {
    here++;
    if (here < lineEnd && (load<u8>(here) == 0x2b || load<u8>(here) == 0x2d)) here++;
    if (!readDigits()) return false;
  }
  return true;
}

/** Reads null, true, false or a number and returns what it is; ABSENT when it is none. */
function readPlain(byte: u32): u32 {
  const left = lineEnd - here, word = load<u32>(here);
  if (left >= 4 && (word == 0x6c6c756e || word == 0x65757274)) {
    here += 4;
    return byte == 0x6e ? IS_NULL : OTHER;
  }
  if (left >= 5 && byte == 0x66 && load<u32>(here, 1) == 0x65736c61) {
    here += 5;
    return OTHER;
  }
  return readNumber() ? OTHER : ABSENT;
}

/**
 * Reads the line [from, end). Returns false when it is no JSON. Otherwise `jsonKind` and the others tell of the key's
 * value in the object (of two with one key the last holds), or of the value itself when it is no object.
 */
export function readJson(from: usize, end: usize): bool {
  here = from;
  lineEnd = end;
  valueKind = ABSENT;
  const isObject = peek() == OPEN_OBJECT;
  let depth: usize = 0;
  while (true) {
    const byte = peek();
    let kind = OTHER;
    if (byte == OPEN_OBJECT || byte == OPEN_ARRAY) {
      here++;
      if (++depth > DEEPEST) return false;
      store<u8>(kindsAt + depth, byte);
      if (peek() == byte + 2) {
        here++;
        depth--;
      } else {
        if (byte == OPEN_OBJECT && !readKey(depth)) return false;
        continue;
      }
    } else if (byte == QUOTE) {
      if (!readString()) return false;
      kind = STRING;
    } else {
      if (!byte) return false;
      kind = readPlain(byte);
      if (kind == ABSENT) return false;
    }
    // A value has ended; so may those around it.
    while (true) {
      if (isObject ? depth == 1 && wanted : depth == 0) {
        valueKind = kind;
        valueAt = stringAt;
        valueEnd = stringEnd;
        valueEscaped = escaped;
      }
      const next = peek();
      if (depth == 0) return here == lineEnd;
      const open: u32 = load<u8>(kindsAt + depth);
      if (next == COMMA) {
        here++;
        if (open == OPEN_OBJECT && !readKey(depth)) return false;
        break;
      }
      if (next != open + 2) return false;
      here++;
      depth--;
      kind = OTHER;
    }
  }
}
