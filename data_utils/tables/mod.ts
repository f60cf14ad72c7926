/** Tables in memory as pandas has them: read from any format, chosen from by row, written as pandas writes. */
export {
  type BooleanColumn,
  bytesAt,
  type Column,
  NO_TEXT,
  type NumberColumn,
  rowsOf,
  takeRows,
  textAt,
  type TextBuilder,
  textBuilder,
  type TextColumn,
  textColumn,
  wholeColumn,
} from "./column.ts";
export { type Frame, makeFrame, textCodes } from "./frame.ts";
export { type FrameOptions, readFrame } from "./read_frame.ts";
export { numpyFloat32, pythonFloat } from "./float_text.ts";
export { writeParquetFrame } from "./write_parquet.ts";
export { writeTsv } from "./write_tsv.ts";
export type { ColumnWish } from "./wishes.ts";
