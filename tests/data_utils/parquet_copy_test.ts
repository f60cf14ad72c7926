// Rows of parquet files copied: whatever a column holds and however it is stored, the copy gives the same rows under the
// same schema, read by a package that has no part in the copying.
import { zstdCompressSync } from "node:zlib";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type FileMetaData, parquetMetadata, parquetReadObjects, type SchemaElement } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { parquetCopy, parquetRows, randomStream } from "../../data_utils/mod.ts";
import { loadCompressors } from "../../data_utils/deps.ts";
import { dataRoot, present } from "./golden_files.ts";
import { join, withFolder } from "./made_files.ts";
import { bitPacked, parquetOfPages } from "./made_parquet.ts";

type Row = Record<string, unknown>;

const rowsOf = async (bytes: Uint8Array): Promise<Row[]> =>
  await parquetReadObjects({ file: bytes.slice().buffer, compressors: await loadCompressors() });
const metadataOf = (bytes: Uint8Array) => parquetMetadata(bytes.slice().buffer);

/** Copies the rows that `wanted` is true for, and returns the copy and how the source was read as a whole. */
async function copied(
  folder: string,
  bytes: Uint8Array,
  wanted: (row: number) => boolean,
): Promise<{ copy: Uint8Array; metadata: FileMetaData }> {
  const path = `${folder}/source.parquet`, target = `${folder}/copy.parquet`;
  await Deno.writeFile(path, bytes);
  using source = await parquetRows(path);
  {
    using file = await Deno.create(target);
    const copy = await parquetCopy(source, file, new AbortController().signal);
    let first = 0;
    for (const [group, rows] of source.groups.entries()) {
      await copy.add(group, Array.from({ length: rows }, (_, i) => i).filter((i) => wanted(first + i)));
      first += rows;
    }
    await copy.end();
  }
  const copy = await Deno.readFile(target);
  return { copy, metadata: metadataOf(copy) };
}

/** Checks that a copy of some rows, of all and of none has these rows, and the schema and notes of its source. */
async function checkCopies(folder: string, bytes: Uint8Array, expected?: Row[]): Promise<void> {
  const rows = expected ?? await rowsOf(bytes), source = metadataOf(bytes), draw = randomStream(rows.length);
  const some = rows.map(() => draw.int(3) === 0), few = rows.map(() => draw.int(200) === 0);
  for (const wanted of [() => true, () => false, (row: number) => some[row], (row: number) => few[row]]) {
    const { copy, metadata } = await copied(folder, bytes, wanted);
    assertEquals(await rowsOf(copy), rows.filter((_, row) => wanted(row)));
    assertEquals(metadata.schema, source.schema);
    assertEquals(metadata.key_value_metadata, source.key_value_metadata);
  }
}

/** Columns of every type that the writer makes by itself, some values missing. */
function everyType(count: number, seed: number) {
  const draw = randomStream(seed), range = Array.from({ length: count }, (_, i) => i);
  const maybe = <T>(make: (i: number) => T) => range.map((i) => draw.int(5) === 0 ? null : make(i));
  const bytes = (length: number) => Uint8Array.from({ length }, () => draw.int(256));
  const flat = { repetition_type: "OPTIONAL" } as const;
  const overrides: Record<string, SchemaElement> = {
    decimal: { name: "decimal", type: "INT64", converted_type: "DECIMAL", precision: 12, scale: 3, ...flat },
    fixed: { name: "fixed", type: "FIXED_LEN_BYTE_ARRAY", type_length: 5, repetition_type: "REQUIRED" },
    date: { name: "date", type: "INT32", converted_type: "DATE", ...flat },
    micros: {
      ...{ name: "micros", type: "INT64", ...flat },
      logical_type: { type: "TIMESTAMP", isAdjustedToUTC: false, unit: "MICROS" },
      converted_type: "TIMESTAMP_MICROS",
    },
    unsigned: {
      ...{ name: "unsigned", type: "INT64", converted_type: "UINT_64", ...flat },
      logical_type: { type: "INTEGER", bitWidth: 64, isSigned: false },
    },
  };
  const typed = [
    {
      name: "text",
      type: "STRING" as const,
      data: maybe((i) => ["", "á bird", "🐦", `caption ${i}`][i % 4]),
    },
    { name: "url", type: "STRING" as const, data: range.map((i) => `https://a/${i}`), nullable: false },
    { name: "repeated", type: "STRING" as const, data: maybe((i) => `license ${i % 3}`) },
    { name: "flag", type: "BOOLEAN" as const, data: maybe((i) => i % 3 === 0) },
    { name: "always", type: "BOOLEAN" as const, data: range.map((i) => i % 7 === 0), nullable: false },
    { name: "width", type: "INT32" as const, data: maybe((i) => (i % 2 ? 1 : -1) * (2 ** 31 - 1 - i)) },
    { name: "hash", type: "INT64" as const, data: maybe((i) => -(2n ** 63n) + BigInt(i % 4)) },
    { name: "score", type: "FLOAT" as const, data: maybe((i) => [-0, 0, NaN, Infinity, 0.5][i % 5]) },
    { name: "exact", type: "DOUBLE" as const, data: maybe((i) => [-0, 0, NaN, -Infinity, 0.1][i % 5]) },
    { name: "raw", type: "BYTE_ARRAY" as const, data: maybe((i) => bytes(i % 9)) },
    { name: "json", type: "JSON" as const, data: maybe((i) => ({ i, tags: ["a", null] })) },
    { name: "time", type: "TIMESTAMP" as const, data: maybe((i) => new Date(1e12 + i)) },
    { name: "id", type: "UUID" as const, data: maybe(() => crypto.randomUUID()) },
    { name: "half", type: "FLOAT16" as const, data: maybe((i) => i / 4) },
    { name: "variant", type: "VARIANT" as const, data: maybe((i) => ({ i, name: `n${i}` })) },
  ];
  const overridden = [
    { name: "decimal", data: maybe((i) => BigInt(i * 17 - 900)) },
    { name: "fixed", data: range.map(() => bytes(5)) },
    { name: "date", data: maybe((i) => new Date(86_400_000 * i)) },
    { name: "micros", data: maybe((i) => new Date(1e12 + i)) },
    { name: "unsigned", data: maybe((i) => 2n ** 64n - 1n - BigInt(i)) },
  ];
  return { columnData: [...typed, ...overridden], overrides };
}

async function writeEvery(count: number, seed: number): Promise<Uint8Array> {
  const { schemaFromColumnData } = await import("hyparquet-writer");
  const { columnData, overrides } = everyType(count, seed);
  const schema = schemaFromColumnData({ columnData, schemaOverrides: overrides });
  const bare = columnData.map(({ name, data }) => ({ name, data }));
  return new Uint8Array(parquetWriteBuffer({
    ...{ columnData: bare, schema, rowGroupSize: [70, 300, 1000], pageSize: 2000 },
    kvMetadata: [{ key: "pandas", value: '{"columns": []}' }],
  }));
}

Deno.test("parquet copy: every type, over groups and pages", () =>
  withFolder(async (folder) => {
    for (const [seed, count] of [0, 1, 9, 1500].entries()) {
      await checkCopies(folder, await writeEvery(count, seed));
    }
  }));

Deno.test("parquet copy: a negative zero stays one, also beside zeros", () =>
  withFolder(async (folder) => {
    const data = Float64Array.from({ length: 100 }, (_, i) => i % 2 ? 0 : -0);
    const bytes = new Uint8Array(
      parquetWriteBuffer({ columnData: [{ name: "x", data, encoding: "PLAIN" }] }),
    );
    const { copy } = await copied(folder, bytes, () => true);
    using rows = await parquetRows(`${folder}/copy.parquet`);
    const into = { values: [], defined: [], repeated: [] };
    await rows.read(0)([0, 1, 99], [into]);
    assertEquals(into.values, [-(2n ** 63n), 0n, 0n]); // the bits
    assertEquals(metadataOf(copy).row_groups[0].columns[0].meta_data!.type, "DOUBLE");
  }));

Deno.test("parquet copy: every encoding of every type that has it", () =>
  withFolder(async (folder) => {
    const draw = randomStream(5), range = Array.from({ length: 700 }, (_, i) => i);
    const maybe = <T>(make: (i: number) => T) => range.map((i) => draw.int(4) === 0 ? null : make(i));
    const types = {
      INT32: maybe(() => draw.int(2 ** 31) - 2 ** 30),
      INT64: maybe(() => BigInt(draw.int(2 ** 31)) * 1_000_000_007n),
      FLOAT: maybe(() => Math.fround(draw.uniform())),
      DOUBLE: maybe(() => draw.uniform()),
      STRING: maybe((i) => `text ${i} ${"x".repeat(i % 30)}`),
    };
    const numbers = ["PLAIN", "RLE_DICTIONARY", "BYTE_STREAM_SPLIT"] as const;
    const encodings = {
      INT32: [...numbers, "DELTA_BINARY_PACKED"],
      INT64: [...numbers, "DELTA_BINARY_PACKED"],
      FLOAT: numbers,
      DOUBLE: numbers,
      STRING: ["PLAIN", "RLE_DICTIONARY", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"],
    } as const;
    const columnData = Object.entries(types).flatMap(([type, data]) =>
      encodings[type as keyof typeof types].map((encoding) => ({
        ...{ name: `${type} ${encoding}`, type: type as keyof typeof types, data, encoding },
      }))
    );
    const zstd = (bytes: Uint8Array) => new Uint8Array(zstdCompressSync(bytes));
    for (const codec of ["SNAPPY", "UNCOMPRESSED", "ZSTD"] as const) {
      const options = { columnData, codec, compressors: { ZSTD: zstd }, pageSize: 700, rowGroupSize: 300 };
      await checkCopies(folder, new Uint8Array(parquetWriteBuffer(options)));
    }
  }));

Deno.test("parquet copy: lists, structures and lists of lists", () =>
  withFolder(async (folder) => {
    const draw = randomStream(8), list = <T>(make: () => T) => Array.from({ length: draw.int(4) }, make);
    const word = () => draw.int(5) === 0 ? null : `w${draw.int(50)}`;
    const optional = { repetition_type: "OPTIONAL" } as const,
      repeated = { repetition_type: "REPEATED" } as const;
    const listOf = (name: string) => [
      { name, converted_type: "LIST", num_children: 1, ...optional } as const,
      { name: "list", num_children: 1, ...repeated } as const,
    ];
    const text = { type: "BYTE_ARRAY", converted_type: "UTF8", ...optional } as const;
    const data = Array.from({ length: 900 }, () => ({
      tags: draw.int(6) === 0 ? null : list(word),
      deep: draw.int(6) === 0 ? null : list(() => draw.int(6) === 0 ? null : list(() => draw.int(99))),
      size: draw.int(6) === 0 ? null : { width: draw.int(99), unit: word() },
    }));
    const bytes = new Uint8Array(parquetWriteBuffer({
      columnData: (["tags", "deep", "size"] as const).map((name) => ({
        name,
        data: data.map((row) => row[name]),
      })),
      schema: [
        { name: "root", num_children: 3 },
        ...listOf("tags"),
        { name: "element", ...text },
        ...listOf("deep"),
        ...listOf("element"),
        { name: "element", type: "INT32", ...optional },
        { name: "size", num_children: 2, ...optional },
        { name: "width", type: "INT32", ...optional },
        { name: "unit", ...text },
      ],
      ...{ rowGroupSize: 400, pageSize: 300 },
    }));
    assert(JSON.stringify((await rowsOf(bytes))[0].deep) === JSON.stringify(data[0].deep), "other lists");
    await checkCopies(folder, bytes);
  }));

Deno.test("parquet copy: a list that goes on in the next page, and the one after that", () =>
  withFolder(async (folder) => {
    const lists = [[1, 2, 3, 4, 5, 6, 7], [8], [9, 10], [11, 12, 13], [14]];
    const values = lists.flat(), repeated = lists.flatMap((list) => list.map((_, i) => i === 0 ? 0 : 1));
    const level = (levels: number[]) => {
      const packed = bitPacked(levels, 1);
      return join(new Uint8Array(Uint32Array.of(packed.length).buffer), packed);
    };
    const column = [{ name: "xs", type: "INT32", repetition_type: "REPEATED" }] as const;
    for (const sizes of [[14], [2, 3, 9], [1, 1, 1, 5, 6], [7, 7], [8, 3, 3]]) {
      let at = 0;
      const pages = sizes.map((size) => {
        const from = at;
        at += size;
        const content = join(
          level(repeated.slice(from, at)),
          level(values.slice(from, at).map(() => 1)),
          new Uint8Array(Int32Array.from(values.slice(from, at)).buffer),
        );
        return { content, values: size, encoding: "PLAIN" as const };
      });
      const bytes = parquetOfPages(pages, lists.length, "UNCOMPRESSED", column);
      for (let wanted = 0; wanted < 32; wanted++) {
        const { copy } = await copied(folder, bytes, (row) => (wanted >> row & 1) === 1);
        const expected = lists.filter((_, row) => wanted >> row & 1);
        assertEquals((await rowsOf(copy)).map(({ xs }) => xs), expected, `${sizes}: ${wanted}`);
      }
    }
  }));

Deno.test("parquet copy: groups of at most 100,000 rows and some 64 MiB", () =>
  withFolder(async (folder) => {
    const many = Int32Array.from({ length: 250_000 }, (_, i) => i);
    const bytes = new Uint8Array(
      parquetWriteBuffer({ columnData: [{ name: "i", data: many }], rowGroupSize: 9e6 }),
    );
    const { metadata, copy } = await copied(folder, bytes, (row) => row % 250 !== 0);
    assertEquals(metadata.row_groups.map(({ num_rows }) => num_rows), [100_000n, 100_000n, 49_000n]);
    assertEquals((await rowsOf(copy)).map(({ i }) => i), [...many].filter((i) => i % 250 !== 0));
    const images = Array.from({ length: 200 }, (_, i) => new Uint8Array(500_000).fill(i));
    const large = new Uint8Array(
      parquetWriteBuffer({
        columnData: [{ name: "image", data: images }],
        rowGroupSize: 9e6,
        codec: "UNCOMPRESSED",
      }),
    );
    const { row_groups } = (await copied(folder, large, () => true)).metadata;
    assert(row_groups.length >= 2, "one group holds everything");
    assert(row_groups.every(({ total_byte_size }) => total_byte_size < 2n ** 27n));
  }));

Deno.test("parquet copy: a damaged column is named", () =>
  withFolder(async (folder) => {
    const column = [{ name: "n", type: "INT32", repetition_type: "REQUIRED" }] as const;
    const page = { content: new Uint8Array(12), values: 3, encoding: "PLAIN" as const };
    const named = "source.parquet is damaged, column n of row group 0 holds";
    const all = () => true;
    for (
      const [bytes, said] of [
        [parquetOfPages([page], 5, "UNCOMPRESSED", column), "only 3 of its 5 rows"],
        [parquetOfPages([{ ...page, content: new Uint8Array(11) }], 3, "UNCOMPRESSED", column), "too early"],
        [parquetOfPages([{ ...page, said: { crc: 1 } }], 3, "UNCOMPRESSED", column), "wrong checksum"],
        [parquetOfPages([{ ...page, encoding: "RLE_DICTIONARY" }], 3, "UNCOMPRESSED", column), "dictionary"],
      ] as const
    ) {
      const error = await assertRejects(() => copied(folder, bytes, all), SyntaxError, said);
      assert(error.message.includes(named), error.message);
    }
  }));

Deno.test("parquet copy: files of pyarrow in snappy, zstd and gzip", () =>
  withFolder(async (folder) => {
    if (!present(dataRoot)) return;
    for (const part of [0, 1, 2]) {
      await checkCopies(
        folder,
        await Deno.readFile(new URL(`captions/laion_sample/part-0000${part}.parquet`, dataRoot)),
      );
    }
  }));
