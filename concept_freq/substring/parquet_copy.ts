/**
 * Chosen rows of a parquet file as a parquet file with the same columns. Values pass through as they are stored, under
 * the schema of the source, so that no type is lost; memory holds one row group of the copy, of bounded size.
 */
import { type LeafValues, type ParquetRows, writeFully } from "../../data_utils/mod.ts";
import { loadParquetColumns } from "../deps.ts";

/** Rows of a row group of the copy, and about the bytes that its values may take in memory. */
const GROUP_ROWS = 100_000, GROUP_BYTES = 2 ** 26;
/** Rows that are taken at once: of images there may be a megabyte each. */
const STEP = 64;
/** Memory of a value beside its bytes, roughly. */
const VALUE_BYTES = 32, BYTES_BYTES = 120;

/** A copy that is being written. */
export interface ParquetCopy {
  /** Appends rows of a row group of the source, given in ascending order; groups too come in ascending order. */
  add(group: number, rows: Iterable<number>): Promise<void>;
  /** Writes what is left, and the end of the file. */
  end(): Promise<void>;
}

type Group = Parameters<
  Awaited<ReturnType<typeof loadParquetColumns>>["writeMetadata"]
>[1]["row_groups"][number];

/** Begins a copy of `source` in `file`, compressed with snappy. Throws the signal's reason when it aborts. */
export async function parquetCopy(
  source: ParquetRows,
  file: Deno.FsFile,
  signal: AbortSignal,
): Promise<ParquetCopy> {
  const { writeColumn, writeMetadata, ByteWriter, snappyCompress } = await loadParquetColumns();
  const { leaves } = source, buffer = new ByteWriter(), groups: Group[] = [];
  const emptyLists = (): LeafValues[] => leaves.map(() => ({ values: [], defined: [], repeated: [] }));
  let lists = emptyLists(), rows = 0, bytes = 0, allRows = 0;
  buffer.appendBytes(new TextEncoder().encode("PAR1"));

  async function flush() {
    await writeFully(file, buffer.getBytes());
    buffer.index = 0;
  }

  /** A column's part of the group: it is written as integers or bytes, whatever its values mean. */
  function columnOf(leaf: number): Group["columns"][number] {
    const { name, path, physical, length, mostDefined } = leaves[leaf], list = lists[leaf];
    const { chunk } = writeColumn({
      writer: buffer,
      column: {
        columnName: name,
        element: { name, type: physical, type_length: length || undefined },
        schemaPath: [...path],
        ...{ codec: "SNAPPY", compressors: { SNAPPY: snappyCompress }, pageSize: 2 ** 20 },
        ...{ stats: false, columnIndex: false, offsetIndex: false },
      },
      pageData: {
        values: list.values,
        definitionLevels: list.defined,
        repetitionLevels: list.repeated,
        maxDefinitionLevel: mostDefined,
      },
    });
    return { ...chunk, meta_data: { ...chunk.meta_data!, type: path.at(-1)!.type! } };
  }

  async function writeGroup() {
    if (rows === 0) return;
    const columns: Group["columns"] = [];
    for (let leaf = 0; leaf < leaves.length; leaf++) {
      columns.push(columnOf(leaf));
      lists[leaf] = { values: [], defined: [], repeated: [] };
      await flush();
    }
    const total_byte_size = columns.reduce(
      (sum, { meta_data }) => sum + meta_data!.total_uncompressed_size,
      0n,
    );
    groups.push({ columns, total_byte_size, num_rows: BigInt(rows) });
    allRows += rows;
    lists = emptyLists();
    rows = bytes = 0;
  }

  async function append(take: ReturnType<ParquetRows["read"]>, step: readonly number[]) {
    signal.throwIfAborted();
    const before = lists.map(({ values }) => values.length);
    await take(step, lists);
    rows += step.length;
    for (const [leaf, { values }] of lists.entries()) bytes += memoryOf(values, before[leaf]);
    if (rows >= GROUP_ROWS || bytes >= GROUP_BYTES) await writeGroup();
  }

  return {
    async add(group, chosen) {
      const take = source.read(group);
      let step: number[] = [];
      for (const row of chosen) {
        step.push(row);
        if (step.length < STEP && rows + step.length < GROUP_ROWS) continue;
        await append(take, step);
        step = [];
      }
      await append(take, step);
    },
    async end() {
      await writeGroup();
      writeMetadata(buffer, {
        version: 2,
        created_by: "beyond-tail",
        schema: [...source.schema],
        num_rows: BigInt(allRows),
        row_groups: groups,
        key_value_metadata: source.notes.length > 0 ? [...source.notes] : undefined,
        metadata_length: 0,
      });
      buffer.appendBytes(new TextEncoder().encode("PAR1"));
      await flush();
    },
  };
}

function memoryOf(values: LeafValues["values"], from: number): number {
  let bytes = (values.length - from) * VALUE_BYTES;
  for (let i = from; i < values.length; i++) {
    const value = values[i];
    if (value instanceof Uint8Array) bytes += BYTES_BYTES + value.length;
  }
  return bytes;
}
