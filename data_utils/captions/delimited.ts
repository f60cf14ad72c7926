/**
 * TSV and CSV files of captions, read as pandas.read_csv reads them (C engine, QUOTE_MINIMAL unless asked otherwise):
 *
 *  - A field that begins with a quote is quoted: it may hold separators and line ends, and "" in it is one quote. Text
 *    behind its closing quote belongs to it as it is. A quote within another field is a plain character.
 *  - Records end at \n, \r\n or a bare \r. Lines that are empty or only blank are no records.
 *  - A record with too few fields has none in the others. One with too many, for which pandas gives up, is malformed.
 *  - A caption is null if it is empty or one of pandas' other names for NaN (NA, null, ...), quoted or not.
 */
import type { CaptionFile, CaptionOptions, ReadUnit } from "./caption_file.ts";
import { blockBytes, byteUnits } from "./blocks.ts";
import { chooseColumn } from "./column.ts";
import { type FileHead, readHead } from "./file_head.ts";
import { readRecords, type RecordFormat } from "./records.ts";
import { type HeadRecord, headRecords, quotesLikeCsv } from "./table_head.ts";

const separators = { tsv: 9, csv: 44 };

/** The caption's column and whether the first row names it. */
function findColumn(path: string, names: readonly string[], options: CaptionOptions) {
  const { column, header } = options;
  if (header === false || (header === undefined && isNumber(column) && !names.includes(column))) {
    const asked = column ?? (names.length === 1 ? "0" : "");
    if (!isNumber(asked) || Number(asked) >= names.length) {
      const last = names.length - 1;
      throw new SyntaxError(
        `${path} has columns 0 to ${last} and no names for them: say which with --caption-col NUMBER`,
      );
    }
    return { number: Number(asked), named: false };
  }
  return { number: chooseColumn(path, names, column), named: true };
}

const isNumber = (text: string | undefined): text is string => text !== undefined && /^\d+$/.test(text);

/**
 * Looks at a TSV or CSV file. The caption's column is the one asked for by name, or by number from 0 (then the first
 * row is data unless `header` says that it is not), else the first of TEXT, caption and text that the header has. With
 * `quoting` "auto", quotes are as in CSV iff the first MiB has them so (see quotesLikeCsv), else plain characters.
 * Throws SyntaxError naming the file when there is no such column, the first row of data has more fields than there are
 * names, or the file is no text.
 */
export async function planDelimited(
  path: string,
  format: "tsv" | "csv",
  gzipped: boolean,
  bytes: number,
  options: CaptionOptions = {},
  block: number = blockBytes,
): Promise<CaptionFile> {
  const separator = separators[format], { quoting = "minimal" } = options;
  const isQuoting = (head: FileHead) =>
    quoting === "auto" ? quotesLikeCsv(head.bytes, head.mark, separator, head.whole) : quoting === "minimal";
  const firstTwo = (head: FileHead): HeadRecord[] => {
    const records = headRecords(head.bytes, head.mark, separator, isQuoting(head), head.whole);
    return records.take(2).toArray();
  };
  const head = await readHead(path, (head) => firstTwo(head).length === 2), [first, second] = firstTwo(head);
  const layout = { firstRecord: head.mark, separator, quotes: isQuoting(head), number: 0, fields: 0 };
  if (!first) {
    const open = [...head.bytes.subarray(head.mark)].some((byte) => byte > 32);
    if (open) {
      throw new SyntaxError(
        `${path}: the first row does not end${
          head.whole ? "" : " within 8 MiB"
        }. If quotes are plain characters ` +
          `in this file, read it with --quoting none`,
      );
    }
    return { path, format, gzipped, bytes, column: options.column ?? null, units: [], layout };
  }
  const { number, named } = findColumn(path, first.fields, options), fields = first.fields.length;
  if (named && second && second.fields.length > fields) {
    const line = head.bytes.subarray(0, second.start).filter((byte) => byte === 10).length + 1;
    throw new SyntaxError(
      `${path}: the row in line ${line} has ${second.fields.length} fields, but the header names ${fields}`,
    );
  }
  return {
    ...{ path, format, gzipped, bytes },
    column: named ? first.fields[number] : String(number),
    units: byteUnits(bytes, gzipped, block),
    layout: { ...layout, number, fields, firstRecord: named ? first.end : head.mark },
  };
}

/** How the records of a TSV or CSV file are read. */
export function tableRecords({ layout }: CaptionFile): RecordFormat {
  const { firstRecord, separator, number, fields, quotes } = layout;
  return {
    returns: true,
    firstRecord: Number(firstRecord),
    prepare: (scanner) => scanner.setTable(Number(separator), Number(number), Number(fields), quotes ? 1 : 0),
    scan: (scanner, from, end, stop, last) => scanner.scanTable(from, end, stop, last),
    pass: (scanner, from, end, begins) => scanner.passRecord(from, end, begins),
  };
}

/** Reads a unit of a TSV or CSV file. Throws as readRecords. */
export const readDelimited: ReadUnit = (file, unit, arena, sink, options = {}) =>
  readRecords(file, unit, arena, sink, options, tableRecords(file));
