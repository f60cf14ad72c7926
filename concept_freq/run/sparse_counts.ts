/**
 * Counts as the body of a partial result: most of a unit's counts are zero and most others small, so only those above
 * zero are kept, each as the distance to the one before and its value, both in base 128 with the lowest digits first.
 */

/** Most bytes of a number up to 2^53 in base 128. */
const LONGEST = 8;

function put(bytes: Uint8Array, at: number, value: number): number {
  for (; value >= 128; value = Math.floor(value / 128)) bytes[at++] = 128 + value % 128;
  bytes[at++] = value;
  return at;
}

/** The counts above zero. Throws RangeError for a count that is no whole number from 0 to 2^53 - 1. */
export function encodeCounts(counts: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  let bytes = new Uint8Array(1024), end = 0, previous = -1;
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i];
    if (count === 0) continue;
    if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`${count} at ${i} is no count`);
    if (bytes.length - end < 2 * LONGEST) {
      const larger = new Uint8Array(2 * bytes.length);
      larger.set(bytes);
      bytes = larger;
    }
    end = put(bytes, put(bytes, end, i - previous), count);
    previous = i;
  }
  return bytes.slice(0, end);
}

/** Adds encoded counts to `to`. Throws SyntaxError, with nothing said of the file, for what is no such body. */
export function addCounts(to: Float64Array, body: Uint8Array): void {
  let at = 0, index = -1;
  const take = () => {
    let value = 0;
    for (let digit = 1, i = 0; i < LONGEST && at < body.length; digit *= 128, i++) {
      const byte = body[at++];
      value += (byte & 127) * digit;
      if (byte < 128) return value;
    }
    throw new SyntaxError("Counts end amid a number");
  };
  while (at < body.length) {
    index += take();
    const count = take();
    if (index < 0 || index >= to.length) throw new SyntaxError(`Counts reach beyond ${to.length} places`);
    to[index] += count;
  }
}
