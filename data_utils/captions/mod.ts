/** Captions in any of the formats people keep them in, read as bytes and in units that several workers share. */
export {
  addTally,
  type CaptionFile,
  type CaptionFormat,
  type CaptionOptions,
  type CaptionSink,
  type CaptionTally,
  type CaptionUnit,
  emptyTally,
  type Quoting,
  type ReadOptions,
  type ReadUnit,
  type UnitReading,
} from "./caption_file.ts";
export {
  type CaptionArena,
  captionArena,
  EXTRA_AT,
  FREE_AT,
  MOST_SPANS,
  NULL_LENGTH,
  SPANS_AT,
  TEXT_AT,
  TEXT_BYTES,
} from "./arena.ts";
export {
  type Fingerprint,
  fingerprintFile,
  listCaptionFiles,
  type ListOptions,
  spoolStdin,
} from "./inventory.ts";
export { openCaptionFile, readCaptions } from "./open.ts";
export {
  type AddedColumn,
  type AddedValues,
  type ParquetCopy,
  parquetCopy,
  type ParquetCopyOptions,
  type RowSource,
} from "./parquet_copy.ts";
export { type ParquetLeaf, type PhysicalType, type PhysicalValue } from "./parquet_physical.ts";
export { type LeafValues, type ParquetRows, parquetRows } from "./parquet_rows.ts";
export { recogniseCaptions } from "./recognise.ts";
export { captionStrings, packCaptions } from "./strings.ts";
export { wasmOver } from "./wasm.ts";
