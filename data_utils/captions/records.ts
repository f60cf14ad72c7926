/**
 * Reading the records of a file that is read by bytes: chunks go into the arena, a scanner finds the records in them,
 * and what is left of the last one is carried to the front. Memory stays at the arena, however long a record is.
 */
import { openBytes } from "../loader/bytes.ts";
import { type CaptionArena, TEXT_AT, TEXT_BYTES } from "./arena.ts";
import type { CaptionFile, CaptionSink, CaptionUnit, ReadOptions, UnitReading } from "./caption_file.ts";
import { scannedTally, type Scanner, scannerOf } from "./scanner.ts";

/** A format of records: how its scanner is set up and run. */
export interface RecordFormat {
  /** Whether a bare carriage return ends a record too. */
  readonly returns: boolean;
  /** Place of the first record in the file. */
  readonly firstRecord: number;
  prepare(scanner: Scanner, arena: CaptionArena): void;
  /** Reads records of [from, end) that begin before `stop`; returns where the first begins that was not read. */
  scan(scanner: Scanner, from: number, end: number, stop: number, last: number): number;
  /** Passes over a record that is too long, in several calls; returns where the next begins, or 0 until it is seen. */
  pass(scanner: Scanner, from: number, end: number, begins: number): number;
}

/** A chunk stays in the processor's cache while its captions are counted. */
const CHUNK = 2 ** 20, TAIL = 2 ** 16;
/** A record of TEXT_BYTES with its line end, and the byte behind that, have to be seen at once. */
const CAPACITY = TEXT_BYTES + 64;
const LF = 10, CR = 13;

/** Bytes of a file in turn, put where they are wanted. */
interface ChunkSource {
  /** How many were read; 0 at the end of the file. */
  read(into: Uint8Array<ArrayBuffer>): Promise<number>;
  close(): void | Promise<void>;
}

async function openChunks(file: CaptionFile, start: number): Promise<ChunkSource> {
  if (!file.gzipped) {
    const plain = await Deno.open(file.path);
    await plain.seek(start, Deno.SeekMode.Start);
    return { read: async (into) => await plain.read(into) ?? 0, close: () => plain.close() };
  }
  const packed = await openBytes(file.path);
  await packed.skip(start);
  return {
    async read(into) {
      const bytes = await packed.read(into.length);
      into.set(bytes);
      return bytes.length;
    },
    close: packed.close,
  };
}

/** What ends a reading that began with a guess which was wrong, or may have been. */
class WrongGuess extends Error {}

/**
 * Reads a unit's records. A unit amid the file begins at the first line end it sees, which is wrong when that stands
 * within quotes. If such a reading meets quotes that never close, or not within a record's bytes, it is given up with
 * `began` -1, which equals no unit's `ended`: the unit is then read again from where the one before ended.
 * `chunk` is how many bytes are read at a time, at least 1. Throws SyntaxError naming the file and the byte for a quote
 * that is never closed, and naming the file when it has become shorter or its gzip stream is damaged.
 */
export async function readRecords(
  file: CaptionFile,
  unit: CaptionUnit,
  arena: CaptionArena,
  sink: CaptionSink,
  options: ReadOptions,
  format: RecordFormat,
  chunk = CHUNK,
): Promise<UnitReading> {
  const scanner = scannerOf(arena), unitEnd = file.gzipped ? Infinity : unit.end;
  format.prepare(scanner, arena);
  scanner.startTally(options.rows ? 1 : 0);
  const guesses = options.from === undefined && unit.start > format.firstRecord && !file.gzipped;
  const first = options.from ?? Math.max(format.firstRecord, file.gzipped ? 0 : unit.start);
  const reading = (began: number, ended: number) => ({ tally: scannedTally(scanner), began, ended });
  if (!guesses && first >= unitEnd) return reading(first, first);

  // The byte of the file at `base` lies at TEXT_AT; [at, have) is what was read but not scanned.
  let base = guesses ? unit.start - 1 : first, at = TEXT_AT, have = TEXT_AT, last = false;
  const source = await openChunks(file, base);
  const place = (address: number) => base + (address - TEXT_AT);

  async function fill(): Promise<void> {
    options.signal?.throwIfAborted();
    const bytes = arena.bytes();
    bytes.copyWithin(TEXT_AT, at, have);
    base += at - TEXT_AT;
    have -= at - TEXT_AT;
    at = TEXT_AT;
    const left = unitEnd - place(have), carried = have - at;
    const wish = Math.max(carried, Math.min(chunk, Math.max(0, left) + TAIL));
    const n = await source.read(bytes.subarray(have, Math.min(have + wish, TEXT_AT + CAPACITY)));
    have += n;
    last = n === 0;
    if (last && !file.gzipped && place(have) < Math.min(unitEnd, file.bytes)) {
      throw new SyntaxError(`${file.path} became shorter while it was read: count it again`);
    }
  }

  /** Goes behind the first line end; false when there is none before the unit ends. */
  async function findLine(): Promise<boolean> {
    for (;;) {
      await fill();
      const feed = scanner.indexOfByte(at, have, LF);
      const end = format.returns ? scanner.indexOfByte(at, feed, CR) : feed;
      const isReturn = format.returns && end < have && arena.bytes()[end] === CR;
      at = end;
      if (end < have && !(isReturn && end + 1 === have && !last)) {
        at += isReturn && end + 1 < have && arena.bytes()[end + 1] === LF ? 2 : 1;
        return true;
      }
      if (last || place(at) >= unitEnd) return false;
    }
  }

  async function passLongRecord(): Promise<void> {
    const began = place(at);
    let next = format.pass(scanner, at, have, 1);
    while (!next) {
      if (scanner.passesQuotes() && guesses) throw new WrongGuess();
      at = have;
      await fill();
      if (last) {
        if (scanner.passesQuotes()) throw unclosed(began);
        break;
      }
      next = format.pass(scanner, at, have, 0);
    }
    at = next || have;
    scanner.countTooLong();
  }

  function unclosed(began: number): Error {
    if (guesses) return new WrongGuess();
    return new SyntaxError(
      `${file.path}: a quote that opens in the record at byte ${began} is never closed. ` +
        `If quotes are plain characters in this file, read it with --quoting none`,
    );
  }

  try {
    if (guesses && !await findLine()) return reading(unitEnd, unitEnd);
    const began = place(at);
    while (place(at) < unitEnd && !(last && at === have)) {
      options.signal?.throwIfAborted();
      scanner.startBatch();
      const next = format.scan(scanner, at, have, Math.min(TEXT_AT + unitEnd - base, 2 ** 31), last ? 1 : 0);
      const count = scanner.spanCount(), moved = next > at;
      const unfinished = at = next;
      if (count > 0) sink(count);
      if (scanner.endsInQuotes()) throw unclosed(place(unfinished));
      if (moved && at < have && (count > 0 || last)) continue;
      if (have - at < CAPACITY) await fill();
      else await passLongRecord();
    }
    return reading(began, place(at));
  } catch (error) {
    if (error instanceof WrongGuess) return reading(-1, -1);
    throw error;
  } finally {
    await source.close();
  }
}
