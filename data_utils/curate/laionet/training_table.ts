/** What the LAIONet programs write: the table that training reads (filepath, label, caption), and rows per class. */
import type { ClassMetadata } from "../../metadata/class_metadata.ts";
import { frequencyTableText } from "../../metadata/frequency_table.ts";
import { writeFully } from "../../runs/atomic.ts";
import { NO_TEXT, textBuilder, type TextColumn } from "../../tables/column.ts";
import { type Frame, makeFrame } from "../../tables/frame.ts";
import { writeTsv } from "../../tables/write_tsv.ts";
import type { CuratedOutput } from "../curation.ts";

const TAB = 9, LF = 10, CR = 13, SPACE = 32;

/** Rows of a source, each with its image. */
export interface ChosenRow {
  readonly captions: TextColumn;
  /** Row of `captions`. */
  readonly row: number;
  readonly id: number;
  readonly label: number;
  /** Folder of the images: `../datasets/laionet`. */
  readonly folder: string;
}

/**
 * The table of `rows` rows in this order: filepath {folder}/{wnid}/{id}.jpg, label, and the caption with each tab and line
 * end as one space. A missing caption stays missing.
 */
export function trainingTable(
  rows: number,
  at: (i: number) => ChosenRow,
  { wnids }: ClassMetadata,
): { frame: Frame; missing: number } {
  const paths = textBuilder(rows, rows * 40), captions = textBuilder(rows, rows * 64, "the captions");
  const labels = new Int32Array(rows), heads = new Map<string, string[]>();
  let missing = 0;
  for (let i = 0; i < rows; i++) {
    const { captions: from, row, id, label, folder } = at(i);
    let known = heads.get(folder);
    if (!known) heads.set(folder, known = wnids.map((wnid) => `${folder}/${wnid}/`));
    paths.add(`${known[label]}${id}.jpg`);
    labels[i] = label;
    captions.addRow(from, row);
    if (from.lengths[row] === NO_TEXT) missing++;
  }
  const caption = captions.finish(), { bytes } = caption;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] === TAB || bytes[i] === LF || bytes[i] === CR) bytes[i] = SPACE;
  }
  const frame = makeFrame({ filepath: paths.finish(), label: { kind: "int32", values: labels }, caption });
  return { frame, missing };
}

/** Rows per label. */
export function countLabels(labels: ArrayLike<number>, classes: number): Int32Array {
  const counts = new Int32Array(classes);
  for (let i = 0; i < labels.length; i++) counts[labels[i]]++;
  return counts;
}

/** The table as TSV. */
export const tableOutput = (path: string, frame: Frame): CuratedOutput => ({
  path,
  write: (file) => writeTsv(file, frame),
});

/** Rows per class in the order of the classes, as a frequency table. */
export const countsOutput = (
  path: string,
  names: readonly string[],
  counts: ArrayLike<number>,
): CuratedOutput => ({
  path,
  write: (file) =>
    writeFully(
      file,
      new TextEncoder().encode(
        frequencyTableText(names.map((name, label) => ({ name, count: counts[label] }))),
      ),
    ),
});

/** A note on rows without a caption, where there are any. */
export const missingNote = (missing: number): string[] =>
  missing === 0 ? [] : [`${missing} rows have no caption; their field is empty`];
