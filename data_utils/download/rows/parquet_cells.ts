/** Cells out of the values that parquet stores: what a column means decides what its numbers and bytes are. */
import type { LeafValues } from "../../captions/parquet_rows.ts";
import type { ParquetLeaf, PhysicalValue } from "../../captions/parquet_physical.ts";
import type { Cell, ColumnKinds } from "../row.ts";

/** A column whose values are cells. */
export interface CellColumn {
  readonly name: string;
  readonly kind: ColumnKinds[string];
  /** Number of its leaf. */
  readonly leaf: number;
  /** The cells of rows, by the values of their leaf. */
  cells(values: LeafValues): Cell[];
}

type Convert = (value: PhysicalValue) => Cell;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const view = new DataView(new ArrayBuffer(8));
const DAY = 86_400_000, JULIAN_DAY_OF_1970 = 2_440_588;

const textOf: Convert = (value) => decoder.decode(value as Uint8Array);
const finite = (value: number): Cell => Number.isFinite(value) ? value : null;
const wholeOf = (value: bigint): Cell => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
};

function float32Of(value: PhysicalValue): Cell {
  view.setInt32(0, value as number);
  return finite(view.getFloat32(0));
}

function float64Of(value: PhysicalValue): Cell {
  view.setBigInt64(0, value as bigint);
  return finite(view.getFloat64(0));
}

function float16Of(value: PhysicalValue): Cell {
  const [low, high] = value as Uint8Array, mantissa = ((high & 3) << 8) | low, exponent = (high >> 2) & 31;
  const sign = high & 128 ? -1 : 1;
  if (exponent === 31) return null;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25));
}

const uuidOf: Convert = (value) =>
  (value as Uint8Array).toHex().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");

/** A moment as ISO 8601 has it, with as many digits as the unit; without a Z where it is of no time zone. */
function timeOf(perMillisecond: bigint, digits: number, utc: boolean): Convert {
  return (value) => {
    const units = BigInt(value as bigint),
      rest = ((units % perMillisecond) + perMillisecond) % perMillisecond;
    const date = new Date(Number((units - rest) / perMillisecond));
    if (isNaN(date.getTime())) return String(units);
    const more = digits > 3 ? String(rest).padStart(digits - 3, "0") : "";
    return date.toISOString().slice(0, -1) + more + (utc ? "Z" : "");
  };
}

/** INT96, as Spark and Impala wrote times: nanoseconds of the day, and the Julian day. */
const oldTimeOf: Convert = (value) => {
  const bytes = value as Uint8Array, stored = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const days = BigInt(stored.getInt32(8, true) - JULIAN_DAY_OF_1970);
  return timeOf(1_000_000n, 9, false)(days * BigInt(DAY) * 1_000_000n + stored.getBigInt64(0, true));
};

const dateOf: Convert = (value) => {
  const date = new Date(DAY * (value as number));
  return isNaN(date.getTime()) ? String(value) : date.toISOString().replace(/T.*/, "");
};

/** How a leaf's values become cells; null for kinds that have none. */
function converter({ path, physical }: ParquetLeaf): Convert | null {
  const { type, logical_type: logical, converted_type: old } = path.at(-1)!;
  const kind = logical?.type ?? old;
  if (type === "INT96") return oldTimeOf;
  if (logical?.type === "TIMESTAMP" || old === "TIMESTAMP_MILLIS" || old === "TIMESTAMP_MICROS") {
    const utc = logical?.type === "TIMESTAMP" ? logical.isAdjustedToUTC : true;
    const unit = logical?.type === "TIMESTAMP" ? logical.unit : old!.slice("TIMESTAMP_".length);
    if (unit === "NANOS") return timeOf(1_000_000n, 9, utc);
    return unit === "MICROS" ? timeOf(1_000n, 6, utc) : timeOf(1n, 3, utc);
  }
  if (kind === "DECIMAL" || kind === "INTERVAL" || kind?.startsWith("TIME")) return null;
  switch (physical) {
    case "BOOLEAN":
      return (value) => value as boolean;
    case "INT32":
      if (type === "FLOAT") return float32Of;
      if (kind === "DATE") return dateOf;
      return isUnsigned(logical, old) ? (value) => (value as number) >>> 0 : (value) => value as number;
    case "INT64":
      if (type === "DOUBLE") return float64Of;
      return isUnsigned(logical, old)
        ? (value) => wholeOf(BigInt.asUintN(64, value as bigint))
        : (value) => wholeOf(value as bigint);
    case "BYTE_ARRAY":
      return kind === undefined || ["STRING", "UTF8", "ENUM", "JSON"].includes(kind) ? textOf : null;
    case "FIXED_LEN_BYTE_ARRAY":
      return kind === "UUID" ? uuidOf : kind === "FLOAT16" ? float16Of : null;
  }
}

type Element = ParquetLeaf["path"][number];
const isUnsigned = (logical: Element["logical_type"], old: Element["converted_type"]) =>
  logical?.type === "INTEGER" ? !logical.isSigned : old?.startsWith("UINT_") ?? false;

/** Of a leaf that has a value per row. */
function kindOf({ path, physical }: ParquetLeaf): ColumnKinds[string] {
  const { type, logical_type: logical, converted_type: old } = path.at(-1)!, kind = logical?.type ?? old;
  if (physical === "BOOLEAN") return "boolean";
  if (type === "FLOAT" || type === "DOUBLE" || kind === "FLOAT16") return "float64";
  const isWhole = kind === undefined || kind === "INTEGER" || /^U?INT_/.test(kind);
  return isWhole && (type === "INT32" || type === "INT64") ? "int64" : "text";
}

/** One value per row. */
function scalars({ values }: LeafValues, convert: Convert): Cell[] {
  return values.map((value) => value === null ? null : convert(value));
}

/** A list per row. `open` is the level of a value in a list that has one. */
function lists({ values, defined, repeated }: LeafValues, convert: Convert, open: number): Cell[] {
  const cells: Cell[][] = [], all: Cell[] = [];
  for (const [i, value] of values.entries()) {
    if (repeated[i] === 0) {
      const there = defined[i] >= open - 1;
      if (there) cells.push([]);
      all.push(there ? cells.at(-1)! : null);
    }
    if (defined[i] >= open) cells.at(-1)!.push(value === null ? null : convert(value));
  }
  return all;
}

/** The column of a leaf: a value per row or a list of them; null where it is neither, or its values are no cells. */
function columnOf(leaf: ParquetLeaf, number: number): CellColumn | null {
  const { path, mostRepeated } = leaf, convert = converter(leaf), name = path[1].name;
  if (!convert) return null;
  if (mostRepeated === 0 && path.length === 2) {
    return { name, kind: kindOf(leaf), leaf: number, cells: (values) => scalars(values, convert) };
  }
  const isList = path.length === 2 ||
    ["LIST"].includes(path[1].logical_type?.type ?? path[1].converted_type ?? "");
  if (mostRepeated !== 1 || !isList || path.length > 4) return null;
  const until = path.findIndex(({ repetition_type }, i) => i > 0 && repetition_type === "REPEATED");
  const open =
    path.slice(1, until + 1).filter(({ repetition_type }) => repetition_type !== "REQUIRED").length;
  return { name, kind: "text", leaf: number, cells: (values) => lists(values, convert, open) };
}

/** The columns of a schema that have cells, and the names of those that have not. */
export function cellColumns(leaves: readonly ParquetLeaf[]): { columns: CellColumn[]; leftOut: string[] } {
  const columns: CellColumn[] = [], leftOut = new Set<string>();
  for (const [i, leaf] of leaves.entries()) {
    const name = leaf.path[1].name,
      alone = leaves.every((other, j) => j === i || other.path[1].name !== name);
    const column = alone ? columnOf(leaf, i) : null;
    if (column) columns.push(column);
    else leftOut.add(name);
  }
  return { columns, leftOut: [...leftOut] };
}
