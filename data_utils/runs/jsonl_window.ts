/**
 * Logs as a viewer reads them: while they are written, and without ever holding one whole, however long it has become.
 * Lines that are no JSON object are counted and left out, and so is a last line that is still being written.
 */
import type { JsonRecord } from "./jsonl.ts";

/** How far a log has been read. */
export interface LogPlace {
  /** Bytes up to and with the last newline that was read. */
  readonly end: number;
  /** Which file that was: a log that is rewritten gets another number; null where the system has none. */
  readonly file: number | null;
}

/** Part of a log. */
export interface LogPart {
  readonly records: JsonRecord[];
  /** Lines read that are no JSON object. */
  readonly damaged: number;
  readonly place: LogPlace;
}

/** A log up to this size is read whole, in bytes; of a longer one single lines here and there. */
const WHOLE = 4 * 2 ** 20;
/** Longest line that is looked for in a longer log, and most that is read of its news at a time, in bytes. */
const LONGEST = 2 ** 20;
const FIRST_LOOK = 4096;
/** Places without a line within reach after which the rest is given up: that is no log. */
const MISSES = 8;
const NEWLINE = 10;

/**
 * At most `most` (2 or more) records spread evenly over a log, its first and last among them; none when it does not
 * exist.
 */
export async function sampleJsonl(path: string, most: number): Promise<LogPart> {
  using file = await openLog(path);
  if (!file) return { records: [], damaged: 0, place: { end: 0, file: null } };
  const { size, ino } = await file.stat();
  if (size <= WHOLE) {
    const part = parseLines(await readAt(file, 0, size), 0, ino);
    return { ...part, records: spread(part.records, most) };
  }
  const records: JsonRecord[] = [], end = await finishedEnd(file, size);
  let damaged = 0, after = 0, missed = 0;
  for (let i = 0; i < most - 1; i++) {
    // The line that follows the place; at the very start the first.
    const line = await lineFrom(file, Math.max(after, Math.floor(end * i / (most - 1))), end);
    if (!line) {
      if (++missed > MISSES) break;
      continue;
    }
    after = line.end;
    const record = parse(line.text);
    if (record) records.push(record);
    else damaged++;
  }
  const last = await lastLine(file, end), record = last === null ? null : parse(last.text);
  if (last && last.start >= after) {
    if (record) records.push(record);
    else damaged++;
  }
  return { records, damaged, place: { end, file: ino } };
}

/**
 * What was added to a log since `from`, at most a megabyte of it; null where the log has been rewritten since, so that
 * it must be read anew.
 */
export async function readJsonlFrom(path: string, from: LogPlace): Promise<LogPart | null> {
  using file = await openLog(path);
  if (!file) return from.end === 0 ? { records: [], damaged: 0, place: from } : null;
  const { size, ino } = await file.stat();
  const same = from.file === null || ino === null || from.file === ino;
  if (size < from.end || (from.end > 0 && !same)) return null;
  const bytes = await readAt(file, from.end, Math.min(size - from.end, LONGEST));
  if (bytes.length === LONGEST && !bytes.includes(NEWLINE)) { // a line that nobody writes
    return { records: [], damaged: 1, place: { end: from.end + LONGEST, file: ino } };
  }
  return parseLines(bytes, from.end, ino);
}

/** The last finished line of a log as a record; null where it has none. Throws SyntaxError when it is no JSON object. */
export async function lastJsonlRecord(path: string): Promise<JsonRecord | null> {
  using file = await openLog(path);
  if (!file) return null;
  const line = await lastLine(file, await finishedEnd(file, (await file.stat()).size));
  if (line === null) return null;
  const record = parse(line.text);
  if (record) return record;
  throw new SyntaxError(`The last line of ${path} is not a JSON object`);
}

async function openLog(path: string): Promise<Deno.FsFile | null> {
  try {
    return await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

async function readAt(file: Deno.FsFile, start: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  await file.seek(start, Deno.SeekMode.Start);
  for (let done = 0; done < length;) {
    const got = await file.read(bytes.subarray(done));
    if (got === null) return bytes.subarray(0, done); // it became shorter meanwhile
    done += got;
  }
  return bytes;
}

function parse(line: string): JsonRecord | null {
  try {
    const value = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** The finished lines of bytes that begin a line at `start`. */
function parseLines(bytes: Uint8Array, start: number, file: number | null): LogPart {
  const length = bytes.lastIndexOf(NEWLINE) + 1;
  const lines = new TextDecoder().decode(bytes.subarray(0, length)).split("\n").filter((line) =>
    line.trim() !== ""
  );
  const records = lines.map(parse).filter((record) => record !== null);
  return { records, damaged: lines.length - records.length, place: { end: start + length, file } };
}

/** Bytes up to and with the last newline; 0 where there is none within reach. */
async function finishedEnd(file: Deno.FsFile, size: number): Promise<number> {
  const start = Math.max(0, size - LONGEST);
  return start + (await readAt(file, start, size - start)).lastIndexOf(NEWLINE) + 1;
}

interface Line {
  readonly text: string;
  /** Bytes before the line, and up to and with its newline. */
  readonly start: number;
  readonly end: number;
}

/** The last line that ends at `end`, or null. */
async function lastLine(file: Deno.FsFile, end: number): Promise<Line | null> {
  for (let look = FIRST_LOOK; end > 0; look *= 16) {
    const from = Math.max(0, end - look), bytes = await readAt(file, from, end - from);
    const before = bytes.lastIndexOf(NEWLINE, bytes.length - 2);
    if (before < 0 && from > 0 && look < LONGEST) continue;
    const start = before + 1;
    return { text: new TextDecoder().decode(bytes.subarray(start)), start: from + start, end };
  }
  return null;
}

/** The first whole line that begins at `place` or after it, or null where none is within reach. */
async function lineFrom(file: Deno.FsFile, place: number, end: number): Promise<Line | null> {
  const from = Math.max(0, place - 1); // a line begins behind a newline
  for (let look = FIRST_LOOK;; look *= 16) {
    const bytes = await readAt(file, from, Math.min(look, end - from));
    const start = place === 0 ? 0 : bytes.indexOf(NEWLINE) + 1;
    const stop = place > 0 && start === 0 ? -1 : bytes.indexOf(NEWLINE, start);
    if (stop >= 0) {
      const text = new TextDecoder().decode(bytes.subarray(start, stop));
      return { text, start: from + start, end: from + stop + 1 };
    }
    if (look >= LONGEST || from + bytes.length >= end) return null;
  }
}

function spread(records: JsonRecord[], most: number): JsonRecord[] {
  if (records.length <= most) return records;
  return Array.from(
    { length: most },
    (_, i) => records[Math.round(i * (records.length - 1) / (most - 1))],
  );
}
