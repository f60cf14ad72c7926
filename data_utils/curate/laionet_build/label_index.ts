/** Labels by row id: which classes list each row, over any number of files of labels. */
import { globSync } from "node:fs";
import { readIdLists } from "./id_lists.ts";

/** Rows that any class lists. */
export interface LabelIndex {
  /** Names in the order in which the files have them. */
  readonly names: readonly string[];
  /** Ids ascending, each once. */
  readonly ids: Float64Array;
  /** For each id the last name that lists it. */
  readonly codes: Int32Array;
  /** For each id whether several names list it. */
  readonly several: Uint8Array;
  /** The place of an id among `ids`, or -1. */
  placeOf(id: number): number;
}

/** An id and a name's number share a double: ids below 2^33, names below 2^20. */
const NAMES = 2 ** 20, MOST_ID = 2 ** 33;

/**
 * The files of labels that patterns name: files, globs, or folders, of which all `wnid2laionindices*.json` are taken.
 * Throws RangeError naming the pattern that names nothing.
 */
export function listLabelFiles(patterns: readonly string[]): string[] {
  const found = patterns.flatMap((pattern) => {
    const stat = statOf(pattern);
    if (stat?.isFile) return [pattern];
    const inside = stat?.isDirectory
      ? [...Deno.readDirSync(pattern)].map(({ name }) => name)
        .filter((name) => name.startsWith("wnid2laionindices") && name.endsWith(".json"))
        .map((name) => `${pattern.replace(/\/+$/, "")}/${name}`)
      : globSync(pattern).filter((path) => statOf(path)?.isFile);
    const files = inside.filter((path) => !path.endsWith(".provenance.json"));
    if (files.length > 0) return files;
    throw new RangeError(
      stat
        ? `${pattern} holds no wnid2laionindices*.json: label first`
        : `No file matches ${pattern}: check the path`,
    );
  });
  return [...new Set(found)].sort();
}

function statOf(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Reads files of labels. Throws SyntaxError as readIdLists does, RangeError for an id beyond 2^33. */
export async function readLabelIndex(paths: readonly string[]): Promise<LabelIndex> {
  const codes = new Map<string, number>(), pieces: Float64Array[] = [];
  for (const path of paths) {
    for await (const [name, ids] of readIdLists(path)) {
      const code = codes.get(name) ?? codes.size;
      codes.set(name, code);
      if (codes.size > NAMES) throw new RangeError(`${path}: more than ${NAMES} names`);
      const large = ids.find((id) => id >= MOST_ID);
      if (large !== undefined) {
        throw new RangeError(`${path}: ${name} lists the id ${large}, which is above 2^33`);
      }
      pieces.push(ids.map((id) => id * NAMES + code));
    }
  }
  const pairs = new Float64Array(pieces.reduce((sum, { length }) => sum + length, 0));
  pieces.reduce((at, piece) => (pairs.set(piece, at), at + piece.length), 0);
  return indexOf([...codes.keys()], pairs.sort());
}

function indexOf(names: readonly string[], pairs: Float64Array): LabelIndex {
  const ids = new Float64Array(pairs.length), codes = new Int32Array(pairs.length);
  const several = new Uint8Array(pairs.length);
  let count = 0;
  for (const pair of pairs) {
    const id = Math.floor(pair / NAMES), code = pair - id * NAMES;
    const same = count > 0 && ids[count - 1] === id;
    if (!same) count++;
    else if (codes[count - 1] !== code) several[count - 1] = 1;
    ids[count - 1] = id;
    codes[count - 1] = code;
  }
  const kept = ids.subarray(0, count);
  return {
    ...{ names, ids: kept, codes: codes.subarray(0, count), several: several.subarray(0, count) },
    placeOf(id) {
      const at = lowerBound(kept, id);
      return at < count && kept[at] === id ? at : -1;
    },
  };
}

/** The first place of an ascending list that is not below `value`. */
export function lowerBound(sorted: Float64Array, value: number): number {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
