/**
 * Exact search for the largest inner products. The device looks at every pair in float32 and names a few more
 * candidates than are wanted; each of these that could be among the best is computed anew in float64. What the device
 * does not name is out of the question if its least candidate, plus what float32 can be wrong by, stays below the
 * worst that is kept; where that is not so, the whole block is computed in float64. So the result is that of float64
 * brute force, whatever the device rounds.
 */
import type { BlockProducts } from "./text_tower.ts";

/** The best so far of every query. */
export interface TopK {
  readonly k: number;
  readonly queries: number;
  /** How many each query has. */
  readonly counts: Int32Array;
  /** [queries, k]: products in float64, largest first, equal ones by id, and their ids. */
  readonly values: Float64Array;
  readonly ids: Float64Array;
}

/** Rows of vectors, one behind another. */
export interface Vectors {
  readonly data: Float32Array;
  readonly rows: number;
  readonly width: number;
}

/** No result yet. */
export function emptyTopK(queries: number, k: number): TopK {
  const values = new Float64Array(queries * k), ids = new Float64Array(queries * k);
  return { k, queries, counts: new Int32Array(queries), values, ids };
}

/** Inner product in float64, from the first number to the last. */
export function innerProduct(
  a: Float32Array,
  atA: number,
  b: Float32Array,
  atB: number,
  width: number,
): number {
  let sum = 0;
  for (let i = 0; i < width; i++) sum += a[atA + i] * b[atB + i];
  return sum;
}

/** Euclidean length of every row. Throws RangeError naming the first row with a number that is not finite. */
export function rowLengths({ data, rows, width }: Vectors, source: string, firstRow = 0): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => {
    const length = Math.sqrt(innerProduct(data, row * width, data, row * width, width));
    if (Number.isFinite(length)) return length;
    throw new RangeError(
      `${source}: row ${firstRow + row} holds a number that is not finite: embed it again`,
    );
  });
}

/** Puts a candidate where it belongs; it falls off the end when k are better. */
export function insert(top: TopK, query: number, value: number, id: number): void {
  const { k, counts, values, ids } = top, start = query * k;
  let at = start + counts[query];
  while (at > start && (values[at - 1] < value || values[at - 1] === value && ids[at - 1] > id)) at--;
  if (at === start + k) return;
  const end = Math.min(start + counts[query], start + k - 1);
  values.copyWithin(at + 1, at, end);
  ids.copyWithin(at + 1, at, end);
  values[at] = value;
  ids[at] = id;
  counts[query] = Math.min(k, counts[query] + 1);
}

/** The least that a newcomer must reach; minus infinity while there is room. */
const leastOf = ({ k, counts, values }: TopK, query: number) =>
  counts[query] < k ? -Infinity : values[query * k + k - 1];

/** What a device's float32 sum of `width` products can be wrong by, for vectors of these lengths, twice over. */
const errorOf = (width: number, a: number, b: number) => 2 * (width + 4) * 2 ** -24 * a * b + 1e-30;

/** How a search went. */
export interface SearchCounts {
  /** Candidates that were computed in float64, and queries for which a whole block was. */
  candidates: number;
  wholeBlocks: number;
}

/** The queries of a search with their lengths. */
export interface Queries extends Vectors {
  readonly lengths: Float64Array;
}

/**
 * Goes over a block of texts, whose rows have the ids `firstId` and on. `onQueries` is called now and then and may throw.
 */
export async function searchBlock(
  top: TopK,
  queries: Queries,
  texts: Vectors & { readonly firstId: number; readonly longest: number },
  device: BlockProducts,
  counts: SearchCounts,
  onQueries: (done: number) => void,
): Promise<void> {
  const { width } = queries, { queryRows, textRows, most } = device;
  const product = (query: number, row: number) =>
    innerProduct(queries.data, query * width, texts.data, row * width, width);
  device.load(padded(texts.data, textRows * width));

  function take(query: number, values: Float32Array, rows: Int32Array) {
    const error = errorOf(width, queries.lengths[query], texts.longest);
    let last = -Infinity;
    for (let i = 0; i < most; i++) {
      last = values[i];
      if (last + error < leastOf(top, query)) return;
      if (rows[i] >= texts.rows) continue; // the block's padding
      counts.candidates++;
      insert(top, query, product(query, rows[i]), texts.firstId + rows[i]);
    }
    if (most >= textRows || last + error < leastOf(top, query)) return;
    counts.wholeBlocks++;
    const named = new Set(rows);
    for (let row = 0; row < texts.rows; row++) {
      if (!named.has(row)) insert(top, query, product(query, row), texts.firstId + row);
    }
  }

  const chunk = (from: number) =>
    padded(queries.data.subarray(from * width, (from + queryRows) * width), queryRows * width);
  // The device works on the next queries while these are looked through.
  let next = device.best(chunk(0));
  for (let from = 0; from < queries.rows; from += queryRows) {
    const { values, rows } = await next, more = from + queryRows < queries.rows;
    if (more) next = device.best(chunk(from + queryRows));
    next.catch(() => {}); // thrown when it is waited for
    const count = Math.min(queryRows, queries.rows - from);
    for (let i = 0; i < count; i++) {
      take(from + i, values.subarray(i * most, (i + 1) * most), rows.subarray(i * most, (i + 1) * most));
    }
    onQueries(from + count);
  }
}

/** The values, and zeros behind them up to a length. */
function padded(values: Float32Array, length: number): Float32Array {
  if (values.length === length) return values;
  const whole = new Float32Array(length);
  whole.set(values);
  return whole;
}
