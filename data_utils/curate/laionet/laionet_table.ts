/**
 * Tables of LAIONet: a row is an image of LAION with its id (`index`), the class it was found for (`wnid`), its caption
 * (`TEXT`) and perhaps a similarity. Here they are read and checked, so that what draws from them need not ask.
 */
import type { ClassMetadata } from "../../metadata/class_metadata.ts";
import { imagenetWnid } from "../../metadata/wnids.ts";
import type { TextColumn } from "../../tables/column.ts";
import { type Frame, textCodes } from "../../tables/frame.ts";
import { type FrameOptions, readFrame } from "../../tables/read_frame.ts";
import type { ColumnWish } from "../../tables/wishes.ts";

/** A table whose ids and classes are known to be good. */
export interface LaionetTable {
  readonly path: string;
  readonly frame: Frame;
  readonly rows: number;
  /** LAION ids, none twice. */
  readonly ids: Float32Array | Float64Array | Int32Array;
  /** Rows in order of their ids. */
  readonly byId: Int32Array;
  readonly captions: TextColumn;
  readonly labels: Int32Array;
  /** Rows that stand under another id of their class, n02112837 for n02110185. */
  readonly renamed: number;
}

/** How a table names its columns and quotes. */
export interface LaionetColumns {
  readonly indexCol?: string;
  readonly quoting?: FrameOptions["quoting"];
}

/** The column of LAION ids: as the reference names it, or as pandas names an index without a name. */
export const idColumn = (asked?: string): ColumnWish => asked ?? ["index", "__index_level_0__"];

/** Rows in ascending order of their keys, which are whole numbers from 0; equal keys keep their order. */
export function orderByKey(keys: ArrayLike<number>): Int32Array {
  let order = Int32Array.from({ length: keys.length }, (_, row) => row), most = 0, ascending = true;
  for (let row = 0; row < keys.length; row++) {
    if (row > 0 && keys[row] < keys[row - 1]) ascending = false;
    most = Math.max(most, keys[row]);
  }
  // A radix sort: by the lowest 16 bits first, each step keeping the order of the one before.
  const digits = new Uint16Array(keys.length), ends = new Int32Array(2 ** 16);
  for (let scale = 1; !ascending && scale <= most; scale *= 2 ** 16) {
    ends.fill(0);
    for (let row = 0; row < keys.length; row++) ends[digits[row] = Math.floor(keys[row] / scale) % 2 ** 16]++;
    for (let digit = 1; digit < ends.length; digit++) ends[digit] += ends[digit - 1];
    const next = new Int32Array(keys.length);
    for (let i = order.length - 1; i >= 0; i--) next[--ends[digits[order[i]]]] = order[i];
    order = next;
  }
  return order;
}

/**
 * Ids of a frame, with its rows in their order. Throws SyntaxError naming file and rows for an id that is missing, no
 * whole number, negative or there twice.
 */
export function checkedIds(frame: Frame, name: string): Pick<LaionetTable, "ids" | "byId"> {
  const ids = frame.numbers(name), odd = ids.findIndex((id) => !(Number.isSafeInteger(id) && id >= 0));
  const { source } = frame;
  if (odd >= 0) {
    throw new SyntaxError(`${source}, row ${odd}: the ${name} ${ids[odd]} is no LAION id, a whole number`);
  }
  const byId = orderByKey(ids);
  for (let i = 1; i < byId.length; i++) {
    if (ids[byId[i]] !== ids[byId[i - 1]]) continue;
    throw new SyntaxError(
      `${source}: the ${name} ${ids[byId[i]]} stands in rows ${byId[i - 1]} and ${
        byId[i]
      } (from 0): keep one of them`,
    );
  }
  return { ids, byId };
}

/**
 * Labels of a column of WordNet ids, and how many rows stand under another id of their class. Throws SyntaxError naming
 * file and row for one that is missing or none of the classes.
 */
export function checkedLabels(frame: Frame, name: string, classes: ClassMetadata) {
  const { codes, texts } = textCodes(frame.text(name)), byCode = texts.map(classes.labelOf);
  const others = texts.map((wnid) => imagenetWnid(wnid) !== wnid);
  const labels = new Int32Array(codes.length);
  let renamed = 0;
  for (let row = 0; row < codes.length; row++) {
    const code = codes[row], label = byCode[code];
    if (label === undefined) {
      const found = code < 0 ? "nothing" : JSON.stringify(texts[code]);
      throw new SyntaxError(
        `${frame.source}, row ${row} (from 0): the ${name} ${found} is none of the ${classes.wnids.length} classes`,
      );
    }
    labels[row] = label;
    if (others[code]) renamed++;
  }
  return { labels, renamed };
}

/** Reads a table; `more` are columns beside id, class and caption. Throws as readFrame, and for what is not good. */
export async function readLaionetTable(
  path: string,
  classes: ClassMetadata,
  { indexCol, quoting }: LaionetColumns = {},
  more: readonly string[] = [],
): Promise<LaionetTable> {
  const index = idColumn(indexCol), name = typeof index === "string" ? index : index[0];
  const frame = await readFrame(path, { columns: [index, "wnid", "TEXT", ...more], quoting });
  if (frame.rows === 0) throw new SyntaxError(`${path} has no rows`);
  return {
    ...{ path, frame, rows: frame.rows, captions: frame.text("TEXT") },
    ...checkedIds(frame, name),
    ...checkedLabels(frame, "wnid", classes),
  };
}

/** A note on rows under another id, where there are any. */
export function renamedNote(tables: readonly LaionetTable[]): string[] {
  const renamed = tables.reduce((sum, table) => sum + table.renamed, 0);
  return renamed === 0 ? [] : [
    `${renamed} rows of wnid n02112837 stand under n02110185, ImageNet's id of that class, paths included`,
  ];
}
