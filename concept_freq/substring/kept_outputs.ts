/**
 * Where kept rows go, by the format of their source: every file keeps whole rows, so that addresses, sizes and whatever
 * else stands beside a caption stay with it.
 */
import {
  type CaptionArena,
  type CaptionFile,
  type CaptionFormat,
  type CaptionUnit,
  NULL_LENGTH,
  parquetCopy,
  parquetRows,
  type ReadOptions,
} from "../../data_utils/mod.ts";
import { oneLine } from "./one_line.ts";
import { pieceWriter } from "./piece_writer.ts";

/** Takes the rows of a file that are kept. */
export interface KeptOutput {
  /** What it needs of the reading. */
  readonly reading: Pick<ReadOptions, "rows">;
  /** Keeps caption `i` of the batch at hand, in row `row` of the file, those without a caption counted. */
  keep(i: number, row: number): void;
  /** Called when a unit was read. */
  unitDone(unit: CaptionUnit): Promise<void>;
  /** Called when all were. */
  end(): Promise<void>;
}

/** What an output is opened with. */
export interface OutputOptions {
  readonly arena: CaptionArena;
  /** What a file of lines has before its first record: the names of its columns. */
  readonly header: Uint8Array;
  readonly signal: AbortSignal;
}

const LF = Uint8Array.of(10);

/** Where the kept rows of a file go, below the output folder. */
export function outputName(file: string, format: CaptionFormat): string {
  const plain = file === "-" ? `stdin.${format}` : file.replace(/\.gz$/i, "");
  if (format === "json") return `${plain.replace(/\.json$/i, "")}.jsonl`;
  return format === "tar" ? `${plain}.kept.jsonl` : plain;
}

/** The output of a file, into `target`. */
export async function keptOutput(
  file: CaptionFile,
  target: Deno.FsFile,
  options: OutputOptions,
): Promise<KeptOutput & Disposable> {
  if (file.format === "parquet" && file.bytes > 0) return await parquetOutput(file, target, options);
  return { ...lineOutput(file.format, target, options), [Symbol.dispose]: () => {} };
}

/** Lines: records as they are, elements of an array each on one, and of the samples of an archive key and caption. */
function lineOutput(
  format: CaptionFormat,
  target: Deno.FsFile,
  { arena, header }: OutputOptions,
): KeptOutput {
  const writer = pieceWriter(target), decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const encoder = new TextEncoder();
  const bytesOf = (spans: Uint32Array, i: number) =>
    arena.bytes().subarray(spans[2 * i], spans[2 * i] + spans[2 * i + 1]);
  const lines: Partial<Record<CaptionFormat, (i: number, row: number) => Uint8Array>> = {
    json: (i) => oneLine(bytesOf(arena.rows(), i)),
    tar(i, row) {
      const spans = arena.spans(), key = decoder.decode(bytesOf(arena.rows(), i));
      const caption = spans[2 * i + 1] === NULL_LENGTH ? null : decoder.decode(bytesOf(spans, i));
      return encoder.encode(JSON.stringify({ key, row, caption }));
    },
  };
  const line = lines[format] ?? ((i) => bytesOf(arena.rows(), i));
  writer.add(header);
  return {
    reading: { rows: true },
    keep(i, row) {
      writer.add(line(i, row));
      writer.add(LF);
    },
    unitDone: () => Promise.resolve(),
    end: () => Promise.resolve(writer.end()),
  };
}

/** All columns: which rows of a unit are kept is known when its captions were read; its rows are copied then. */
async function parquetOutput(
  file: CaptionFile,
  target: Deno.FsFile,
  { signal }: OutputOptions,
): Promise<KeptOutput & Disposable> {
  const source = await parquetRows(file.path), copy = await parquetCopy(source, target, signal);
  const unitRows = ({ start, end }: CaptionUnit) =>
    source.groups.slice(start, end).reduce((a, b) => a + b, 0);
  let unit = 0, first = 0, chosen = new Uint8Array(0); // a bit per row of the unit
  const startUnit = () => {
    chosen = new Uint8Array(unit < file.units.length ? Math.ceil(unitRows(file.units[unit]) / 8) : 0);
  };
  function* chosenOf(from: number, to: number): Generator<number> {
    for (let row = from; row < to; row++) if (chosen[row >>> 3] >>> (row & 7) & 1) yield row - from;
  }
  startUnit();
  return {
    reading: {},
    keep(_, row) {
      const place = row - first;
      chosen[place >>> 3] |= 1 << (place & 7);
    },
    async unitDone({ start, end }) {
      let from = 0;
      for (let group = start; group < end; from += source.groups[group++]) {
        await copy.add(group, chosenOf(from, from + source.groups[group]));
      }
      first += from;
      unit++;
      startUnit();
    },
    end: () => copy.end(),
    [Symbol.dispose]: () => source[Symbol.dispose](),
  };
}
