/**
 * Chosen rows of parquet files as one parquet file with the same columns, and more behind them where asked for. Values
 * pass through as they are stored, under the schema of the source, so that no type is lost; memory holds one row group
 * of the copy, of bounded size.
 */
import { loadParquetColumns, type SchemaElement } from "../deps.ts";
import { writeFully } from "../runs/atomic.ts";
import { type ParquetLeaf, parquetLeaves, type PhysicalValue } from "./parquet_physical.ts";
import type { LeafValues, ParquetRows } from "./parquet_rows.ts";

/** Rows of a row group of the copy, and about the bytes that its values may take in memory. */
const GROUP_ROWS = 100_000, GROUP_BYTES = 2 ** 26;
/** Rows that are taken at once: of images there may be a megabyte each. */
const STEP = 64;
/** Memory of a value beside its bytes, roughly. */
const VALUE_BYTES = 32, BYTES_BYTES = 120;

/** What a source of rows has: a parquet file, or a table in memory that looks like one. */
export type RowSource = Pick<ParquetRows, "schema" | "notes" | "leaves" | "groups" | "read">;

/** A column that a copy has behind those of its source. A null is a missing value. */
export interface AddedColumn {
  readonly name: string;
  readonly kind: "int64" | "float32" | "text";
}

/** The values of added columns for a row, in their order: whole numbers, numbers, strings. */
export type AddedValues = (row: number) => readonly (number | string | null)[];

/** A copy that is being written. */
export interface ParquetCopy {
  /** Appends rows of a row group of the source, given in ascending order; groups too come in ascending order. */
  add(group: number, rows: Iterable<number>, added?: AddedValues): Promise<void>;
  /** Goes on with another source. Throws SyntaxError when the columns that are copied are not the same. */
  from(source: RowSource, name: string): void;
  /** Writes what is left, and the end of the file. */
  end(): Promise<void>;
}

/** How rows are copied. */
export interface ParquetCopyOptions {
  readonly added?: readonly AddedColumn[];
  /** Columns of the source, by their names from the top, that the copy does not have. */
  readonly without?: readonly string[];
}

const isLeftOut = ({ path }: ParquetLeaf, without: readonly string[]) => without.includes(path[1].name);

type Group = Parameters<
  Awaited<ReturnType<typeof loadParquetColumns>>["writeMetadata"]
>[1]["row_groups"][number];

const addedTypes = {
  int64: { type: "INT64" },
  float32: { type: "FLOAT" },
  text: { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } },
} as const satisfies Record<AddedColumn["kind"], Partial<SchemaElement>>;

const float = new DataView(new ArrayBuffer(4)), encoder = new TextEncoder();

const stored: Record<AddedColumn["kind"], (value: number | string) => PhysicalValue> = {
  int64: (value) => BigInt(value),
  float32(value) {
    float.setFloat32(0, Number(value));
    return float.getInt32(0);
  },
  text: (value) => encoder.encode(String(value)),
};

/** What must be the same in all sources. */
const shapeOf = ({ leaves }: RowSource, without: readonly string[]) =>
  JSON.stringify(
    leaves.filter((leaf) => !isLeftOut(leaf, without)).map(
      ({ name, path, length, mostDefined, mostRepeated }) => {
        return [name, path.at(-1)!.type, length, mostDefined, mostRepeated];
      },
    ),
  );

/** A schema of the kept columns and the added ones; that of the source itself where it has no others. */
function schemaOf({ schema }: RowSource, added: readonly AddedColumn[], without: readonly string[]) {
  if (added.length === 0 && without.length === 0) return [...schema];
  const [root, ...rest] = schema, kept: SchemaElement[] = [];
  let columns = 0;
  for (let at = 0; at < rest.length;) {
    let end = at + 1, open = rest[at].num_children ?? 0;
    while (open > 0) open += (rest[end++].num_children ?? 0) - 1;
    if (!without.includes(rest[at].name)) {
      kept.push(...rest.slice(at, end));
      columns++;
    }
    at = end;
  }
  const elements = added.map(({ name, kind }): SchemaElement => {
    return { name, repetition_type: "OPTIONAL", ...addedTypes[kind] };
  });
  return [{ ...root, num_children: columns + added.length }, ...kept, ...elements];
}

/**
 * Begins a copy of `source` in `file`, compressed with snappy. What its writer noted about the file goes along unless the
 * columns change. Throws RangeError for an added column that is there already, and the signal's reason when it aborts.
 */
export async function parquetCopy(
  source: RowSource,
  file: Deno.FsFile,
  signal: AbortSignal,
  { added = [], without = [] }: ParquetCopyOptions = {},
): Promise<ParquetCopy> {
  const { writeColumn, writeMetadata, ByteWriter, snappyCompress } = await loadParquetColumns();
  const schema = schemaOf(source, added, without), leaves = parquetLeaves(schema);
  const twice = leaves.find(({ name }, i) => leaves.findIndex((leaf) => leaf.name === name) !== i);
  if (twice) throw new RangeError(`There is a column ${twice.name} already: it cannot be added`);
  const buffer = new ByteWriter(), groups: Group[] = [], first = shapeOf(source, without);
  const emptyLists = (): LeafValues[] => leaves.map(() => ({ values: [], defined: [], repeated: [] }));
  let lists = emptyLists(), rows = 0, bytes = 0, allRows = 0;
  buffer.appendBytes(encoder.encode("PAR1"));

  /** For each leaf of the source, where its values go; what the copy is without goes nowhere. */
  const targetsOf = ({ leaves: from }: RowSource): () => LeafValues[] => {
    let next = 0;
    const places = from.map((leaf) => isLeftOut(leaf, without) ? -1 : next++);
    return () => places.map((place) => place < 0 ? { values: [], defined: [], repeated: [] } : lists[place]);
  };
  let targets = targetsOf(source);

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

  function addValues(step: readonly number[], valuesOf: AddedValues) {
    for (const row of step) {
      for (const [i, value] of valuesOf(row).entries()) {
        const list = lists[leaves.length - added.length + i];
        list.values.push(value === null ? null : stored[added[i].kind](value));
        list.defined.push(value === null ? 0 : 1);
      }
    }
  }

  async function append(
    take: ReturnType<RowSource["read"]>,
    step: readonly number[],
    valuesOf?: AddedValues,
  ) {
    signal.throwIfAborted();
    const before = lists.map(({ values }) => values.length);
    await take(step, targets());
    if (valuesOf && added.length > 0) addValues(step, valuesOf);
    rows += step.length;
    for (const [leaf, { values }] of lists.entries()) bytes += memoryOf(values, before[leaf]);
    if (rows >= GROUP_ROWS || bytes >= GROUP_BYTES) await writeGroup();
  }

  return {
    async add(group, chosen, valuesOf) {
      const take = source.read(group);
      let step: number[] = [];
      for (const row of chosen) {
        step.push(row);
        if (step.length < STEP && rows + step.length < GROUP_ROWS) continue;
        await append(take, step, valuesOf);
        step = [];
      }
      await append(take, step, valuesOf);
    },
    from(other, name) {
      if (shapeOf(other, without) !== first) {
        const columns = ({ leaves }: RowSource) => leaves.map(({ name }) => name).join(", ");
        throw new SyntaxError(
          `${name} has other columns (${columns(other)}) than the files before (${columns(source)})`,
        );
      }
      source = other;
      targets = targetsOf(other);
    },
    async end() {
      await writeGroup();
      const changed = added.length + without.length > 0, { notes } = source;
      writeMetadata(buffer, {
        version: 2,
        created_by: "beyond-tail",
        schema,
        num_rows: BigInt(allRows),
        row_groups: groups,
        key_value_metadata: notes.length > 0 && !changed ? [...notes] : undefined,
        metadata_length: 0,
      });
      buffer.appendBytes(encoder.encode("PAR1"));
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
