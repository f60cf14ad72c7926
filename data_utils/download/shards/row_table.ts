/**
 * A shard's parquet file, written and read back. Not by tables/write_parquet.ts, for a Frame has no whole numbers with
 * missing ones: here a width is int32 in every shard, whether or not all its rows are images.
 */
import { parquetRows } from "../../captions/parquet_rows.ts";
import type { PhysicalValue } from "../../captions/parquet_physical.ts";
import { loadParquetWriter, type SchemaElement } from "../../deps.ts";
import type { RowColumn } from "./row_columns.ts";

/** Rows that are written at a time: other work goes on in between. */
const GROUP_ROWS = 1_000;

const elements: Record<RowColumn["kind"], Partial<SchemaElement>> = {
  text: { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } },
  int32: { type: "INT32" },
  int64: { type: "INT64" },
  float64: { type: "DOUBLE" },
  boolean: { type: "BOOLEAN" },
};

/** Writes columns of as many rows each. The bytes depend on nothing else. */
export async function writeRowTable(
  write: (bytes: Uint8Array) => Promise<void>,
  columns: readonly RowColumn[],
): Promise<void> {
  const { ByteWriter, ParquetWriter } = await loadParquetWriter(), rows = columns[0].values.length;
  const schema = [
    { name: "schema", num_children: columns.length, repetition_type: "REQUIRED" },
    ...columns.map(({ name, kind }) => ({ name, repetition_type: "OPTIONAL", ...elements[kind] })),
  ] as SchemaElement[];
  const bytes = new ByteWriter(),
    writer = new ParquetWriter({ writer: bytes, schema, createdBy: "beyond-tail" });
  // The writer's places go on counting while its buffer starts anew.
  const flush = async () => {
    await write(bytes.getBytes());
    bytes.index = 0;
  };
  for (let from = 0; from < rows; from += GROUP_ROWS) {
    const columnData = columns.map(({ name, values }) => ({
      name,
      data: values.slice(from, from + GROUP_ROWS),
    }));
    await writer.write({ columnData, rowGroupSize: GROUP_ROWS });
    await flush();
  }
  await writer.finish();
  await flush();
}

const kinds = {
  BYTE_ARRAY: "text",
  INT32: "int32",
  INT64: "int64",
  DOUBLE: "float64",
  BOOLEAN: "boolean",
} as const;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true }), bits = new DataView(new ArrayBuffer(8));

function valueOf(kind: RowColumn["kind"], stored: PhysicalValue | null): RowColumn["values"][number] {
  if (stored === null) return null;
  if (stored instanceof Uint8Array) return decoder.decode(stored);
  if (kind !== "float64") return stored;
  bits.setBigInt64(0, stored as bigint);
  return bits.getFloat64(0);
}

/** Reads all columns of such a file. Throws SyntaxError naming it when it is damaged or of another writer. */
export async function readRowTable(path: string): Promise<RowColumn[]> {
  using file = await parquetRows(path);
  const columns = file.leaves.map(({ name, path: elements }) => {
    const kind = kinds[elements.at(-1)!.type as keyof typeof kinds];
    if (!kind || elements.length !== 2) {
      throw new SyntaxError(`${path} is no table of a download: its column ${name} is of another kind`);
    }
    return { name: elements[1].name, kind, values: [] as RowColumn["values"][number][] };
  });
  for (const [group, rows] of file.groups.entries()) {
    const into = columns.map(() => ({ values: [], defined: [], repeated: [] }));
    await file.read(group)(Array.from({ length: rows }, (_, row) => row), into);
    for (const [i, { values }] of into.entries()) {
      for (const value of values) columns[i].values.push(valueOf(columns[i].kind, value));
    }
  }
  return columns;
}
