/** Text files of one caption per line. */
import type { CaptionFile, CaptionOptions, ReadUnit } from "./caption_file.ts";
import { blockBytes, byteUnits } from "./blocks.ts";
import { readHead } from "./file_head.ts";
import { readRecords, type RecordFormat } from "./records.ts";

/** What files of lines have in common as records: a line feed ends each, whatever it holds. */
export const lineRecords: Pick<RecordFormat, "returns" | "scan" | "pass"> = {
  returns: false,
  scan: (scanner, from, end, stop, last) => scanner.scanLines(from, end, stop, last),
  pass(scanner, from, end) {
    const feed = scanner.indexOfByte(from, end, 10);
    return feed < end ? feed + 1 : 0;
  },
};

/**
 * Looks at a file in which every line is a caption, without its line end (a line feed, or a carriage return and a line
 * feed); an empty line is an empty caption. Throws SyntaxError naming the file when it is UTF-16 or no text.
 */
export async function planText(
  path: string,
  gzipped: boolean,
  bytes: number,
  _options: CaptionOptions = {},
  block: number = blockBytes,
): Promise<CaptionFile> {
  const { mark } = await readHead(path, () => true);
  const units = byteUnits(bytes, gzipped, block);
  return { path, format: "text", gzipped, bytes, column: null, units, layout: { firstRecord: mark } };
}

/** How the lines of a text file are read. */
export const textRecords = (file: CaptionFile): RecordFormat => ({
  ...lineRecords,
  firstRecord: Number(file.layout.firstRecord),
  prepare: (scanner) => scanner.setLines(0, 0),
});

/** Reads a unit of a text file. Throws as readRecords. */
export const readText: ReadUnit = (file, unit, arena, sink, options = {}) =>
  readRecords(file, unit, arena, sink, options, textRecords(file));
