/** Tables of images with a class label each, as `incaps-variants` writes them. */
import type { Quoting } from "../../captions/caption_file.ts";
import { textAt } from "../../tables/column.ts";
import type { Frame } from "../../tables/frame.ts";
import { readFrame } from "../../tables/read_frame.ts";

/** A table and the labels of its rows. */
export interface LabelledTable {
  readonly frame: Frame;
  readonly labels: Int32Array;
}

/** Flags of the programs that read such a table: which one, and how. */
export const tableFlags = {
  "df-path": {
    kind: "text",
    default: "../datasets/imagenet-captions/incaps_title_tags_description_cname_448896.tsv",
    value: "FILE",
    help: "the table: filepath, label, caption",
  },
  quoting: {
    kind: "text",
    default: "minimal",
    choices: ["minimal", "none"],
    help: "how quotes in the table are read; none is the reference's, which quotes them twice",
  },
  metadata: { kind: "text", default: "metadata", value: "FOLDER", help: "class names" },
} as const;

/** Columns of each variant, in their order. */
export const COLUMNS = ["filepath", "label", "caption"] as const;

/**
 * Reads a table with the columns filepath, label and caption; more are kept. All text stays text: NA, null and None too.
 * Throws SyntaxError naming file and row for a label that is none of `classes`, as `readFrame` does, and RangeError for
 * a table whose labels were renumbered.
 */
export async function readLabelledTable(
  path: string,
  classes: number,
  quoting: Quoting,
): Promise<LabelledTable> {
  const frame = await readFrame(path, { quoting });
  for (const name of COLUMNS) frame.column(name);
  if (frame.names.includes("label_ori")) {
    throw new RangeError(
      `${path} is a subset of classes with labels of its own: give the table of all classes`,
    );
  }
  return { frame, labels: labelsOf(frame, classes) };
}

function labelsOf(frame: Frame, classes: number): Int32Array {
  const column = frame.column("label"), numbers = column.kind === "text" ? null : frame.numbers("label");
  return Int32Array.from({ length: frame.rows }, (_, row) => {
    const text = column.kind === "text" ? textAt(column, row) ?? "" : String(numbers![row]);
    const label = /^\d+$/.test(text) ? Number(text) : NaN;
    if (label < classes) return label;
    throw new SyntaxError(
      `${frame.source}, row ${row + 1}: label ${JSON.stringify(text)} is none of the ${classes} classes`,
    );
  });
}

/** Rows per class. */
export function countLabels(labels: Int32Array, classes: number): Int32Array {
  const counts = new Int32Array(classes);
  for (const label of labels) counts[label]++;
  return counts;
}
