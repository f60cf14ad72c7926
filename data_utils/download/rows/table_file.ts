/** TSV and CSV as tables: their first rows tell how quotes are used, whether columns have names, and how many there are. */
import { type FileHead, readHead } from "../../captions/file_head.ts";
import type { TableRow } from "../row.ts";
import type { RecordFile } from "./record_row_file.ts";
import type { Found } from "./records.ts";
import type { RowFileOptions } from "./row_file.ts";
import { distinctNames, fieldsOf, isHeader, usesQuotes, usualCount } from "./table_fields.ts";
import { tableRecords, type TableStyle } from "./table_records.ts";

const separators = { tsv: "\t", csv: "," };
const ROWS_LOOKED_AT = 100;
/** So many rows that all have as many fields are not malformed one by one. */
const ROWS_FOR_ERROR = 3;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A row at the beginning of a file: its text, null where a quote is odd, and the byte behind it. */
interface HeadRow {
  readonly text: string | null;
  readonly next: number;
}

/** The rows that are whole in the beginning of a file. */
function headRows({ bytes, mark, whole }: FileHead, style: TableStyle, most: number): HeadRow[] {
  const rows: HeadRow[] = [], find = tableRecords(style).over(bytes, whole);
  const found: Found = { from: 0, to: 0, next: 0, fault: null };
  for (let at = mark; rows.length < most && find(at, found) === "record"; at = found.next) {
    const text = found.fault === null ? decoder.decode(bytes.subarray(found.from, found.to)) : null;
    rows.push({ text, next: found.next });
  }
  return rows;
}

const plural = (count: number) => `${count} field${count === 1 ? "" : "s"}`;

/** Makes rows of records. An empty field is null; no other text is, whatever pandas would take for NaN. */
function rowMaker(columns: readonly string[], separator: string, quotes: boolean) {
  return (text: string, row: number): TableRow => {
    const fields = fieldsOf(text, separator, quotes);
    if (fields.length !== columns.length) {
      return { row, cells: {}, fault: `${plural(fields.length)} where ${columns.length} are expected` };
    }
    return {
      row,
      cells: Object.fromEntries(columns.map((name, i) => [name, fields[i] === "" ? null : fields[i]])),
    };
  };
}

/**
 * Looks at a TSV or CSV file. Throws SyntaxError naming it when it is no text, its first row has no end, or its header
 * names another number of columns than the first rows all have.
 */
export async function openTable(
  path: string,
  format: "tsv" | "csv",
  gzipped: boolean,
  { quoting = "auto", header }: RowFileOptions,
): Promise<RecordFile> {
  const separator = separators[format];
  const style = { separator: separator.charCodeAt(0), quotes: quoting !== "none", fields: 0 };
  const head = await readHead(path, (head) => headRows(head, style, 1).length > 0);
  if (quoting === "auto") {
    style.quotes = usesQuotes(headRows(head, style, Infinity).map(({ text }) => text), separator);
  }
  const rows = headRows(head, style, ROWS_LOOKED_AT + 1);
  if (rows.length === 0 && !head.whole) {
    throw new SyntaxError(
      `${path}: the first row does not end within 8 MiB: is it a ${format.toUpperCase()} file?`,
    );
  }
  const fields = rows.map(({ text }) => text === null ? null : fieldsOf(text, separator, style.quotes));
  const first = fields[0] ?? null, named = first !== null && (header ?? isHeader(first));
  const data = (named ? fields.slice(1) : fields).flatMap((each) => each === null ? [] : [each.length]);
  const usual = usualCount(data),
    columns = named ? distinctNames(first) : Array.from({ length: usual }, (_, i) => `${i}`);
  if (data.length >= ROWS_FOR_ERROR && data.every((count) => count === usual && count !== columns.length)) {
    throw new SyntaxError(
      `${path}: the header names ${columns.length} columns, but the rows have ${
        plural(usual)
      }: mend the header, ` +
        `or say --header no if it is none`,
    );
  }
  return {
    ...{ path, format, gzipped, columns, named },
    first: named ? rows[0].next : head.mark,
    rule: tableRecords({ ...style, fields: columns.length }),
    rowOf: rowMaker(columns, separator, style.quotes),
  };
}
