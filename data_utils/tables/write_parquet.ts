/** Tables as parquet that pandas reads: nullable columns, text marked as UTF-8, snappy, row groups of 100,000 rows. */
import { loadParquetWriter, type SchemaElement } from "../deps.ts";
import { writeFully } from "../runs/atomic.ts";
import { type Column, textAt } from "./column.ts";
import type { Frame } from "./frame.ts";

const ROWS_OF_GROUP = 100_000;

/** How pandas stores each kind. */
const elements: Record<Column["kind"], Partial<SchemaElement>> = {
  text: { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } },
  float32: { type: "FLOAT" },
  float64: { type: "DOUBLE" },
  int32: { type: "INT32" },
  int64: { type: "INT64" },
  boolean: { type: "BOOLEAN" },
};

/** Rows [from, to) of a column as the writer wants them: null where missing. */
function valuesOf(column: Column, from: number, to: number): unknown[] {
  const at = (row: number): unknown => {
    if (column.kind === "text") return textAt(column, row);
    const value = column.values[row];
    if (column.kind === "boolean") return value === 2 ? null : value === 1;
    if (value !== value) return null;
    return column.kind === "int64" ? BigInt(value) : value;
  };
  return Array.from({ length: to - from }, (_, i) => at(from + i));
}

/** Writes a table; a row group at a time becomes values. The bytes depend on nothing but the table. */
export async function writeParquetFrame(file: Deno.FsFile, frame: Frame): Promise<void> {
  const { ByteWriter, ParquetWriter } = await loadParquetWriter();
  const schema: SchemaElement[] = [
    { name: "schema", num_children: frame.names.length, repetition_type: "REQUIRED" },
    ...frame.names.map((name) =>
      ({ name, repetition_type: "OPTIONAL", ...elements[frame.column(name).kind] }) as SchemaElement
    ),
  ];
  const bytes = new ByteWriter(),
    writer = new ParquetWriter({ writer: bytes, schema, createdBy: "beyond-tail" });
  // The writer's places go on counting while its buffer starts anew.
  const flush = async () => {
    await writeFully(file, bytes.getBytes());
    bytes.index = 0;
  };
  for (let from = 0; from < frame.rows || from === 0; from += ROWS_OF_GROUP) {
    const to = Math.min(frame.rows, from + ROWS_OF_GROUP);
    const columnData = frame.names.map((name) => ({ name, data: valuesOf(frame.column(name), from, to) }));
    if (to > from) await writer.write({ columnData, rowGroupSize: ROWS_OF_GROUP });
    await flush();
  }
  await writer.finish();
  await flush();
}
