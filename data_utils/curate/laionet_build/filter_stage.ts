/**
 * `laionet-build filter`: the rows whose caption is near enough to the text of its class, and, where asked for, whose
 * picture LAION has as safe.
 */
import { basename } from "node:path";
import { parquetCopy } from "../../captions/parquet_copy.ts";
import { parquetRows } from "../../captions/parquet_rows.ts";
import { pythonFloat, readFrame, textAt } from "../../tables/mod.ts";
import type { CuratedOutput } from "../curation.ts";
import { byGroup } from "./frame_rows.ts";
import { writeIdLists } from "./id_lists.ts";
import type { LabelIndex } from "./label_index.ts";
import { ID_COLUMN } from "./subset_stage.ts";

/** LAION's tag of pictures that are safe, to the letter. */
const SAFE = "UNLIKELY";

/** How rows are chosen. */
export interface FilterJob {
  readonly subset: string;
  readonly labels: LabelIndex;
  readonly similarityColumn: string;
  /** Only what is above it is kept. */
  readonly threshold: number;
  readonly removeNsfw: boolean;
  readonly folder: string;
  readonly prefix: string;
  readonly signal: AbortSignal;
}

/** The chosen rows. */
export interface Filtered {
  readonly outputs: readonly CuratedOutput[];
  readonly rows: number;
  /** Rows of each label that has any, in the order of the labels. */
  readonly lists: readonly (readonly [string, readonly number[]])[];
  readonly unsafe: number;
  readonly without: number;
}

/** Chooses rows. Throws SyntaxError for columns that are not there, RangeError for a row that no label lists. */
export async function filterRows(job: FilterJob): Promise<Filtered> {
  const { subset, labels, similarityColumn, threshold, removeNsfw, folder, prefix, signal } = job;
  const wanted = [ID_COLUMN, similarityColumn, ...(removeNsfw ? ["NSFW"] : [])];
  const frame = await readFrame(subset, { columns: wanted });
  const ids = frame.numbers(ID_COLUMN), values = frame.numbers(similarityColumn);
  const tags = removeNsfw ? frame.text("NSFW") : null, chosen: number[] = [];
  // As pandas compares: a column of float32 in float32.
  const limit = values instanceof Float32Array ? Math.fround(threshold) : threshold;
  const lists = new Map<string, number[]>(labels.names.map((name) => [name, []])), wnids: string[] = [];
  let unsafe = 0, without = 0;
  for (let row = 0; row < frame.rows; row++) {
    if (Number.isNaN(values[row])) without++;
    else if (tags && textAt(tags, row) !== SAFE) unsafe++;
    else if (values[row] > limit) {
      const place = labels.placeOf(ids[row]);
      if (place < 0) {
        throw new RangeError(`${subset}: no label lists row ${row}, id ${ids[row]}: give all labels`);
      }
      const name = labels.names[labels.codes[place]];
      chosen.push(row);
      wnids.push(name);
      lists.get(name)!.push(ids[row]);
    }
  }
  const th = pythonFloat(threshold), kept = [...lists].filter(([, of]) => of.length > 0);
  const ending = /part-\d+-to-part.*\.parquet$/.exec(basename(subset))?.[0] ?? basename(subset);
  const table: CuratedOutput = {
    path: `${folder}/${prefix}thresh${th}_total${chosen.length}_${ending}`,
    async write(file) {
      using source = await parquetRows(subset);
      const copy = await parquetCopy(source, file, signal, {
        added: [{ name: "wnid", kind: "text" }],
        without: ["wnid"],
      });
      let at = 0;
      for (const { group, rows } of byGroup(source.groups, chosen)) {
        await copy.add(group, rows, () => [wnids[at++]]);
      }
      await copy.end();
    },
  };
  const labelsFile: CuratedOutput = {
    path: `${folder}/wnid2laionindices(substring_matched_filtered)_smthresh${th}.json`,
    write: (file) => writeIdLists(file, kept),
  };
  return { outputs: [table, labelsFile], rows: chosen.length, lists: kept, unsafe, without };
}
