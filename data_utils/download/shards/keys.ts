/**
 * Keys of rows: the number of the shard and of the row within it, written as one number of fixed width, as img2dataset
 * writes them. They depend on nothing but the input and --shard-size, so they never change.
 */

/** Digits of a shard's number at least. */
const SHARD_DIGITS = 5;

/** Digits that the number of a row takes: of 10,000 rows 4, of 10,001 rows 5. */
function rowDigits(rowsPerShard: number): number {
  if (!Number.isSafeInteger(rowsPerShard) || rowsPerShard < 1) {
    throw new RangeError(`A shard has at least 1 row, got ${rowsPerShard}`);
  }
  return String(rowsPerShard - 1).length - (rowsPerShard === 1 ? 1 : 0);
}

/**
 * The key of row `index` (from 0) of a shard. Throws RangeError for a row outside its shard, and for numbers too large
 * to be told apart.
 *
 * img2dataset, downloader.py, `compute_key`: https://github.com/rom1504/img2dataset
 */
export function keyOf(shard: number, index: number, rowsPerShard: number): string {
  const digits = rowDigits(rowsPerShard), number = 10 ** digits * shard + index;
  if (!(index >= 0 && index < rowsPerShard) || !(shard >= 0) || !Number.isSafeInteger(number)) {
    throw new RangeError(`There is no key for row ${index} of ${rowsPerShard} in shard ${shard}`);
  }
  return String(number).padStart(SHARD_DIGITS + digits, "0");
}

/** Where the row of a key is. Throws RangeError for what is no key of shards of that size. */
export function placeOfKey(key: string, rowsPerShard: number): { shard: number; index: number } {
  const unit = 10 ** rowDigits(rowsPerShard), number = /^\d+$/.test(key) ? Number(key) : NaN;
  const shard = Math.floor(number / unit), index = number % unit;
  if (!(index < rowsPerShard) || keyOf(shard, index, rowsPerShard) !== key) {
    throw new RangeError(`${key} is no key of a row in shards of ${rowsPerShard}`);
  }
  return { shard, index };
}
