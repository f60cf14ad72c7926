/**
 * `laionet-build subset`: the labelled rows of all parts as one table, in the order of their ids, with the columns of
 * the parts and the id. Rows pass from file to file a few at a time, so that the parts may be of any size.
 */
import { parquetCopy } from "../../captions/parquet_copy.ts";
import type { CuratedOutput } from "../curation.ts";
import { byGroup, openRows } from "./frame_rows.ts";
import { type LabelIndex, lowerBound } from "./label_index.ts";
import { type Part, PART_IDS, subsetFileName } from "./parts.ts";

/** The column of ids in every table of LAIONet. */
export const ID_COLUMN = "index";

/** Under these names pandas keeps an index that has none; rows have their ids here. */
const PANDAS_INDEX = [0, 1, 2].map((level) => `__index_level_${level}__`);

/** What a subset is made of. */
export interface SubsetJob {
  readonly parts: readonly Part[];
  readonly labels: LabelIndex;
  readonly folder: string;
  /** The beginning of the table's name, up to `total`. */
  readonly prefix: string;
  /** Adds the column wnid: the last class that lists the row. */
  readonly withWnid: boolean;
  readonly signal: AbortSignal;
}

/** Where the rows of each part begin among the labels' ids. Throws RangeError naming an id that no part has. */
export async function rowsByPart(
  { parts, labels }: Pick<SubsetJob, "parts" | "labels">,
): Promise<[Part, Float64Array][]> {
  const { ids } = labels, result: [Part, Float64Array][] = [];
  const known = new Set(parts.map(({ number }) => number));
  const stray = ids.find((id) => !known.has(Math.floor(id / PART_IDS)));
  if (stray !== undefined) {
    throw new RangeError(
      `The labels hold id ${stray} of part ${Math.floor(stray / PART_IDS)}, which was not given with --laion`,
    );
  }
  for (const part of parts) {
    const first = part.number * PART_IDS;
    const some = ids.subarray(lowerBound(ids, first), lowerBound(ids, first + PART_IDS));
    const rows = some.map((id) => id - first);
    using source = await openRows(part.path);
    const all = source.groups.reduce((sum, count) => sum + count, 0);
    if (rows.length > 0 && rows[rows.length - 1] >= all) {
      throw new RangeError(
        `${part.path} has ${all} rows, but the labels hold row ${
          rows[rows.length - 1]
        }: label this very file`,
      );
    }
    result.push([part, rows]);
  }
  return result;
}

/** The table to be. Throws RangeError for labels that do not go with the parts, and for no labels at all. */
export async function subsetOutput(job: SubsetJob): Promise<CuratedOutput> {
  const { parts, labels, folder, prefix, withWnid, signal } = job, total = labels.ids.length;
  if (total === 0) throw new RangeError("The labels list no row: there is nothing to take");
  const chosen = await rowsByPart(job);
  const added = [
    { name: ID_COLUMN, kind: "int64" as const },
    ...(withWnid ? [{ name: "wnid", kind: "text" as const }] : []),
  ];
  return {
    path: `${folder}/${prefix}total${total}_${subsetFileName(parts)}`,
    async write(file) {
      using head = await openRows(parts[0].path);
      const copy = await parquetCopy(head, file, signal, { added, without: PANDAS_INDEX });
      for (const [part, rows] of chosen) {
        using source = await openRows(part.path);
        copy.from(source, part.path);
        for (const { group, first, rows: within } of byGroup(source.groups, rows)) {
          await copy.add(group, within, (row) => {
            const id = part.number * PART_IDS + first + row;
            return withWnid ? [id, labels.names[labels.codes[labels.placeOf(id)]]] : [id];
          });
        }
      }
      await copy.end();
    },
  };
}
