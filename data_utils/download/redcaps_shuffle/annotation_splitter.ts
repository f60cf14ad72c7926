/**
 * RedCaps' annotations out of bytes that come in pieces: the elements of an array, or of the array that an object has
 * under "annotations", as their bytes. Only strings and brackets are looked at here, so that a file of any size takes
 * the memory of one annotation; whether an annotation is JSON is for its taker to say.
 */

const QUOTE = 34, COMMA = 44, COLON = 58, OPEN_ARRAY = 91, BACKSLASH = 92, CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123, CLOSE_OBJECT = 125, BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const isBlank = (byte: number) => byte === 32 || byte === 9 || byte === 10 || byte === 13;
const KEY = "annotations";

/** Takes the pieces of a file in turn. */
export interface AnnotationSplitter {
  /** Takes bytes. Throws SyntaxError where they are no array or object. */
  push(piece: Uint8Array): void;
  /** Throws SyntaxError when the file is not whole, or has no annotations. */
  end(): void;
}

/**
 * A splitter that gives `take` the bytes of every annotation, without blanks around them; they may be a view. Throws
 * SyntaxError for one longer than `most` bytes.
 */
export function annotationSplitter(take: (annotation: Uint8Array) => void, most: number): AnnotationSplitter {
  let passed = 0, begun = false, found = false, depth = 0, quoted = false, escaped = false, last = 0;
  /** Depth between whose commas annotations stand; 0 outside of their array. */
  let list = 0, elements = 0, any = false, kept: Uint8Array[] = [], keptBytes = 0;
  /** The last string right within the outermost object, and whether it is the key of what comes next. */
  let word = "", isKey = false;

  const wrong = (what: string, i: number) => new SyntaxError(`${what} at byte ${passed + i}`);

  function keep(part: Uint8Array) {
    keptBytes += part.length;
    if (keptBytes > most) throw new SyntaxError(`annotation ${elements + 1} is longer than ${most} bytes`);
    kept.push(part.slice());
  }

  function finish(part: Uint8Array) {
    if (keptBytes > 0 || part.length > most) {
      keep(part);
      part = new Uint8Array(keptBytes);
      kept.reduce((at, bytes) => (part.set(bytes, at), at + bytes.length), 0);
      [kept, keptBytes] = [[], 0];
    }
    let from = 0, to = part.length;
    while (from < to && isBlank(part[from])) from++;
    while (to > from && isBlank(part[to - 1])) to--;
    elements++;
    any = false;
    take(part.subarray(from, to));
  }

  function inString(byte: number) {
    if (escaped) escaped = false;
    else if (byte === BACKSLASH) escaped = true;
    else if (byte === QUOTE) quoted = false;
    if (quoted && list === 0 && depth === 1 && word.length <= KEY.length) word += String.fromCharCode(byte);
  }

  function push(piece: Uint8Array) {
    let from = 0;
    for (let i = 0; i < piece.length; i++) {
      const byte = piece[i];
      if (quoted) inString(byte);
      else if (isBlank(byte) || (!begun && byte === BYTE_ORDER_MARK[passed + i])) continue;
      else if (depth === 0) {
        if (begun) throw wrong("something stands behind the end", i);
        if (byte !== OPEN_ARRAY && byte !== OPEN_OBJECT) throw wrong("no JSON array or object", i);
        [begun, depth, last] = [true, 1, byte + 2]; // each bracket closes two behind the one that opens
        if (byte === OPEN_ARRAY) [list, found, from] = [1, true, i + 1];
      } else if (byte === COMMA && depth === list) {
        finish(piece.subarray(from, i));
        from = i + 1;
      } else if (byte === CLOSE_ARRAY && depth === list) {
        if (any || elements > 0) finish(piece.subarray(from, i));
        [list, kept, keptBytes] = [0, [], 0];
        depth--;
      } else {
        any = true;
        if (byte === QUOTE) [quoted, word] = [true, depth === 1 && list === 0 ? "" : word];
        else if (byte === COLON && depth === 1) isKey = word === KEY;
        else if (byte === COMMA && depth === 1) isKey = false;
        else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
          depth++;
          if (byte === OPEN_ARRAY && depth === 2 && list === 0 && isKey) {
            if (found) throw wrong(`a second "${KEY}"`, i);
            [list, found, any, from] = [2, true, false, i + 1];
          }
        } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
          if (depth === list || (depth === 1 && byte !== last)) {
            throw wrong("a bracket that closes nothing", i);
          }
          depth--;
        }
      }
    }
    if (list > 0) keep(piece.subarray(from));
    passed += piece.length;
  }

  function end() {
    if (!begun || depth > 0 || quoted) throw new SyntaxError("it ends before its array or object does");
    if (!found) throw new SyntaxError(`it has no array under "${KEY}"`);
  }

  return { push, end };
}
