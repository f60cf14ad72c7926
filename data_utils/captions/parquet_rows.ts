/**
 * Chosen rows of a parquet file with all their columns, a few at a time: each column is read page by page, so that row
 * groups may be of any size.
 */
import { type KeyValue, loadParquet, type SchemaElement } from "../deps.ts";
import { unpackerOf } from "./parquet_codecs.ts";
import { chunkOf, damaged, damagedGroup, readFooter } from "./parquet_footer.ts";
import { type ColumnChunk, rawPages } from "./parquet_pages.ts";
import {
  dictionaryValues,
  type ParquetLeaf,
  parquetLeaves,
  type PhysicalPage,
  physicalPage,
  type PhysicalValue,
} from "./parquet_physical.ts";

/** Values of a column of several rows, as the format has them; levels are there where the column has any. */
export interface LeafValues {
  /** One for each place; null where there is no value. */
  readonly values: (PhysicalValue | null)[];
  readonly defined: number[];
  readonly repeated: number[];
}

/** A parquet file whose rows can be taken. */
export interface ParquetRows extends Disposable {
  readonly schema: readonly SchemaElement[];
  /** What its writer noted about the file, such as pandas about its columns. */
  readonly notes: readonly KeyValue[];
  readonly leaves: readonly ParquetLeaf[];
  /** Rows of each row group. */
  readonly groups: readonly number[];
  /**
   * Starts a row group. What it returns appends the values of rows (numbers within the group, ascending from call to
   * call) to one list per leaf. Throws SyntaxError naming file, row group and column for a damaged one, RangeError for
   * what is stored in a way that is not read.
   */
  read(group: number): (rows: readonly number[], into: readonly LeafValues[]) => Promise<void>;
}

/** Opens the rows of a parquet file. Throws SyntaxError naming the file when it is cut short, damaged or encrypted. */
export async function parquetRows(path: string): Promise<ParquetRows> {
  const { size } = await Deno.stat(path), metadata = await readFooter(path, size);
  let leaves: ParquetLeaf[];
  try {
    leaves = parquetLeaves(metadata.schema);
  } catch (error) {
    throw damaged(path, `its schema has ${error instanceof Error ? error.message : error}`, error);
  }
  const groups = metadata.row_groups.map(({ num_rows }) => Number(num_rows));
  const file = await Deno.open(path);

  function read(group: number) {
    const { columns, num_rows } = metadata.row_groups[group];
    const cursors = leaves.map((leaf, i) => {
      const same = columns[i]?.meta_data?.path_in_schema.join(".") === leaf.name;
      const chunk = chunkOf(path, size, same ? columns[i] : undefined, {
        ...{ index: group, rows: num_rows, name: leaf.name },
      });
      return leafCursor(file, size, leaf, chunk, Number(columns[i].meta_data!.num_values));
    });
    return async (rows: readonly number[], into: readonly LeafValues[]) => {
      for (const [i, take] of cursors.entries()) {
        try {
          await take(rows, into[i]);
        } catch (error) {
          throw damagedGroup(path, `column ${leaves[i].name} of row group ${group}`, error);
        }
      }
    };
  }

  return {
    ...{ schema: metadata.schema, notes: metadata.key_value_metadata ?? [], leaves, groups, read },
    [Symbol.dispose]: () => file.close(),
  };
}

/** A page with the rows that begin in it. */
interface PageOfRows extends PhysicalPage {
  readonly firstRow: number;
  readonly rows: number;
  /** Where each row begins; null when every place is a row. */
  readonly starts: Uint32Array | null;
}

function withRows(page: PhysicalPage, firstRow: number): PageOfRows {
  const { repeated, places } = page;
  if (!repeated) return { ...page, firstRow, rows: places, starts: null };
  const starts = new Uint32Array(places);
  let rows = 0;
  for (let i = 0; i < places; i++) if (repeated[i] === 0) starts[rows++] = i;
  return { ...page, firstRow, rows, starts };
}

/** Goes over a column of a row group and takes the values of ascending rows. */
function leafCursor(
  file: Deno.FsFile,
  fileBytes: number,
  leaf: ParquetLeaf,
  chunk: ColumnChunk,
  values: number,
) {
  const pages = rawPages(file, fileBytes, chunk, values);
  let page: PageOfRows | null = null, rowsBefore = 0;
  let dictionary: ReturnType<typeof dictionaryValues> | null = null;

  /** Reads the next page; those that end before `row` are passed over. Null behind the last. */
  async function nextPage(row: number): Promise<PageOfRows | null> {
    const parquet = await loadParquet(), unpack = await unpackerOf(chunk.codec);
    for (;;) {
      const { value: raw, done } = await pages.next();
      if (done || !raw) return null;
      const { header } = raw;
      if (header.type === "DICTIONARY_PAGE") {
        const bytes = unpack(await raw.read(), header.uncompressed_page_size);
        dictionary = dictionaryValues(parquet, leaf, bytes, raw.values);
        continue;
      }
      const rows = leaf.mostRepeated === 0 ? raw.values : header.data_page_header_v2?.num_rows;
      if (rows !== undefined && rowsBefore + rows <= row) {
        rowsBefore += rows;
        continue;
      }
      const read = physicalPage(parquet, leaf, raw, await raw.read(), unpack, dictionary);
      const page = withRows(read, rowsBefore);
      rowsBefore += page.rows;
      return page;
    }
  }

  function copy(from: PageOfRows, start: number, end: number, into: LeafValues) {
    const { repeated, defined, at } = from;
    for (let i = start; i < end; i++) {
      if (repeated) into.repeated.push(repeated[i]);
      if (defined) into.defined.push(defined[i]);
      into.values.push(!defined || defined[i] === leaf.mostDefined ? at(i) : null);
    }
  }

  return async (rows: readonly number[], into: LeafValues) => {
    for (const row of rows) {
      while (!page || page.firstRow + page.rows <= row) {
        page = await nextPage(row);
        if (!page) throw new Error(`only ${rowsBefore} of its ${chunk.rows} rows`);
      }
      const nth = row - page.firstRow;
      if (!page.starts) {
        copy(page, nth, nth + 1, into);
        continue;
      }
      const last = nth + 1 === page.rows;
      copy(page, page.starts[nth], last ? page.places : page.starts[nth + 1], into);
      if (!last) continue;
      // A list may go on in the pages behind.
      for (let next; (next = await nextPage(row)) !== null;) {
        page = next;
        copy(page, 0, page.rows > 0 ? page.starts![0] : page.places, into);
        if (page.rows > 0) break;
      }
    }
  };
}
