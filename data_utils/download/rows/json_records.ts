/**
 * Elements of a JSON array as records: one that is the whole file, or the one list of rows of an object, as in RedCaps'
 * {"info": {...}, "annotations": [{...}, ...]}. Only strings and brackets are looked at; whether an element is JSON is
 * for its reader to say.
 */
import type { Finder, Passer, RecordRule } from "./records.ts";

const QUOTE = 34, COMMA = 44, BACKSLASH = 92;
const OPEN_ARRAY = 91, CLOSE_ARRAY = 93, OPEN_OBJECT = 123, CLOSE_OBJECT = 125;

/** Where the rows of a JSON file are. */
export interface JsonList {
  /** The byte behind the bracket that opens their array. */
  readonly first: number;
  /** Whether the array is in an object. */
  readonly wrapped: boolean;
}

function firstNotBlank(bytes: Uint8Array, at: number): number {
  while (at < bytes.length && bytes[at] <= 32) at++;
  return at;
}

/**
 * Finds the list of rows by the beginning of a file, which starts at byte `at`: an array, or the first array of objects
 * that an object holds (or else an empty one). Undefined if that needs more bytes; null when there is none.
 */
export function findList(bytes: Uint8Array, at: number, whole: boolean): JsonList | null | undefined {
  const begin = firstNotBlank(bytes, at), more = whole ? null : undefined;
  if (begin === bytes.length) return more;
  if (bytes[begin] === OPEN_ARRAY) {
    const inner = firstNotBlank(bytes, begin + 1);
    if (inner === bytes.length) return more;
    const fits = bytes[inner] === OPEN_OBJECT || bytes[inner] === CLOSE_ARRAY;
    return fits ? { first: begin + 1, wrapped: false } : null;
  }
  if (bytes[begin] !== OPEN_OBJECT) return null;
  let empty: JsonList | null = null;
  const structure = structureScanner();
  for (let i = begin; i < bytes.length; i++) {
    const depth = structure(bytes[i]);
    if (depth === 0) return empty;
    if (bytes[i] !== OPEN_ARRAY || depth !== 2) continue;
    const inner = firstNotBlank(bytes, i + 1);
    if (bytes[inner] === OPEN_OBJECT) return { first: i + 1, wrapped: true };
    if (bytes[inner] === CLOSE_ARRAY) empty ??= { first: i + 1, wrapped: true };
  }
  return more;
}

/** Follows brackets and strings byte by byte; gives the depth behind each byte, or -1 within a string. */
function structureScanner(depth = 0): (byte: number) => number {
  let quoted = false, escaped = false;
  return (byte) => {
    if (quoted) {
      if (escaped) escaped = false;
      else if (byte === BACKSLASH) escaped = true;
      else if (byte === QUOTE) quoted = false;
      return -1;
    }
    if (byte === QUOTE) {
      quoted = true;
      return -1;
    }
    if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) depth++;
    else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth--;
    return depth;
  };
}

/** Goes over an element up to behind its comma, or to the bracket that closes the array. */
function elementPasser(): Passer {
  let depth = 0, quoted = false, escaped = false;
  return (bytes, at) => {
    for (let i = at; i < bytes.length; i++) {
      const byte = bytes[i];
      if (quoted) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) quoted = false;
      } else if (byte === QUOTE) quoted = true;
      else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++;
      else if (byte === CLOSE_OBJECT) depth = Math.max(0, depth - 1);
      else if (byte === CLOSE_ARRAY) {
        if (depth === 0) return i;
        depth--;
      } else if (byte === COMMA && depth === 0) return i + 1;
    }
    return -1;
  };
}

/** The rule of a list's elements. It throws SyntaxError naming the file when the array is not closed. */
export function jsonRecords(path: string, { wrapped }: JsonList): RecordRule {
  const wrong = (what: string) => new SyntaxError(`${path} is damaged, ${what}: fetch or write it again`);
  const endsEarly = () => wrong("it ends before its JSON does");

  function over(bytes: Uint8Array, last: boolean): Finder {
    return (at, found) => {
      const from = found.next = firstNotBlank(bytes, at);
      if (bytes[from] === CLOSE_ARRAY) return "end";
      const behind = elementPasser()(bytes, from);
      if (behind < 0) {
        if (last) throw endsEarly();
        return "more";
      }
      found.from = from;
      found.to = bytes[behind - 1] === COMMA ? behind - 1 : behind;
      found.next = behind;
      found.fault = null;
      return "record";
    };
  }

  function rest() {
    const structure = structureScanner(wrapped ? 2 : 1);
    let depth = 1, opened = false;
    return (bytes: Uint8Array, last: boolean) => {
      for (const byte of bytes) {
        if (byte <= 32) continue;
        if (depth === 0) throw wrong("something stands behind the end of its JSON");
        if (opened && byte === OPEN_OBJECT) {
          throw new SyntaxError(
            `${path} holds more than one list of objects: write the one of images as a file of its own`,
          );
        }
        depth = structure(byte);
        opened = byte === OPEN_ARRAY && depth === 2;
      }
      if (last && depth !== 0) throw endsEarly();
    };
  }

  return { over, passer: elementPasser, rest };
}
