/** A table in memory as a source of rows for parquetCopy, so that parts in TSV or JSON become parquet like others. */
import type { SchemaElement } from "../../deps.ts";
import { parquetLeaves, type PhysicalValue } from "../../captions/parquet_physical.ts";
import { parquetRows } from "../../captions/parquet_rows.ts";
import type { RowSource } from "../../captions/parquet_copy.ts";
import { recogniseCaptions } from "../../captions/recognise.ts";
import { bytesAt, type Column, type Frame, NO_TEXT, readFrame } from "../../tables/mod.ts";

const elements: Record<Column["kind"], Partial<SchemaElement>> = {
  text: { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } },
  float32: { type: "FLOAT" },
  float64: { type: "DOUBLE" },
  int32: { type: "INT32" },
  int64: { type: "INT64" },
  boolean: { type: "BOOLEAN" },
};

const view = new DataView(new ArrayBuffer(8));

/** A value as parquet stores it; null where it is missing. */
function storedAt(column: Column, row: number): PhysicalValue | null {
  if (column.kind === "text") return column.lengths[row] === NO_TEXT ? null : bytesAt(column, row).slice();
  const value = column.values[row];
  if (column.kind === "boolean") return value === 2 ? null : value === 1;
  if (column.kind === "int32") return value;
  if (column.kind === "int64") return BigInt(value);
  if (Number.isNaN(value)) return null;
  if (column.kind === "float32") view.setFloat32(0, Number(value));
  else view.setFloat64(0, Number(value));
  return column.kind === "float32" ? view.getInt32(0) : view.getBigInt64(0);
}

/** The rows of a table in one row group. */
export function frameRows(frame: Frame): RowSource {
  const schema: SchemaElement[] = [
    { name: "schema", num_children: frame.names.length, repetition_type: "REQUIRED" },
    ...frame.names.map((name): SchemaElement => {
      return { name, repetition_type: "OPTIONAL", ...elements[frame.column(name).kind] };
    }),
  ];
  const columns = frame.names.map((name) => frame.column(name));
  return {
    ...{ schema, notes: [], leaves: parquetLeaves(schema), groups: [frame.rows] },
    read: () => (rows, into) => {
      for (const [i, column] of columns.entries()) {
        for (const row of rows) {
          const value = storedAt(column, row);
          into[i].values.push(value);
          into[i].defined.push(value === null ? 0 : 1);
        }
      }
      return Promise.resolve();
    },
  };
}

/** Opens the rows of a table in any format; of parquet only those that are asked for come into memory. */
export async function openRows(path: string): Promise<RowSource & Disposable> {
  const { format } = await recogniseCaptions(path);
  if (format === "parquet") return await parquetRows(path);
  return { ...frameRows(await readFrame(path, { fields: "pandas" })), [Symbol.dispose]: () => {} };
}

/** Rows of a source by their number in the whole of it: for each row group its first row and those that are chosen. */
export function* byGroup(
  groups: readonly number[],
  chosen: ArrayLike<number>,
): Generator<{ group: number; first: number; rows: number[] }> {
  let first = 0, at = 0;
  for (const [group, count] of groups.entries()) {
    const rows: number[] = [];
    for (; at < chosen.length && chosen[at] < first + count; at++) rows.push(chosen[at] - first);
    if (rows.length > 0) yield { group, first, rows };
    first += count;
  }
}
