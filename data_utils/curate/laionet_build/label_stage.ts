/**
 * `laionet-build label`: which classes each caption of LAION mentions. Every part is written when it is done, so that a
 * labelling that was stopped goes on behind the last one.
 */
import { fingerprintFile } from "../../captions/inventory.ts";
import type { CaptionOptions } from "../../captions/caption_file.ts";
import { progressOn } from "../../program/progress.ts";
import { writeAtomically, writeJsonAtomically } from "../../runs/atomic.ts";
import { allIdLists, writeIdLists } from "./id_lists.ts";
import { labelFiles } from "./label_workers.ts";
import type { LabelledPart } from "./label_part.ts";
import { digestOfMap, type LemmaMap } from "./lemma_map.ts";
import { globalId, type Part } from "./parts.ts";

/** Where the labels of a part stand. */
export const labelsPath = (folder: string, part: number): string =>
  `${folder}/wnid2laionindices(substring_matched_part${part}).json`;
const lemmasPath = (folder: string, part: number) =>
  `${folder}/lemma2laionindices(substring_matched_part${part}).json`;
const reportPath = (folder: string, part: number) => `${folder}/labelled_part${part}.json`;

/** What is noted of a labelled part: of what it was made, so that it is made again when that changes. */
export interface PartReport {
  readonly part: number;
  readonly path: string;
  readonly fingerprint: string;
  readonly lemmas: string;
  readonly column: string | null;
  readonly rows: number;
  readonly matched: number;
  readonly nulls: number;
}

/** How parts are labelled. */
export interface LabelJob {
  readonly parts: readonly Part[];
  readonly map: LemmaMap;
  readonly folder: string;
  readonly options: CaptionOptions;
  readonly workers: number;
  /** Labels without writing anything. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/** What labelling came to. */
export interface Labelled {
  readonly reports: readonly PartReport[];
  /** Rows of each wnid of the map's list. */
  readonly counts: readonly number[];
  /** Parts that were there already. */
  readonly kept: number;
}

/** The rows of several lemmas as one ascending list, each row once. */
function union(lists: readonly Uint32Array[]): Uint32Array {
  if (lists.length === 1) return lists[0];
  const all = new Uint32Array(lists.reduce((sum, { length }) => sum + length, 0));
  lists.reduce((at, list) => (all.set(list, at), at + list.length), 0);
  let kept = 0;
  all.sort().forEach((row, i) => {
    if (i === 0 || row !== all[i - 1]) all[kept++] = row;
  });
  return all.subarray(0, kept);
}

/** A wnid's rows, in the order of the list, those without any left out. */
function byWnid({ wnids, wnidOf }: LemmaMap, rowsOf: readonly Uint32Array[]): [string, Uint32Array][] {
  const lists = new Map<string, Uint32Array[]>(wnids.map((wnid) => [wnid, []]));
  wnidOf.forEach((wnid, lemma) => lists.get(wnid)!.push(rowsOf[lemma]));
  return [...lists].map((
    [wnid, of],
  ): [string, Uint32Array] => [wnid, of.length === 0 ? new Uint32Array() : union(of)])
    .filter(([, rows]) => rows.length > 0);
}

async function reportOf(job: LabelJob, part: Part): Promise<PartReport | null> {
  try {
    return JSON.parse(await Deno.readTextFile(reportPath(job.folder, part.number)));
  } catch {
    return null; // not there, or not a whole one: the part is labelled anew
  }
}

/** Labels parts, but for those that stand in the folder as they would be made. Throws as labelFiles does. */
export async function labelParts(job: LabelJob): Promise<Labelled> {
  const { parts, map, folder, options, workers, dryRun, signal } = job, lemmas = digestOfMap(map);
  const identities = new Map<Part, Omit<PartReport, "rows" | "matched" | "nulls">>();
  const reports = new Map<Part, PartReport>(), counts = new Map(map.wnids.map((wnid) => [wnid, 0]));
  const count = (wnid: string, rows: number) => counts.set(wnid, (counts.get(wnid) ?? 0) + rows);
  if (!dryRun) await Deno.mkdir(folder, { recursive: true });
  for (const part of parts) {
    const { hash } = await fingerprintFile(part.path), column = options.column ?? null;
    const identity = { part: part.number, path: part.path, fingerprint: hash, lemmas, column };
    identities.set(part, identity);
    const known = await reportOf(job, part);
    const same = known?.fingerprint === hash && known.lemmas === lemmas && known.column === column;
    if (!same) continue;
    const lists = await allIdLists(labelsPath(folder, part.number)).catch(() => null);
    if (!lists) continue;
    reports.set(part, { ...known, path: part.path });
    for (const [wnid, ids] of lists) count(wnid, ids.length);
  }
  const waiting = parts.filter((part) => !reports.has(part)), kept = parts.length - waiting.length;

  async function finish(part: Part, { rows, matched, rowsOf, tally }: LabelledPart): Promise<void> {
    if (rows > 0) globalId(part, rows - 1); // throws where a row has no id
    const first = globalId(part, 0), wnids = byWnid(map, rowsOf);
    const ids = (of: Uint32Array) => Float64Array.from(of, (row) => first + row);
    function* entries(lists: readonly [string, Uint32Array][]) {
      for (const [name, of] of lists) yield [name, ids(of)] as const;
    }
    const report = { ...identities.get(part)!, rows, matched, nulls: tally.nulls };
    if (!dryRun) {
      const lemmaLists = map.lemmas.map((lemma, i) => [lemma, rowsOf[i]] as [string, Uint32Array])
        .filter(([, of]) => of.length > 0);
      await writeAtomically(
        lemmasPath(folder, part.number),
        (file) => writeIdLists(file, entries(lemmaLists)),
      );
      await writeAtomically(labelsPath(folder, part.number), (file) => writeIdLists(file, entries(wnids)));
      await writeJsonAtomically(reportPath(folder, part.number), report);
    }
    for (const [wnid, of] of wnids) count(wnid, of.length);
    reports.set(part, report);
  }

  const progress = progressOn(), start = performance.now();
  let read = 0;
  const onRead = (rows: number) => {
    read += rows;
    const rate = read / (performance.now() - start) * 1000;
    const done = reports.size - kept;
    progress.show(`${read} captions, ${Math.round(rate)}/s, ${done} of ${waiting.length} parts done`);
  };
  try {
    await labelFiles(
      { paths: waiting.map(({ path }) => path), lemmas: map.lemmas, options, workers, onRead, signal },
      (index, part) => finish(waiting[index], part),
    );
  } finally {
    progress.end();
  }
  return {
    reports: parts.map((part) => reports.get(part)!),
    counts: map.wnids.map((wnid) => counts.get(wnid)!),
    kept,
  };
}
