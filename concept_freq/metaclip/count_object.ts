/**
 * A JSON object of texts and counts, {"text": 12, ...}, out of bytes that come in pieces: one of any size is read in the memory of its
 * longest text. Anything else that JSON could hold is refused, with its place.
 */

/** Takes the pieces of an object in turn. */
export interface CountObjectReader {
  /** Takes bytes. Throws SyntaxError, with the place, at the first that cannot stand there. */
  push(piece: Uint8Array): void;
  /** Tells that the bytes are at their end. Throws SyntaxError when the object is not. */
  end(): void;
}

/**
 * What is done with an entry: its text is the first `length` bytes of the reader's buffer, in UTF-8 where the file's bytes are; the
 * buffer may be overwritten.
 */
export type TakeEntry = (length: number, count: number) => void;

type State =
  | "start"
  | "first"
  | "key"
  | "text"
  | "escape"
  | "hex"
  | "colon"
  | "value"
  | "digits"
  | "next"
  | "behind";

const QUOTE = 34, COMMA = 44, DIGIT_0 = 48, DIGIT_9 = 57, COLON = 58, BACKSLASH = 92, OPEN = 123, CLOSE = 125;
const escapes: Readonly<Record<string, string>> = {
  ...{ '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" },
};
const byteOrderMark = [0xef, 0xbb, 0xbf];
const encoder = new TextEncoder();
/** Bytes that a character takes at most. */
const longestCharacter = 4;

const isBlank = (byte: number) => byte === 32 || byte === 9 || byte === 10 || byte === 13;
const isDigit = (byte: number) => byte >= DIGIT_0 && byte <= DIGIT_9;
const isHigh = (unit: number) => unit >= 0xd800 && unit < 0xdc00;
const isLow = (unit: number) => unit >= 0xdc00 && unit < 0xe000;
const shown = (byte: number) =>
  byte > 32 && byte < 127 ? `'${String.fromCharCode(byte)}'` : `byte 0x${byte.toString(16)}`;

/**
 * A reader that writes the text of each entry into `buffer()`, fetched anew for every entry, and then calls `take`. A
 * text that stands more than once is taken each time. Counts are whole numbers up to 2^53 - 1, without fraction or
 * exponent; a text longer than the buffer is refused.
 */
export function countObjectReader(take: TakeEntry, buffer: () => Uint8Array): CountObjectReader {
  let state: State = "start", passed = 0, text = buffer(), length = 0;
  let count = 0, digits = 0, hex = "", high = 0;

  function wrong(what: string, place: number): never {
    throw new SyntaxError(`${what} at byte ${passed + place}`);
  }

  function append(bytes: Uint8Array, place: number): void {
    if (length + bytes.length > text.length - longestCharacter) {
      wrong(`a text of more than ${text.length - longestCharacter} bytes`, place);
    }
    text.set(bytes, length);
    length += bytes.length;
  }

  /** Writes a UTF-16 unit of an escape; halves of a pair wait for each other, and alone become U+FFFD. */
  function appendUnit(unit: number, place: number): void {
    const first = high;
    high = 0;
    if (first !== 0 && isLow(unit)) return append(encoder.encode(String.fromCharCode(first, unit)), place);
    if (first !== 0) append(encoder.encode("\ufffd"), place);
    if (isHigh(unit)) high = unit;
    else append(encoder.encode(String.fromCharCode(unit)), place);
  }

  /** A first half whose second did not follow. */
  function flushHalf(place: number): void {
    if (high === 0) return;
    high = 0;
    append(encoder.encode("\ufffd"), place);
  }

  function finishNumber(place: number): void {
    if (!Number.isSafeInteger(count)) wrong("a count above 2^53 - 1 ends", place);
    take(length, count);
  }

  /** Reads what it can of a text's bytes from `from`, and returns the place of the first that it did not. */
  function readText(piece: Uint8Array, from: number): number {
    let to = from;
    while (to < piece.length && piece[to] >= 32 && piece[to] !== QUOTE && piece[to] !== BACKSLASH) to++;
    if (to > from) {
      flushHalf(from);
      append(piece.subarray(from, to), from);
    }
    if (to === piece.length) return to;
    if (piece[to] < 32) wrong(`${shown(piece[to])} within a text, where it must be escaped,`, to);
    if (piece[to] === QUOTE) {
      flushHalf(to);
      state = "colon";
    } else state = "escape";
    return to + 1;
  }

  function readEscape(byte: number, place: number): void {
    const letter = String.fromCharCode(byte);
    if (state === "hex") {
      if (!/[0-9a-fA-F]/.test(letter)) wrong(`${shown(byte)} within \\u and four hexadecimal digits`, place);
      hex += letter;
      if (hex.length < 4) return;
      appendUnit(parseInt(hex, 16), place);
      state = "text";
    } else if (letter === "u") {
      hex = "";
      state = "hex";
    } else {
      if (!Object.hasOwn(escapes, letter)) wrong(`${shown(byte)} behind a backslash`, place);
      appendUnit(escapes[letter].charCodeAt(0), place);
      state = "text";
    }
  }

  function readDigit(byte: number, place: number): boolean {
    if (isDigit(byte)) {
      if (digits > 0 && count === 0) wrong("a count that begins with 0", place);
      count = count * 10 + (byte - DIGIT_0);
      digits++;
      return true;
    }
    if (!isBlank(byte) && byte !== COMMA && byte !== CLOSE) {
      wrong(`${shown(byte)} within a count, which is whole,`, place);
    }
    finishNumber(place);
    state = "next";
    return false;
  }

  /** Reads a byte between texts and numbers. */
  function readMark(byte: number, place: number): void {
    if (isBlank(byte)) return;
    if (state === "start" && byte === OPEN) state = "first";
    else if (state === "start" && byte === byteOrderMark[passed + place]) return;
    else if ((state === "first" || state === "key") && byte === QUOTE) {
      state = "text";
      text = buffer();
      length = 0;
    } else if ((state === "first" || state === "next") && byte === CLOSE) state = "behind";
    else if (state === "next" && byte === COMMA) state = "key";
    else if (state === "colon" && byte === COLON) state = "value";
    else if (state === "value" && isDigit(byte)) {
      state = "digits";
      count = digits = 0;
      readDigit(byte, place);
    } else wrong(`${shown(byte)} ${expectations[state] ?? ""}`, place);
  }

  function push(piece: Uint8Array): void {
    for (let at = 0; at < piece.length;) {
      if (state === "text") at = readText(piece, at);
      else if (state === "escape" || state === "hex") readEscape(piece[at], at++);
      else if (state === "digits") {
        if (readDigit(piece[at], at)) at++;
      } else readMark(piece[at], at++);
    }
    passed += piece.length;
  }

  function end(): void {
    if (state !== "behind") wrong("cut short: the object ends", 0);
  }

  return { push, end };
}

/** What stands where something else was met. */
const expectations: Partial<Record<State, string>> = {
  start: "where the { of an object of texts and counts belongs",
  first: "where a text or } belongs",
  key: "where a text belongs",
  colon: "where a colon belongs",
  value: "where a count, a whole number from 0, belongs",
  next: "where a comma or } belongs",
  behind: "behind the end of the object",
};
