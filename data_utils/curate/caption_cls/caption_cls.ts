/**
 * Data sets of captions labelled by what they name: YFCC15M-Cls and CC12M-Cls of Wen et al. (NeurIPS 2024, section 3),
 * after Fang et al. (ICML 2022). Every caption that names a class gives a row of that class, so an image may stand in
 * several; rows are ordered by class, within a class as the captions are.
 */
import { captionArena } from "../../captions/arena.ts";
import { addTally, type CaptionTally, emptyTally } from "../../captions/caption_file.ts";
import { writeFully } from "../../runs/atomic.ts";
import { readCaptionRows, type RowOptions } from "./caption_rows.ts";
import { classSpool } from "./class_spool.ts";
import { lemmaMatcher } from "./lemma_matcher.ts";

/** Labelled rows, ready to be written. */
export interface LabelledCaptions {
  /** Rows by label. */
  readonly counts: Float64Array;
  readonly tally: CaptionTally;
  /** Captions that name a class. */
  readonly named: number;
  /** Writes the table: filepath, caption, label. */
  writeTo(file: Deno.FsFile): Promise<void>;
  /** Removes what was kept on disk. */
  [Symbol.dispose](): void;
}

/** How captions are labelled. */
export interface LabelOptions extends RowOptions {
  /** A folder with room for what does not fit into memory. */
  readonly folder: string;
  /** Whether capitals must agree; default false. */
  readonly caseSensitive?: boolean;
  /** Only count: nothing is kept and nothing can be written. */
  readonly countOnly?: boolean;
  /** Bytes of rows that are held in memory; default 32 MiB. */
  readonly room?: number;
  /** Hears of every file that was read. */
  readonly onFile?: (path: string, rows: number) => void;
}

/** A field as pandas' to_csv(sep="\t") writes it. */
const field = (text: string) => /[\t\n\r"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/**
 * Labels the captions of files, in this order, by the lemmas of each class. The caption that is looked at is the one that stands there; in the table
 * each of its tabs and line ends is a space. Throws as lemmaMatcher and readCaptionRows.
 */
export async function labelCaptions(
  files: readonly string[],
  lemmas: readonly (readonly string[])[],
  options: LabelOptions,
): Promise<LabelledCaptions> {
  const { folder, countOnly = false, caseSensitive, room, onFile, ...rowOptions } = options;
  const arena = captionArena(), matcher = lemmaMatcher(lemmas, { caseSensitive, arena });
  const spool = classSpool(matcher.classes, folder, room), tally = emptyTally();
  let named = 0;
  const look = (at: number, length: number) => {
    const count = matcher.match(at, length);
    return count === 0 ? null : matcher.found(count).slice();
  };
  const take = (labels: Int32Array, path: string, caption: string) => {
    named++;
    if (countOnly) return labels.forEach((label) => void spool.counts[label]++);
    const row = `${field(path)}\t${field(caption.replace(/[\t\n\r]/g, " "))}\t`;
    for (const label of labels) spool.add(label, row + label);
  };
  try {
    for (const path of files) {
      addTally(tally, await readCaptionRows(path, rowOptions, look, take, arena));
      onFile?.(path, tally.rows);
    }
  } catch (error) {
    spool[Symbol.dispose]();
    throw error;
  }
  return {
    ...{ counts: spool.counts, tally, named },
    async writeTo(file) {
      if (countOnly) throw new Error("captions that were only counted cannot be written");
      await writeFully(file, new TextEncoder().encode("filepath\tcaption\tlabel\n"));
      await spool.writeTo(file);
    },
    [Symbol.dispose]: () => spool[Symbol.dispose](),
  };
}
