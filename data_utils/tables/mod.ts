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
