/** Which columns of a table hold the URL and the caption: as the user says, by the names a source has, or by number. */
import type { RowFile } from "../rows/row_file.ts";
import type { SourceChoice } from "./source.ts";
import { readUrl } from "./url_text.ts";
import { type Cells, cellText, type RowParts, without } from "./wanted_rows.ts";

/** The parts of a table that readers look at. */
export type TableHead = Pick<RowFile, "path" | "columns" | "named">;

/** Names of a source's columns, the best first. */
export interface ColumnNames {
  readonly url: readonly string[];
  readonly caption: readonly string[];
}

/** What people call these columns when they publish a table anew. */
const COMMON: ColumnNames = { url: ["url", "image_url", "img_url"], caption: ["caption", "text"] };

/** A source's own names, and behind them the common ones. */
export const withCommonNames = (own: Partial<ColumnNames> = {}): ColumnNames => ({
  url: [...own.url ?? [], ...COMMON.url],
  caption: [...own.caption ?? [], ...COMMON.caption],
});

/** Whether columns have numbers instead of names. */
export const isNumbered = ({ columns, named }: TableHead): boolean =>
  !named && columns.length > 0 && columns.every((name, i) => name === String(i));

/** The column of a name, written so or else in other capitals; undefined when there is none. */
function columnNamed(columns: readonly string[], name: string): string | undefined {
  const lower = name.toLowerCase();
  return columns.find((column) => column === name) ??
    columns.find((column) => column.toLowerCase() === lower);
}

/** The first of some names that is a column. */
export const firstColumn = (columns: readonly string[], names: readonly string[]): string | undefined =>
  names.map((name) => columnNamed(columns, name)).find((column) => column !== undefined);

function listed(columns: readonly string[]): string {
  const most = 40, more = columns.length - most;
  return columns.slice(0, most).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** The error for a column that is not there, with the flag that names another. */
export function missingColumn({ path, columns }: TableHead, what: string, remedy: string): SyntaxError {
  return new SyntaxError(`${path} has no column ${what}, but ${listed(columns)}: ${remedy}`);
}

/** The column that a flag asks for, by name or number from 0. Throws SyntaxError when there is none. */
export function askedColumn(file: TableHead, asked: string, flag: string): string {
  const { columns } = file,
    column = columnNamed(columns, asked) ?? (/^\d+$/.test(asked) ? columns[Number(asked)] : undefined);
  if (column === undefined) throw missingColumn(file, asked, `name one of these by ${flag}`);
  return column;
}

/** Columns found. */
export interface FoundColumns {
  readonly url: string;
  readonly caption: string | null;
}

/** What {@link findColumns} takes besides names. */
export interface FindOptions {
  /** A table without a caption will do. */
  readonly captionless?: boolean;
  /** In a table without names the URL is in its first column and the caption in its second. */
  readonly numbers?: boolean;
}

/**
 * Finds the columns of the URL and the caption. Throws SyntaxError, naming the columns there are, when one is missing,
 * and RangeError when both flags name the same.
 */
export function findColumns(
  file: TableHead,
  choice: SourceChoice,
  names: ColumnNames,
  { captionless = false, numbers = false }: FindOptions = {},
): FoundColumns {
  const { columns } = file;
  // A table without rows may have no columns: nobody will ask for them.
  if (columns.length === 0) return { url: names.url[0], caption: names.caption[0] };
  const known = numbers && isNumbered(file) ? { url: ["0"], caption: ["1"] } : names;
  const find = (asked: string | undefined, known: readonly string[], flag: string) =>
    asked === undefined ? firstColumn(columns, known) : askedColumn(file, asked, flag);
  const url = find(choice.urlColumn, known.url, "--url-col");
  const caption = find(choice.captionColumn, known.caption, "--caption-col");
  if (url === undefined) throw missingColumn(file, known.url[0], "name that of the URL by --url-col");
  if (caption === undefined && !captionless) {
    const remedy = "name that of the caption by --caption-col, or take --source generic";
    throw missingColumn(file, known.caption[0], remedy);
  }
  if (caption === url) {
    throw new RangeError(`${file.path}: --caption-col names the column of the URL, ${url}`);
  }
  return { url, caption: caption ?? null };
}

/** Takes rows apart by their columns; all others are extra. */
export function splitBy({ url, caption }: FoundColumns): (cells: Cells) => RowParts {
  return (cells) => ({
    url: cells[url],
    caption: caption === null ? undefined : cells[caption],
    extra: without(cells, url, caption),
  });
}

/** The parts of a row whose columns have numbers, under the names that the fields of such a table have. */
export const namedCells = (cells: Cells, fields: readonly string[]): Cells =>
  Object.fromEntries(fields.map((name, i) => [name, cells[i] ?? null]));

/**
 * Takes apart rows of two columns without names, URL and caption. Conceptual Captions 3M has them the other way round,
 * which a row shows: its second cell is an address and its first is none.
 */
export function splitEitherWay(cells: Cells): RowParts {
  const isUrl = (column: string) => "url" in readUrl(cellText(cells[column])?.trim() ?? "");
  const [url, caption] = !isUrl("0") && isUrl("1") ? ["1", "0"] : ["0", "1"];
  return splitBy({ url, caption })(cells);
}
