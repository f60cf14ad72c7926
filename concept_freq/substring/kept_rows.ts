/**
 * The rows of one input file that balancing keeps: draws are made for its matches, its captions are read, and the rows
 * with a draw that says so go to the output of their format.
 */
import {
  addTally,
  type CaptionArena,
  type CaptionFile,
  type CaptionTally,
  emptyTally,
  type RandomState,
  readCaptions,
  writeAtomically,
} from "../../data_utils/mod.ts";
import { readPartial } from "../run/partial_file.ts";
import { drawReader, type UnitDraws, writeDraws } from "./draws.ts";
import { keptOutput } from "./kept_outputs.ts";
import { type BodyPlace, type MatchLists, openMatchLists } from "./match_lists.ts";

/** What balancing does to every file alike. */
export interface Balancing {
  /** By entry: the chance that a match of it keeps its caption. */
  readonly probability: Float64Array;
  /** The entries of each pattern, where they are not the same thing. */
  readonly entriesOf: ((pattern: number) => ArrayLike<number>) | null;
  readonly stream: RandomState;
  readonly arena: CaptionArena;
  /** A folder for temporary files. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

/** What was kept of a file. */
export interface KeptRows {
  readonly rows: number;
  readonly kept: number;
  /** Kept rows to be expected: the sum of their chances. */
  readonly expected: number;
  readonly draws: number;
}

/** Where the first record of a unit begins. */
async function beginOf({ path }: BodyPlace): Promise<number> {
  const partial = await readPartial(path);
  if (!partial) throw new Error(`${path} is spoilt: run the same command again`);
  return partial.header.began;
}

/** Reads the first `length` bytes of a file, unpacked. */
async function firstBytes({ path, gzipped }: CaptionFile, length: number): Promise<Uint8Array> {
  const file = await Deno.open(path), head = new Uint8Array(length);
  let filled = 0;
  const source: ReadableStream<Uint8Array> = gzipped
    ? file.readable.pipeThrough(new DecompressionStream("gzip"))
    : file.readable;
  for await (const piece of source) {
    head.set(piece.subarray(0, length - filled), filled);
    filled = Math.min(length, filled + piece.length);
    if (filled === length) break;
  }
  return head;
}

/**
 * Makes the draws of a file and writes the rows that they keep to `output`, which is there when it is whole.
 * `partials` are the lists of matches of its units, in their order. Throws Error when they do not fit the file.
 */
export async function writeKeptRows(
  file: CaptionFile,
  partials: readonly BodyPlace[],
  output: string,
  balancing: Balancing,
): Promise<KeptRows> {
  const { probability, entriesOf, stream, arena, scratch, signal } = balancing;
  const lines = ["tsv", "csv", "jsonl", "text"].includes(file.format);
  const next = new Float64Array(probability.length), lost = Float64Array.from(probability, (p) => 1 - p);
  const tally: CaptionTally = emptyTally();
  let kept = 0, expected = 0, row = 0, ended: number | undefined;
  using outcomes = await Deno.open(`${scratch}/outcomes`, {
    ...{ read: true, write: true, create: true, truncate: true },
  });
  const counts = partials.map((partial) => {
    using lists = openMatchLists(partial);
    return lists.counts;
  });
  const places: UnitDraws[] = writeDraws(counts, probability, stream, outcomes);

  /** Whether the next caption is kept: if any of its entries' draws says so, all of them being used up. */
  function isKept(lists: MatchLists, take: (entry: number) => boolean): boolean {
    let keep = false, missed = 1;
    const meet = (entry: number) => {
      if (take(entry)) keep = true;
      missed *= lost[entry];
    };
    for (let left = lists.next(); left > 0; left--) {
      const pattern = lists.next();
      if (!entriesOf) meet(pattern);
      else for (let i = 0, entries = entriesOf(pattern); i < entries.length; i++) meet(entries[i]);
    }
    expected += 1 - missed;
    return keep;
  }

  await Deno.mkdir(output.slice(0, output.lastIndexOf("/")), { recursive: true });
  await writeAtomically(output, async (target) => {
    const header = lines && partials.length > 0
      ? await firstBytes(file, await beginOf(partials[0]))
      : new Uint8Array(0);
    using rows = await keptOutput(file, target, { arena, header, signal });
    for (const [u, unit] of file.units.entries()) {
      using lists = openMatchLists(partials[u]);
      const { take } = drawReader(counts[u], places[u], outcomes, next);
      const reading = await readCaptions(file, unit, arena, (count) => {
        for (let i = 0; i < count; i++, row++) {
          if (!isKept(lists, take)) continue;
          kept++;
          rows.keep(i, row);
        }
      }, {
        ...{ ...rows.reading, onLeftOut: () => row++, signal },
        ...lines && u > 0 ? { from: ended } : {},
      });
      if (!lists.ended()) {
        throw new Error(`${file.path} changed while it was read: run the same command again`);
      }
      await rows.unitDone(unit);
      ended = reading.ended;
      addTally(tally, reading.tally);
    }
    await rows.end();
  });
  const draws = places.reduce((sum, place) => sum + place.draws, 0);
  return { rows: tally.rows, kept, expected, draws };
}
