/**
 * Finds rows with the same URL or the same bytes, however many rows there are: memory does not grow with them but for
 * one bit each. Records of fingerprint and row (24 bytes) are scattered over files by the first bits of the
 * fingerprint; each file is then looked through alone, and scattered again by its next bits when it has too many
 * fingerprints for memory.
 */
import { hash } from "node:crypto";
import { collectDuplicates, type Duplicates } from "./duplicates.ts";
import { FILES, FINGERPRINT_WORDS, putFingerprint, putRow, RECORD_WORDS } from "./fingerprint.ts";
import { firstRows } from "./first_rows.ts";
import { openScatter } from "./scatter.ts";
import { partOf, scatterRecord, searchFile } from "./search_file.ts";

/** Takes rows, then says which are duplicates. Disposing removes its files, and its folder if nothing else is there. */
export interface DuplicateFinder extends AsyncDisposable {
  /**
   * Takes the text (such as a URL) of a row: each row once, in any order. Throws RangeError for what is no row number,
   * Error naming the file when the disk is full.
   */
  add(text: string, row: number): void;
  /** Takes the SHA-256 in hex of a row's bytes; throws as `add` does, and RangeError for another hash. */
  addHash(sha256: string, row: number): void;
  /** Looks for duplicates among the rows; once, behind the last row. Rejects with the signal's reason. */
  finish(): Promise<Duplicates>;
}

/** How it works. */
export interface DuplicateFinderOptions {
  readonly signal?: AbortSignal;
  /** Different fingerprints in memory at once, 32 to 64 bytes each. Default 2^22. */
  readonly inMemory?: number;
}

/** The bits of so many take 2 GiB. */
const MOST_ROWS = 2 ** 34;
const ownFile = /^(fingerprints|duplicates)(_\d+)+\.part$/;

async function removeOwnFiles(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (ownFile.test(name)) await Deno.remove(`${folder}/${name}`);
  }
}

function checkRow(row: number): void {
  if (!Number.isSafeInteger(row) || row < 0 || row >= MOST_ROWS) {
    throw new RangeError(`${row} is no row number: they are whole, from 0 and below 2^34`);
  }
}

/** Begins a search in a folder, which is made if need be; what an earlier one left there is removed. */
export async function openDuplicateFinder(
  folder: string,
  { signal, inMemory = 2 ** 22 }: DuplicateFinderOptions = {},
): Promise<DuplicateFinder> {
  if (!(inMemory >= 1)) throw new RangeError(`inMemory must be at least 1, got ${inMemory}`);
  await Deno.mkdir(folder, { recursive: true });
  await removeOwnFiles(folder);
  const scatter = openScatter(partOf(`${folder}/fingerprints`), FILES, RECORD_WORDS);
  const record = new Uint32Array(RECORD_WORDS);
  let rows = 0;

  /** Takes the fingerprint that stands in `record`. */
  function take(row: number): void {
    putRow(row, record, FINGERPRINT_WORDS);
    scatterRecord(record, 0, scatter, 0);
    rows = Math.max(rows, row + 1);
  }

  return {
    add(text, row) {
      checkRow(row);
      putFingerprint(hash("sha256", text), record, 0);
      take(row);
    },
    addHash(sha256, row) {
      checkRow(row);
      if (!/^[0-9a-f]{64}$/i.test(sha256)) throw new RangeError(`${sha256} is no SHA-256 in hex`);
      putFingerprint(sha256, record, 0);
      take(row);
    },
    async finish() {
      const found = collectDuplicates(partOf(`${folder}/duplicates`), rows, signal);
      const search = { firsts: firstRows(inMemory), found: found.add, signal };
      for (const file of scatter.finish()) if (file !== null) await searchFile(file, 1, search);
      return found.finish();
    },
    async [Symbol.asyncDispose]() {
      await removeOwnFiles(folder);
      await Deno.remove(folder).catch(() => {}); // others may have put something there
    },
  };
}
