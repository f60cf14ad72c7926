/**
 * The rows of a shard as columns: img2dataset's names with its kinds, then what else the input had. Columns of ours are
 * of one kind in all shards; so are those of an input that says what they are, else the kind shows in their values.
 */
import type { Cell, ColumnKinds } from "../row.ts";
import { errorMessage, orNull, type StoredRow } from "./stored_row.ts";

/** A column of a parquet file. A null is a missing value; int64 are bigints. */
export interface RowColumn {
  readonly name: string;
  readonly kind: "text" | "int32" | "int64" | "float64" | "boolean";
  readonly values: readonly (string | number | bigint | boolean | null)[];
}

/** Names that the input's columns cannot have. */
export const ownNames = [
  ...["url", "caption", "key", "status", "reason", "error_message", "http_status"],
  ...["width", "height", "original_width", "original_height", "exif", "sha256", "stored_sha256"],
] as const;

/**
 * What the input's columns are called beside ours, in the order in which they are first seen: a column with one of our
 * names has "input_" before it, as often as is needed.
 */
export function extraNames(rows: Iterable<Pick<StoredRow, "extra">>): Map<string, string> {
  const wanted = new Set<string>(), taken = new Set<string>(ownNames);
  for (const { extra } of rows) for (const name of Object.keys(extra)) wanted.add(name);
  const names = new Map<string, string>();
  for (const name of wanted) {
    let free = name;
    while (taken.has(free) || free !== name && wanted.has(free)) free = `input_${free}`;
    taken.add(free);
    names.set(name, free);
  }
  return names;
}

/** Whole numbers that a double does not hold are read as their digits. */
function isLongNumber(cell: Cell): cell is string {
  if (typeof cell !== "string" || !/^-?[1-9]\d{15,18}$/.test(cell)) return false;
  const number = BigInt(cell);
  return !Number.isSafeInteger(Number(cell)) && BigInt.asIntN(64, number) === number;
}

/** The kind that all values of an input's column have; text where they differ, and where there are none. */
function kindOf(cells: readonly Cell[]): RowColumn["kind"] {
  const present = cells.filter((cell) => cell !== null);
  const numbers = present.filter((cell) => typeof cell === "number");
  if (present.length === 0) return "text";
  if (present.every((cell) => typeof cell === "boolean")) return "boolean";
  if (numbers.length === present.length) return numbers.every(Number.isSafeInteger) ? "int64" : "float64";
  const whole = (cell: Cell) => typeof cell === "number" ? Number.isSafeInteger(cell) : isLongNumber(cell);
  return numbers.length > 0 && present.every(whole) ? "int64" : "text";
}

/** Whether all values of a column can be of the kind that its table gives it. */
function fits(kind: ColumnKinds[string], cells: readonly Cell[]): boolean {
  const type = { text: null, int64: "number", float64: "number", boolean: "boolean" }[kind];
  return type === null ||
    cells.every((cell) => cell === null || typeof cell === type || kind === "int64" && isLongNumber(cell));
}

function extraColumn(name: string, cells: readonly Cell[], given?: ColumnKinds[string]): RowColumn {
  const kind = given !== undefined && fits(given, cells) ? given : kindOf(cells);
  const values = cells.map((cell) => {
    if (cell === null) return null;
    if (kind === "int64") return BigInt(cell as number | string);
    if (kind === "text") return (typeof cell === "string" ? cell : JSON.stringify(cell)).toWellFormed();
    return cell as number | boolean;
  });
  return { name, kind, values };
}

/** A cell as it is stored: not-a-number is missing. */
const cellOf = ({ extra }: StoredRow, name: string): Cell => {
  const cell = Object.hasOwn(extra, name) ? extra[name] : null;
  return typeof cell === "number" && Number.isNaN(cell) ? null : cell;
};

/** The columns of a shard's parquet file, a row of it for each row of the input. `exif`: whether it was asked for. */
export function rowColumns(
  rows: readonly StoredRow[],
  names: ReadonlyMap<string, string>,
  exif: boolean,
  kinds: ColumnKinds = {},
): RowColumn[] {
  const column = (
    name: typeof ownNames[number],
    kind: "text" | "int32",
    of: (row: StoredRow) => string | number | null | undefined,
  ): RowColumn => ({ name, kind, values: rows.map((row) => of(row) ?? null) });
  const stored = ({ status, image }: StoredRow) => status === "success" ? image : null;
  return [
    column("url", "text", ({ url }) => orNull(url)),
    column("caption", "text", ({ caption }) => orNull(caption)),
    column("key", "text", ({ key }) => key),
    column("status", "text", ({ status }) => status),
    column("reason", "text", ({ reason }) => reason),
    column("error_message", "text", errorMessage),
    column("http_status", "int32", ({ httpStatus }) => httpStatus),
    column("width", "int32", (row) => stored(row)?.width),
    column("height", "int32", (row) => stored(row)?.height),
    column("original_width", "int32", (row) => stored(row)?.originalWidth),
    column("original_height", "int32", (row) => stored(row)?.originalHeight),
    ...exif ? [column("exif", "text", (row) => stored(row)?.exif)] : [],
    column("sha256", "text", ({ image }) => image?.sha256),
    column("stored_sha256", "text", (row) => stored(row)?.storedSha256),
    ...Array.from(
      names,
      ([name, free]) => extraColumn(free, rows.map((row) => cellOf(row, name)), kinds[name]),
    ),
  ];
}
