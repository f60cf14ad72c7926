/**
 * `laionet-build similarity`: how near each caption is to the text of its class, as the cosine of the two embeddings. A
 * row that several classes list has none.
 */
import { captionStrings } from "../../captions/strings.ts";
import { parquetCopy } from "../../captions/parquet_copy.ts";
import { parquetRows } from "../../captions/parquet_rows.ts";
import { progressOn } from "../../program/progress.ts";
import { readFrame, textAt } from "../../tables/mod.ts";
import { openNpy } from "../../tables/npy.ts";
import type { CuratedOutput } from "../curation.ts";
import { batches, MISSING_TEXT } from "./embed_stage.ts";
import { innerProduct } from "./exact_top_k.ts";
import type { LabelIndex } from "./label_index.ts";
import { ID_COLUMN } from "./subset_stage.ts";
import type { TextTower } from "./text_tower.ts";

const ROWS = 1024;

/** What rows are compared with: names of labels and their texts, in the order of the query embeddings. */
export interface Queries {
  readonly names: readonly string[];
  readonly texts: readonly string[];
}

/** Where embeddings come from: a tower for both sides, or files with a row for each row of the subset and each query. */
export type EmbeddingSource =
  | { readonly tower: TextTower }
  | { readonly rows: string; readonly queries: string };

/** What is compared. */
export interface SimilarityJob {
  readonly subset: string;
  readonly labels: LabelIndex;
  readonly queries: Queries;
  readonly source: EmbeddingSource;
  readonly textColumn: string;
  readonly signal: AbortSignal;
}

/** Similarities of a table's rows: NaN where there is none, and the query of each row, -1 where there is none. */
export interface Similarities {
  readonly values: Float32Array;
  readonly queryOf: Int32Array;
  /** Rows that several labels list, and that none lists. */
  readonly several: number;
  readonly none: number;
}

/** Reads a table of queries: a column of names (wnid) and one of texts (TEXT). Throws RangeError for a name twice. */
export async function readQueries(path: string, key: string): Promise<Queries> {
  const frame = await readFrame(path, { columns: [key, "TEXT"] });
  const [names, texts] = [key, "TEXT"].map((name) => {
    const column = frame.text(name);
    return Array.from({ length: frame.rows }, (_, row) => textAt(column, row) ?? "");
  });
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new RangeError(`${path} has two texts for ${twice}`);
  return { names, texts };
}

/** Cosine of two rows; 0 where one has no length. */
function cosine(a: Float32Array, atA: number, b: Float32Array, atB: number, width: number): number {
  const lengths = Math.sqrt(innerProduct(a, atA, a, atA, width) * innerProduct(b, atB, b, atB, width));
  return lengths === 0 ? 0 : innerProduct(a, atA, b, atB, width) / lengths;
}

/** The query of every row of a table. Throws RangeError for a label that has no query. */
function queriesOf({ labels, queries }: SimilarityJob, ids: ArrayLike<number>) {
  const queryOf = new Int32Array(ids.length).fill(-1),
    numberOf = new Map(queries.names.map((name, i) => [name, i]));
  let several = 0, none = 0;
  for (let row = 0; row < ids.length; row++) {
    const place = labels.placeOf(ids[row]);
    if (place < 0) none++;
    else if (labels.several[place]) several++;
    else {
      const name = labels.names[labels.codes[place]], query = numberOf.get(name);
      if (query === undefined) {
        throw new RangeError(`The queries have no text for ${name}, which labels row ${row}`);
      }
      queryOf[row] = query;
    }
  }
  return { queryOf, several, none };
}

/** Blocks of embeddings of the rows that have a query, with their numbers. */
async function* embeddedRows(
  { subset, source, textColumn, signal }: SimilarityJob,
  queryOf: Int32Array,
  width: number,
): AsyncGenerator<{ rows: number[]; values: Float32Array }> {
  let first = 0;
  if ("rows" in source) {
    using file = await openNpy(source.rows);
    if (file.rows !== queryOf.length || file.width !== width) {
      throw new RangeError(
        `${source.rows} is ${file.rows} x ${file.width}, but ${queryOf.length} x ${width} is wanted: ` +
          `a row for each of ${subset}, as wide as the queries'`,
      );
    }
    for (; first < file.rows; first += ROWS) {
      const last = Math.min(file.rows, first + ROWS);
      yield {
        rows: Array.from({ length: last - first }, (_, i) => first + i),
        values: await file.read(first, last),
      };
    }
    return;
  }
  for await (const batch of batches(captionStrings(subset, { column: textColumn }), ROWS)) {
    const rows = batch.map((_, i) => first + i).filter((row) => queryOf[row] >= 0);
    if (rows.length > 0) {
      const texts = rows.map((row) => batch[row - first] ?? MISSING_TEXT);
      yield { rows, values: await source.tower.embed(texts, signal) };
    }
    first += batch.length;
  }
  if (first !== queryOf.length) {
    throw new SyntaxError(
      `${subset}: ${first} texts were read of ${queryOf.length} rows; one is over 8 MiB: leave it out`,
    );
  }
}

/** Compares every row of a subset with its class's text. Throws RangeError for embeddings that do not fit. */
export async function similarities(job: SimilarityJob): Promise<Similarities> {
  const { subset, queries, source, signal } = job;
  const ids = (await readFrame(subset, { columns: [ID_COLUMN] })).numbers(ID_COLUMN);
  const { queryOf, several, none } = queriesOf(job, ids);
  const [wanted, width] = await queryEmbeddings(queries, source);
  const values = new Float32Array(ids.length).fill(NaN), progress = progressOn();
  try {
    for await (const { rows, values: embedded } of embeddedRows(job, queryOf, width)) {
      signal.throwIfAborted();
      rows.forEach((row, i) => {
        if (queryOf[row] < 0) return;
        const similarity = cosine(embedded, i * width, wanted, queryOf[row] * width, width);
        if (!Number.isFinite(similarity)) {
          throw new RangeError(
            `The embedding of row ${row} of ${subset}, or of its query, is not finite: embed again`,
          );
        }
        values[row] = similarity;
      });
      if (rows.length > 0) progress.show(`${rows[rows.length - 1] + 1} of ${ids.length} rows compared`);
    }
  } finally {
    progress.end();
  }
  return { values, queryOf, several, none };
}

async function queryEmbeddings(queries: Queries, source: EmbeddingSource): Promise<[Float32Array, number]> {
  if ("tower" in source) return [await source.tower.embed(queries.texts), source.tower.width];
  using file = await openNpy(source.queries);
  if (file.rows !== queries.names.length) {
    throw new RangeError(`${source.queries} has ${file.rows} rows for ${queries.names.length} queries`);
  }
  return [await file.read(0, file.rows), file.width];
}

/** The table with two columns more: the similarity and the text it is about. Ones of these names are replaced. */
export function similarityOutput(
  path: string,
  { subset, queries, signal }: SimilarityJob,
  { values, queryOf }: Similarities,
  names: { readonly similarity: string; readonly text: string },
): CuratedOutput {
  return {
    path,
    async write(file) {
      using source = await parquetRows(subset);
      const copy = await parquetCopy(source, file, signal, {
        added: [{ name: names.similarity, kind: "float32" }, { name: names.text, kind: "text" }],
        without: [names.similarity, names.text],
      });
      let first = 0;
      for (const [group, count] of source.groups.entries()) {
        const start = first;
        await copy.add(group, Array.from({ length: count }, (_, i) => i), (within) => {
          const row = start + within, query = queryOf[row];
          return [Number.isNaN(values[row]) ? null : values[row], query < 0 ? null : queries.texts[query]];
        });
        first += count;
      }
      await copy.end();
    },
  };
}
