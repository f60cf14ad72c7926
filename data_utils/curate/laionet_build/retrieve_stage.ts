/**
 * `laionet-build retrieve`: for every image of ImageNet-Captions the captions of LAION that are nearest to its text, by
 * exact inner products over all of them. After each file of embeddings the best so far are saved, from where a search
 * that was stopped goes on.
 */
import { fingerprintFile } from "../../captions/inventory.ts";
import { clockTime, progressOn } from "../../program/progress.ts";
import { writeAtomically, writeFully } from "../../runs/atomic.ts";
import { type NpyFile, openNpy } from "../../tables/npy.ts";
import { emptyTopK, rowLengths, searchBlock, type SearchCounts, type TopK } from "./exact_top_k.ts";
import { type Part, PART_IDS } from "./parts.ts";
import type { BuildEngine } from "./text_tower.ts";

/** What is searched. */
export interface RetrieveJob {
  /** .npy of the images' texts. */
  readonly queries: string;
  /** .npy of the captions, by part. */
  readonly parts: readonly Part[];
  readonly k: number;
  /** How many queries there are to be. */
  readonly expected: number;
  /** Where the best so far are kept, or null to keep none. */
  readonly scratch: string | null;
  readonly openProducts: BuildEngine["openProducts"];
  readonly signal: AbortSignal;
}

/** What a search came to. */
export interface Retrieved extends SearchCounts {
  readonly top: TopK;
  readonly texts: number;
  /** Parts that a search before this one had been through. */
  readonly kept: number;
}

/** Candidates that the device names beyond those that are wanted. */
const MORE = 14;

interface Saved {
  readonly identity: string;
  readonly parts: number;
}

async function save(path: string, saved: Saved, { counts, values, ids }: TopK): Promise<void> {
  await writeAtomically(path, async (file) => {
    const head = new TextEncoder().encode(JSON.stringify(saved) + "\n");
    const padding = new Uint8Array((8 - (head.length + 4 * counts.length) % 8) % 8);
    await writeFully(file, head);
    for (const part of [counts, values, ids]) {
      await writeFully(file, new Uint8Array(part.buffer as ArrayBuffer, part.byteOffset, part.byteLength));
    }
    await writeFully(file, padding);
  });
}

/** The best of a search that was stopped, if it was this one. */
async function restore(path: string, identity: string, top: TopK): Promise<number> {
  const bytes = await Deno.readFile(path).catch(() => null), end = bytes?.indexOf(10) ?? -1;
  if (!bytes || end < 0) return 0;
  const saved: Saved = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
  if (saved.identity !== identity) return 0;
  let at = end + 1;
  for (const part of [top.counts, top.values, top.ids]) {
    new Uint8Array(part.buffer).set(bytes.subarray(at, at + part.byteLength));
    at += part.byteLength;
  }
  return saved.parts;
}

async function openAll(paths: readonly string[]): Promise<NpyFile[]> {
  const opened: NpyFile[] = [];
  try {
    for (const path of paths) opened.push(await openNpy(path));
    const [first] = opened, other = opened.find(({ width }) => width !== first.width);
    if (other) {
      throw new RangeError(
        `${other.path} has vectors of ${other.width}, ${first.path} of ${first.width} numbers`,
      );
    }
    return opened;
  } catch (error) {
    for (const file of opened) file[Symbol.dispose]();
    throw error;
  }
}

/**
 * Searches. Ties go to the lower id. Throws SyntaxError and RangeError as openNpy does, and for vectors of different
 * widths, none at all, fewer texts than k, or a number that is not finite.
 */
export async function retrieve(job: RetrieveJob): Promise<Retrieved> {
  const { k, scratch, signal } = job, parts = [...job.parts].sort((a, b) => a.number - b.number);
  const [queryFile, ...textFiles] = await openAll([job.queries, ...parts.map(({ path }) => path)]);
  const counts: SearchCounts = { candidates: 0, wholeBlocks: 0 }, progress = progressOn();
  const texts = textFiles.reduce((sum, { rows }) => sum + rows, 0), { width } = queryFile;
  let device: Awaited<ReturnType<typeof job.openProducts>> | null = null;
  try {
    if (queryFile.rows !== job.expected) {
      throw new RangeError(`${job.queries} has ${queryFile.rows} rows for ${job.expected} images`);
    }
    if (queryFile.rows === 0) {
      throw new RangeError(`${job.queries} holds no row: there is nothing to look for`);
    }
    if (texts < k) throw new RangeError(`--topk ${k} is more than the ${texts} texts there are`);
    const large = textFiles.find(({ rows }) => rows > PART_IDS);
    if (large) {
      throw new RangeError(`${large.path} has more than ${PART_IDS} rows: split it, so that ids stay apart`);
    }
    const data = await queryFile.read(0, queryFile.rows);
    const vectors = { data, rows: queryFile.rows, width };
    const queries = { ...vectors, lengths: rowLengths(vectors, job.queries) };
    const top = emptyTopK(queries.rows, k);
    const prints = await Promise.all([job.queries, ...parts.map(({ path }) => path)].map(fingerprintFile));
    const identity = JSON.stringify([k, prints.map(({ hash }) => hash), parts.map(({ number }) => number)]);
    const kept = scratch === null ? 0 : await restore(scratch, identity, top);
    device = await job.openProducts({ width, most: k + MORE, queries: queries.rows, texts });
    const { textRows } = device, start = performance.now();
    let before = 0, done = 0;
    for (let part = 0; part < parts.length; part++) {
      const file = textFiles[part];
      if (part < kept) {
        before += file.rows;
        continue;
      }
      for (let from = 0; from < file.rows; from += textRows) {
        const rows = Math.min(textRows, file.rows - from);
        const block = { data: await file.read(from, from + rows), rows, width };
        const longest = rowLengths(block, file.path, from).reduce(
          (most, length) => Math.max(most, length),
          0,
        );
        const firstId = parts[part].number * PART_IDS + from;
        await searchBlock(top, queries, { ...block, firstId, longest }, device, counts, (looked) => {
          signal.throwIfAborted();
          const all = (texts - before) * queries.rows, now = (done * queries.rows) + looked * rows;
          const left = (performance.now() - start) / 1000 * (all / now - 1);
          const seen = before + done + Math.floor(rows * looked / queries.rows);
          progress.show(
            `${seen} of ${texts} texts, part ${part + 1} of ${parts.length}, ${clockTime(left)} left`,
          );
        });
        done += rows;
      }
      if (scratch !== null) await save(scratch, { identity, parts: part + 1 }, top);
    }
    return { top, texts, kept, ...counts };
  } finally {
    progress.end();
    device?.destroy();
    for (const file of [queryFile, ...textFiles]) file[Symbol.dispose]();
  }
}
