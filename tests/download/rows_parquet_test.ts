// Parquet as tables: cells of every type against what was written, over row groups and pages, in every order.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { parquetReadObjects, type SchemaElement } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { loadCompressors } from "../../data_utils/deps.ts";
import type { Cell } from "../../data_utils/download/row.ts";
import { openRowFile } from "../../data_utils/download/rows/open_row_file.ts";
import { randomStream } from "../../data_utils/mod.ts";
import { dataRoot, present } from "../data_utils/golden_files.ts";
import { join, withFolder } from "../data_utils/made_files.ts";
import { levels, parquetOfPages } from "../data_utils/made_parquet.ts";
import { cellsOf, refusal, rowsInEveryOrder } from "./rows_made.ts";

const optional = { repetition_type: "OPTIONAL" } as const;
const group = (name: string, children: number, rest: Partial<SchemaElement> = {}): SchemaElement => ({
  ...{ name, num_children: children, ...optional, ...rest },
});

/** Columns with what their cells have to be. */
function madeColumns(count: number) {
  const draw = randomStream(count), range = Array.from({ length: count }, (_, i) => i);
  const maybe = <T>(make: (i: number) => T) => range.map((i) => draw.int(5) === 0 ? null : make(i));
  const same = <T>(name: string, element: Partial<SchemaElement>, data: T[]) => ({
    name,
    element,
    data,
    cells: data,
  });
  const bytes = (length: number) => Uint8Array.from({ length }, () => draw.int(256));
  const big = maybe((i) => BigInt(i) * 10n ** 15n), unsigned = maybe((i) => 2n ** 64n - 1n - BigInt(i));
  const floats = maybe((i) => [0.5, NaN, -Infinity, -0.25, 3e38][i % 5]);
  const moment = (ms: number) => new Date(1e12 + 7 * ms).toISOString();
  const text = { type: "BYTE_ARRAY", converted_type: "UTF8" } as const;
  const times = (unit: "MILLIS" | "MICROS" | "NANOS", isAdjustedToUTC: boolean) =>
    ({ type: "INT64", logical_type: { type: "TIMESTAMP", isAdjustedToUTC, unit } }) as const;
  return [
    same("url", { ...text, repetition_type: "REQUIRED" }, range.map((i) => `https://a/${i}`)),
    same("caption", text, maybe((i) => ["", "á bird", "\ufeff🐦", `caption ${i}`][i % 4])),
    same("unannotated", { type: "BYTE_ARRAY" }, maybe((i) => `text ${i}`)),
    same("repeated", text, maybe((i) => `license ${i % 3}`)),
    same("flag", { type: "BOOLEAN" }, maybe((i) => i % 3 === 0)),
    same("width", { type: "INT32" }, maybe((i) => (i % 2 ? 1 : -1) * (2 ** 31 - 1 - i))),
    {
      ...same("big", { type: "INT64" }, big),
      cells: big.map((value) => value === null ? null : (value > 2n ** 53n ? `${value}` : Number(value))),
    },
    {
      ...same("unsigned", { type: "INT64", converted_type: "UINT_64" }, unsigned),
      cells: unsigned.map((value) => value && `${value}`),
    },
    {
      ...same("float", { type: "FLOAT" }, floats),
      cells: floats.map((value) => value !== null && isFinite(value) ? Math.fround(value) : null),
    },
    {
      ...same("double", { type: "DOUBLE" }, floats),
      cells: floats.map((value) => value !== null && isFinite(value) ? value : null),
    },
    {
      name: "day",
      element: { type: "INT32", converted_type: "DATE" },
      data: range.map((i) => new Date(86_400_000 * i)),
      cells: range.map((i) => new Date(86_400_000 * i).toISOString().slice(0, 10)),
    },
    {
      name: "millis",
      element: times("MILLIS", true),
      data: range.map((i) => BigInt(1e12 + 7 * i)),
      cells: range.map(moment),
    },
    {
      name: "micros",
      element: times("MICROS", false),
      data: range.map((i) => BigInt(1e12 + 7 * i) * 1000n + 42n),
      cells: range.map((i) => moment(i).replace("Z", "042")),
    },
    {
      name: "nanos",
      element: times("NANOS", true),
      data: range.map((i) => BigInt(-7 - i)),
      cells: range.map((i) => `1969-12-31T23:59:59.${999_999_993 - i}Z`),
    },
    {
      name: "price",
      element: { type: "INT64", converted_type: "DECIMAL", precision: 12, scale: 3 },
      data: range.map((i) => BigInt(i)),
      cells: null,
    },
    {
      name: "hash",
      element: { type: "FIXED_LEN_BYTE_ARRAY", type_length: 5, repetition_type: "REQUIRED" },
      data: range.map(() => bytes(5)),
      cells: null,
    },
  ] as { name: string; element: Partial<SchemaElement>; data: unknown[]; cells: unknown[] | null }[];
}

Deno.test("parquet rows: cells of every type, over groups and pages, in every order", () =>
  withFolder(async (folder) => {
    for (const count of [0, 1, 9, 1500]) {
      const columns = madeColumns(count), path = `${folder}/${count}.parquet`;
      const schema = columns.map(({ name, element }) => ({ ...optional, ...element, name }) as SchemaElement);
      await Deno.writeFile(
        path,
        new Uint8Array(parquetWriteBuffer({
          columnData: columns.map(({ name, data }) => ({ name, data })),
          schema: [{ name: "root", num_children: schema.length }, ...schema],
          ...{ rowGroupSize: [70, 300, 1000], pageSize: 2000 },
        })),
      );
      const { rows, columns: names, format, named } = await rowsInEveryOrder(path, {}, [1, 64, 1000]);
      const kept = columns.filter(({ cells }) => cells);
      assertEquals([format, named, names], ["parquet", true, kept.map(({ name }) => name)]);
      const expected = Array.from(
        { length: count },
        (_, i) => Object.fromEntries(kept.map(({ name, cells }) => [name, cells![i] as Cell])),
      );
      assertEquals(cellsOf(rows), expected);
      await using file = await openRowFile(path);
      assertEquals(file.leftOut, ["price", "hash"]);
      for (const [name, kind] of Object.entries(file.kinds)) {
        const type = { text: "string", int64: "number", float64: "number", boolean: "boolean" }[kind];
        const cells = expected.map((row) => row[name]).filter((cell) => cell !== null);
        const digits = (cell: Cell) => kind === "int64" && typeof cell === "string" && /^-?\d+$/.test(cell);
        assert(cells.every((cell) => typeof cell === type || digits(cell)), `${name} is not of kind ${kind}`);
      }
      assertEquals(Object.keys(file.kinds), names);
    }
  }));

Deno.test("parquet rows: lists are cells; structures and lists of lists are left out, and said to be", () =>
  withFolder(async (folder) => {
    const draw = randomStream(9), list = <T>(make: () => T) => Array.from({ length: draw.int(4) }, make);
    const word = () => draw.int(5) === 0 ? null : `w${draw.int(50)}`, path = `${folder}/a.parquet`;
    const made = Array.from({ length: 900 }, (_, i) => ({
      url: `https://a/${i}`,
      tags: draw.int(6) === 0 ? null : list(word),
      deep: draw.int(6) === 0 ? null : list(() => list(() => draw.int(99))),
      size: draw.int(6) === 0 ? null : { width: draw.int(99), unit: word() },
    }));
    const text = { type: "BYTE_ARRAY", converted_type: "UTF8", ...optional } as const,
      isList = { converted_type: "LIST" } as const;
    const repeated = { repetition_type: "REPEATED" } as const;
    await Deno.writeFile(
      path,
      new Uint8Array(parquetWriteBuffer({
        columnData: (["url", "tags", "deep", "size"] as const).map((name) => ({
          name,
          data: made.map((row) => row[name]),
        })),
        schema: [
          { name: "root", num_children: 4 },
          { name: "url", ...text },
          ...[group("tags", 1, isList), group("list", 1, repeated), { name: "element", ...text }],
          ...[
            group("deep", 1, isList),
            group("list", 1, repeated),
            group("element", 1, isList),
            group("list", 1, repeated),
          ],
          { name: "element", type: "INT32", ...optional },
          ...[group("size", 2), { name: "width", type: "INT32", ...optional } as const, {
            name: "unit",
            ...text,
          }],
        ],
        ...{ rowGroupSize: 400, pageSize: 300 },
      })),
    );
    const { rows } = await rowsInEveryOrder(path, {}, [100]);
    assertEquals(cellsOf(rows), made.map(({ url, tags }) => ({ url, tags })));
    await using file = await openRowFile(path);
    assertEquals([file.columns, file.leftOut], [["url", "tags"], ["deep", "size"]]);
  }));

Deno.test("parquet rows: a list without the groups of lists, and times of twelve bytes", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.parquet`, level = (values: number[]) => levels(values);
    const content = join(
      level([0, 1, 0, 0]),
      level([1, 1, 0, 1]),
      new Uint8Array(Int32Array.of(5, 6, 7).buffer),
    );
    const bare = [{ name: "xs", type: "INT32", repetition_type: "REPEATED" }] as const;
    await Deno.writeFile(
      path,
      parquetOfPages([{ content, values: 4, encoding: "PLAIN" }], 3, "UNCOMPRESSED", bare),
    );
    assertEquals(cellsOf((await rowsInEveryOrder(path)).rows), [{ xs: [5, 6] }, { xs: [] }, { xs: [7] }]);
    const stored = new DataView(new ArrayBuffer(24));
    stored.setBigInt64(0, 3_661_000_000_001n, true);
    stored.setInt32(8, 2_440_589, true);
    stored.setInt32(20, 2_440_587, true);
    const times = [{ name: "t", type: "INT96", repetition_type: "REQUIRED" }] as const;
    const page = { content: new Uint8Array(stored.buffer), values: 2, encoding: "PLAIN" } as const;
    await Deno.writeFile(path, parquetOfPages([page], 2, "UNCOMPRESSED", times));
    assertEquals(cellsOf((await rowsInEveryOrder(path)).rows), [
      { t: "1970-01-02T01:01:01.000000001" },
      { t: "1969-12-31T00:00:00.000000000" },
    ]);
  }));

Deno.test("parquet rows: ascending runs read a row group's bytes once", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.parquet`, count = 30_000, draw = randomStream(1);
    const data = Array.from({ length: count }, (_, i) => `https://a/${i}/${draw.next()}${draw.next()}`);
    const columnData = [{ name: "url", data, encoding: "PLAIN" as const }];
    await Deno.writeFile(
      path,
      new Uint8Array(
        parquetWriteBuffer({ columnData, codec: "UNCOMPRESSED", rowGroupSize: count, pageSize: 4000 }),
      ),
    );
    const original = Deno.FsFile.prototype.read;
    let bytes = 0;
    Deno.FsFile.prototype.read = async function (into) {
      const got = await original.call(this, into);
      bytes += got ?? 0;
      return got;
    };
    try {
      await using file = await openRowFile(path);
      const opened = bytes, { places } = await file.survey(1000);
      assertEquals(bytes, opened);
      const read: unknown[] = [];
      for (const place of places) read.push(...cellsOf(await file.read(place, 1000)));
      assertEquals(read, data.map((url) => ({ url })));
      assert(
        bytes - opened < 2 * Deno.statSync(path).size,
        `${bytes - opened} of ${Deno.statSync(path).size} bytes`,
      );
    } finally {
      Deno.FsFile.prototype.read = original;
    }
  }));

Deno.test("parquet rows: a damaged page is named, and the rows before it can be read again", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.parquet`, count = 2000;
    const data = Array.from({ length: count }, (_, i) => `https://a/${i}`);
    const bytes = new Uint8Array(
      parquetWriteBuffer({
        columnData: [{ name: "url", data, encoding: "PLAIN" }],
        rowGroupSize: 1000,
        codec: "UNCOMPRESSED",
      }),
    );
    bytes.fill(255, 20_000, 20_400);
    await Deno.writeFile(path, bytes);
    await using file = await openRowFile(path);
    assertMatch(
      await refusal(path, () => file.read({ row: 1000 }, 1000)),
      /damaged, column url of row group 1/,
    );
    assertEquals(cellsOf(await file.read({ row: 7 }, 2)), [{ url: data[7] }, { url: data[8] }]);
    assertEquals(await file.read({ row: count }, 5), []);
    const stop = AbortSignal.abort(new Error("enough"));
    for (const look of [() => {}]) {
      const said = await file.survey(10, { look, signal: stop }).catch((error) => error.message);
      assertEquals(said, "enough");
    }
  }));

Deno.test({
  name: "parquet rows: LAION's files, as another reader has them",
  ignore: !present(dataRoot),
  fn: async () => {
    const path = decodeURIComponent(new URL("captions/laion_sample/part-00000.parquet", dataRoot).pathname);
    const { rows } = await rowsInEveryOrder(path, {}, [300]);
    const bytes = await Deno.readFile(path);
    const expected = await parquetReadObjects({ file: bytes.buffer, compressors: await loadCompressors() });
    assertEquals(
      rows.map(({ cells }) => cells),
      expected.map((row) =>
        Object.fromEntries(
          Object.entries(row).map((
            [name, value],
          ) => [name, typeof value === "bigint" ? Number(value) : value]),
        )
      ),
    );
  },
});
