/**
 * The elements of a JSON array out of bytes that come in pieces: an array of a hundred gigabytes is read in the memory
 * of one element. Only strings and brackets are looked at here; whether an element is JSON is for its reader to say.
 */

/** Takes the pieces of an array in turn. */
export interface ElementSplitter {
  /** Takes bytes. Throws SyntaxError when they are no array, or something stands behind its end. */
  push(piece: Uint8Array): void;
  /** Whether the array is closed. */
  closed(): boolean;
}

const QUOTE = 34,
  COMMA = 44,
  OPEN_ARRAY = 91,
  BACKSLASH = 92,
  CLOSE_ARRAY = 93,
  OPEN_OBJECT = 123,
  CLOSE_OBJECT = 125;
const isBlank = (byte: number) => byte === 32 || byte === 9 || byte === 10 || byte === 13;

/** A splitter that gives `take` each element's bytes, or null for one longer than `most` bytes. */
export function elementSplitter(take: (element: Uint8Array | null) => void, most: number): ElementSplitter {
  let state: "before" | "within" | "behind" = "before", passed = 0;
  let depth = 0, quoted = false, escaped = false, any = false, commas = 0;
  let kept: Uint8Array[] = [], keptBytes = 0;

  function keep(part: Uint8Array) {
    keptBytes += part.length;
    if (keptBytes <= most) kept.push(part.slice());
    else kept = [];
  }

  function finish(part: Uint8Array) {
    if (keptBytes + part.length > most) take(null);
    else if (keptBytes === 0) take(part);
    else {
      const whole = new Uint8Array(keptBytes + part.length);
      kept.push(part);
      kept.reduce((at, bytes) => (whole.set(bytes, at), at + bytes.length), 0);
      take(whole);
    }
    kept = [];
    keptBytes = 0;
    any = false;
  }

  const wrong = (what: string, i: number) => new SyntaxError(`${what} at byte ${passed + i}`);

  function push(piece: Uint8Array) {
    let from = 0, i = 0;
    const byteOrderMark = [0xef, 0xbb, 0xbf];
    for (; state === "before" && i < piece.length; i++) {
      if (piece[i] === OPEN_ARRAY) {
        state = "within";
        from = i + 1;
      } else if (!isBlank(piece[i]) && piece[i] !== byteOrderMark[passed + i]) {
        throw wrong("no JSON array", i);
      }
    }
    for (; state === "within" && i < piece.length; i++) {
      const byte = piece[i];
      if (quoted) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) quoted = false;
      } else if (byte === COMMA && depth === 0) {
        finish(piece.subarray(from, i));
        from = i + 1;
        commas++;
      } else if (byte === CLOSE_ARRAY && depth === 0) {
        if (any || commas > 0) finish(piece.subarray(from, i));
        state = "behind";
        kept = [];
      } else if (!isBlank(byte)) {
        any = true;
        if (byte === QUOTE) quoted = true;
        else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) depth++;
        else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
          if (depth-- === 0) throw wrong("a bracket that closes nothing", i);
        }
      }
    }
    if (state === "within") keep(piece.subarray(from));
    for (; i < piece.length; i++) {
      if (state === "behind" && !isBlank(piece[i])) throw wrong("something behind the end of the array", i);
    }
    passed += piece.length;
  }

  return { push, closed: () => state === "behind" };
}
