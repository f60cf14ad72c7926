/** The byte scanner (scan.as.ts) over an arena: what it can do, and one instance per arena. */
import { type CaptionArena, EXTRA_AT, MOST_SPANS, ROWS_AT, SPANS_AT, TEXT_BYTES } from "./arena.ts";
import type { CaptionTally } from "./caption_file.ts";
import { scanWasm } from "./scan_wasm.ts";
import { wasmOver } from "./wasm.ts";

/** Functions of the scanner; their sources say more. Places are addresses in the arena's memory. */
export interface Scanner {
  setup(spans: number, rowSpans: number, most: number, extraText: number, textBytes: number): void;
  setTable(separator: number, column: number, columns: number, quotes: number): void;
  setLines(isJson: number, isBare: number): void;
  setKey(at: number, length: number, kinds: number): void;
  startTally(keepRows: number): void;
  startBatch(): void;
  spanCount(): number;
  scanTable(from: number, end: number, stop: number, last: number): number;
  scanLines(from: number, end: number, stop: number, last: number): number;
  passRecord(from: number, end: number, begins: number): number;
  passesQuotes(): number;
  endsInQuotes(): number;
  indexOfByte(from: number, end: number, byte: number): number;
  countTooLong(): void;
  tallySpans(count: number): void;
  tallyRows(): number;
  tallyNulls(): number;
  tallyEmpties(): number;
  tallyInvalid(): number;
  tallyTooLong(): number;
  tallyMalformed(): number;
}

// Small things of the scanner's own lie in the page below TEXT: the key of JSON lines, and the nesting within one.
const KEY_AT = 0x4000, NESTING_AT = 0x8000;
/** Longest key of JSON lines, in bytes. */
export const MOST_KEY_BYTES = 0x4000;

const scanners = new WeakMap<CaptionArena, Scanner>();

/** The scanner of an arena. */
export function scannerOf(arena: CaptionArena): Scanner {
  let scanner = scanners.get(arena);
  if (!scanner) {
    scanner = wasmOver<Scanner>(scanWasm, arena);
    scanner.setup(SPANS_AT, ROWS_AT, MOST_SPANS, EXTRA_AT, TEXT_BYTES);
    scanners.set(arena, scanner);
  }
  return scanner;
}

/** Says which key of JSON lines holds the caption. Throws RangeError when it is too long. */
export function setScannedKey(scanner: Scanner, arena: CaptionArena, key: string): void {
  const bytes = new TextEncoder().encode(key);
  if (bytes.length > MOST_KEY_BYTES) throw new RangeError(`a key of ${bytes.length} bytes is too long`);
  arena.bytes().set(bytes, KEY_AT);
  scanner.setKey(KEY_AT, bytes.length, NESTING_AT);
}

/** What the scanner has met since `startTally`. */
export function scannedTally(scanner: Scanner): CaptionTally {
  return {
    rows: scanner.tallyRows(),
    nulls: scanner.tallyNulls(),
    empty: scanner.tallyEmpties(),
    invalidUtf8: scanner.tallyInvalid(),
    tooLong: scanner.tallyTooLong(),
    malformed: scanner.tallyMalformed(),
  };
}
