/**
 * Words in order of their counts, the highest first, however many there are: full pieces are sorted and laid aside as
 * runs, whose keys begin with the count in a form that sorts the highest first.
 */
import { type MergeOptions, mergeRuns } from "./merge_runs.ts";
import { type KeySink, runFile, type RunPlace } from "./run_file.ts";

/** Takes words and gives them back in another order. */
export interface CountOrder {
  /** Takes a word; words come in the order of their bytes, each once. */
  readonly add: KeySink;
  /** Gives all words to `to`: the highest count first, equal counts in the order the words came in. */
  finish(to: KeySink): Promise<void>;
}

/** Most words of a piece: the place in it and a count below FEW share the 53 bits of a number. */
const MOST_WORDS = 2 ** 20, FEW = 2 ** 32;

/** Orders words with about `memoryBytes` of memory (default 48 MiB); files in `scratch` are removed in the end. */
export function orderByCount(
  { memoryBytes = 48 * 2 ** 20, ...merging }: MergeOptions & { readonly memoryBytes?: number },
): CountOrder {
  const mostWords = Math.max(1, Math.min(MOST_WORDS, Math.floor(memoryBytes / 48)));
  const mostLetters = Math.floor(memoryBytes / 2), runs: RunPlace[] = [];
  const starts = new Uint32Array(mostWords + 1), counts = new Float64Array(mostWords);
  let letters = new Uint8Array(Math.min(mostLetters, 1 << 16)), words = 0;

  /** Gives the words of the piece to `to`, in order, and empties it. */
  function give(to: KeySink): void {
    const few = new Float64Array(words), many: number[] = [];
    let fewCount = 0;
    for (let i = 0; i < words; i++) {
      if (counts[i] < FEW) few[fewCount++] = i - counts[i] * MOST_WORDS;
      else many.push(i);
    }
    const giveWord = (i: number) => to(letters, starts[i], starts[i + 1] - starts[i], counts[i]);
    many.sort((a, b) => counts[b] - counts[a] || a - b).forEach(giveWord);
    for (const key of few.subarray(0, fewCount).sort()) {
      giveWord(key - MOST_WORDS * Math.floor(key / MOST_WORDS));
    }
    words = 0;
  }

  function layAside(): void {
    const file = runFile(`${merging.scratch}/by_count_${runs.length}.run`);
    let key = new Uint8Array(64);
    try {
      give((bytes, from, length, count) => {
        if (key.length < length + 8) key = new Uint8Array(2 * length + 8);
        const head = putHighestFirst(key, count);
        for (let i = 0; i < length; i++) key[head + i] = bytes[from + i];
        file.add(key, 0, head + length, 0);
      });
      runs.push(file.end());
    } catch (error) {
      file.discard();
      throw error;
    }
  }

  return {
    add(bytes, from, length, count) {
      const full = words === mostWords || starts[words] + length > mostLetters;
      if (full && words > 0) layAside();
      const start = starts[words], end = start + length;
      if (end > letters.length) {
        const larger = new Uint8Array(Math.max(end, Math.min(mostLetters, 2 * letters.length)));
        larger.set(letters.subarray(0, start));
        letters = larger;
      }
      for (let i = 0; i < length; i++) letters[start + i] = bytes[from + i];
      counts[words++] = count;
      starts[words] = end;
    },
    async finish(to) {
      if (runs.length === 0) return give(to);
      try {
        layAside();
        await mergeRuns(runs, (key, from, length) => {
          const digits = 255 - key[from];
          let count = 0;
          for (let i = 1; i <= digits; i++) count = count * 256 + 255 - key[from + i];
          to(key, from + 1 + digits, length - 1 - digits, count);
        }, merging);
      } finally {
        runs.forEach(({ path }) => Deno.removeSync(path));
      }
    },
  };
}

/** Puts a count as bytes that sort the highest first: how many digits of base 256, then those, each from 255 down. */
function putHighestFirst(key: Uint8Array, count: number): number {
  let digits = 1;
  while (count >= 256 ** digits) digits++;
  key[0] = 255 - digits;
  for (let i = digits; i > 0; i--, count = Math.floor(count / 256)) key[i] = 255 - count % 256;
  return 1 + digits;
}
