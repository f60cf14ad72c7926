/**
 * Entries as people keep them: MetaCLIP's metadata.json (an array of strings), its datacards (an object of text and
 * count), or a text file with one entry a line. Read as bytes: the strings of ten million entries would not fit.
 */
import { type EntryList, entryPacker, entryText } from "./entry_list.ts";

const TAB = 9, LF = 10, CR = 13, SPACE = 32, QUOTE = 34, COMMA = 44, COLON = 58, OPEN = 91, BACKSLASH = 92;
const CLOSE = 93, BRACE = 123, END_BRACE = 125;

const isBlank = (byte: number) => byte === SPACE || byte === LF || byte === CR || byte === TAB;

/**
 * Reads a file of entries in their order. A name that ends in .txt is text; else a file that begins with [ or { is JSON.
 * In text, blank lines are passed over and line ends may be those of Windows; in JSON an entry may also be empty. Throws
 * SyntaxError, naming the file and the byte, for JSON that is not a flat array of strings or object of numbers, and for
 * a file without entries.
 */
export async function readEntryFile(path: string): Promise<EntryList> {
  const { list } = await readEntriesAndCounts(path);
  return list;
}

/**
 * The counts of `entries`, in their order, that a file holds as an object of entry and count, in any order. Throws
 * SyntaxError naming the file for any other, RangeError naming an entry that it lacks or a count below zero.
 */
export async function readEntryCounts(path: string, entries: EntryList): Promise<Float64Array<ArrayBuffer>> {
  const { list, counts } = await readEntriesAndCounts(path);
  if (!counts) {
    throw new SyntaxError(`${path} holds no counts: it needs to be a JSON object of entry and count`);
  }
  const places = new Map(Array.from(list.ends, (_, i) => [entryText(list, i), i]));
  return Float64Array.from(entries.ends, (_, i) => {
    const entry = entryText(entries, i), count = counts[places.get(entry) ?? -1];
    if (count === undefined) {
      throw new RangeError(`${path} has no count of ${JSON.stringify(entry)}: count these entries`);
    }
    if (count >= 0) return count;
    throw new RangeError(`${path}: ${count} of ${JSON.stringify(entry)} is no count`);
  });
}

interface EntriesAndCounts {
  readonly list: EntryList;
  /** By entry, where the file has numbers. */
  readonly counts: readonly number[] | null;
}

async function readEntriesAndCounts(path: string): Promise<EntriesAndCounts> {
  const bytes = await Deno.readFile(path);
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  let first = start;
  while (isBlank(bytes[first])) first++;
  const json = !/\.txt$/i.test(path) && (bytes[first] === OPEN || bytes[first] === BRACE);
  const read = json ? readJson(bytes, first, path) : { list: readLines(bytes, start), counts: null };
  if (read.list.ends.length === 0) {
    throw new SyntaxError(`${path} holds no entry: it needs a JSON array of strings, or one entry a line`);
  }
  return read;
}

function readLines(bytes: Uint8Array<ArrayBuffer>, start: number): EntryList {
  const packer = entryPacker(bytes.length);
  while (start < bytes.length) {
    let end = bytes.indexOf(LF, start);
    if (end < 0) end = bytes.length;
    const line = bytes.subarray(start, bytes[end - 1] === CR && end > start ? end - 1 : end);
    if (!line.every(isBlank)) packer.add(line);
    start = end + 1;
  }
  return packer.list();
}

function readJson(bytes: Uint8Array<ArrayBuffer>, at: number, path: string): EntriesAndCounts {
  const packer = entryPacker(bytes.length), isObject = bytes[at] === BRACE;
  const counts: number[] = [];
  const close = isObject ? END_BRACE : CLOSE;

  function fail(wanted: string): never {
    const where = at < bytes.length ? `, byte ${at + 1}: ${wanted} is wanted here` : " is cut short";
    throw new SyntaxError(
      `${path}${where}; entries are a JSON array of strings or an object of text and count`,
    );
  }
  const skipBlanks = () => {
    while (isBlank(bytes[at])) at++;
  };

  /** The bytes of the string that begins here. */
  function takeString(): Uint8Array {
    if (bytes[at] !== QUOTE) fail("a string");
    const from = ++at;
    let escaped = false;
    while (at < bytes.length && bytes[at] !== QUOTE) {
      if (bytes[at] < SPACE) fail("no control character but \\n, \\t, ...");
      if (bytes[at] === BACKSLASH) {
        escaped = true;
        at++;
      }
      at++;
    }
    if (at >= bytes.length) fail("a quote");
    const text = bytes.subarray(from, at++);
    return escaped ? unescaped(text) : text;
  }

  function unescaped(text: Uint8Array): Uint8Array {
    try {
      return new TextEncoder().encode(JSON.parse(`"${new TextDecoder().decode(text)}"`));
    } catch {
      at -= text.length + 1;
      fail("a string with valid escapes");
    }
  }

  /** The number behind a key. */
  function takeNumber(): number {
    skipBlanks();
    if (bytes[at] !== COLON) fail("a colon");
    at++;
    skipBlanks();
    const from = at;
    while (at < bytes.length && !isBlank(bytes[at]) && bytes[at] !== COMMA && bytes[at] !== close) at++;
    const text = new TextDecoder().decode(bytes.subarray(from, Math.min(at, from + 40)));
    if (/^-?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(text)) return Number(text);
    if (at < bytes.length) at = from;
    fail("a number");
  }

  at++;
  skipBlanks();
  while (bytes[at] !== close || at >= bytes.length) {
    packer.add(takeString());
    if (isObject) counts.push(takeNumber());
    skipBlanks();
    if (bytes[at] === COMMA) {
      at++;
      skipBlanks();
      if (bytes[at] === close) fail("another entry");
    } else if (bytes[at] !== close) fail("a comma or the end");
  }
  at++;
  skipBlanks();
  if (at < bytes.length) fail("the end of the file");
  return { list: packer.list(), counts: isObject ? counts : null };
}
