// Parquet as tables, against hyparquet's own reader and writer; and JSON.
import { assertEquals, assertRejects } from "@std/assert";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { loadCompressors } from "../../data_utils/deps.ts";
import {
  makeFrame,
  readFrame,
  textCodes,
  textColumn,
  writeParquetFrame,
} from "../../data_utils/tables/mod.ts";
import { dataRoot, present } from "../data_utils/golden_files.ts";
import { gzip, withFolder } from "../data_utils/made_files.ts";
import { draws, rowsOfFrame, type Value, valuesOf, written } from "./rows.ts";

async function objectsOf(path: string): Promise<Record<string, unknown>[]> {
  const bytes = await Deno.readFile(path);
  return await parquetReadObjects({ file: bytes.buffer, compressors: await loadCompressors() });
}

Deno.test("tables: parquet is written so that another reader has every value, over several row groups", async () => {
  const rows = 230_000,
    draw = draws(5),
    list = <T>(make: (row: number) => T) => Array.from({ length: rows }, (_, i) => make(i));
  const columns = {
    text: list((i) => i % 7 === 0 ? null : `é "${draw(i % 2 ? 50 : 1e6)}"`),
    int64: list((i) => BigInt(i) * 2n ** 40n),
    int32: list((i) => i - 5),
    float32: list((i) => i % 5 === 0 ? null : Math.fround(draw(1000) / 7)),
    float64: list((i) => i % 5 === 1 ? null : draw(1000) / 7),
    boolean: list((i) => i % 3 === 0 ? null : i % 2 === 0),
  };
  const numbers = (values: (number | null)[]) => values.map((value) => value ?? NaN);
  await withFolder(async (folder) => {
    const path = `${folder}/t.parquet`,
      frame = makeFrame({
        text: textColumn(columns.text),
        int64: { kind: "int64", values: BigInt64Array.from(columns.int64) },
        int32: { kind: "int32", values: Int32Array.from(columns.int32) },
        float32: { kind: "float32", values: Float32Array.from(numbers(columns.float32)) },
        float64: { kind: "float64", values: Float64Array.from(numbers(columns.float64)) },
        boolean: {
          kind: "boolean",
          values: Uint8Array.from(columns.boolean, (value) => value === null ? 2 : +value),
        },
      });
    await written(path, (file) => writeParquetFrame(file, frame));
    const objects = await objectsOf(path), back = await readFrame(path);
    for (const [name, values] of Object.entries(columns)) {
      const seen = objects.map((object) => object[name] ?? null),
        wrong = seen.findIndex((value, i) => value !== values[i]);
      assertEquals(wrong, -1, `${name}: ${seen[wrong]} for ${values[wrong]}`);
      const read = valuesOf(back.column(name)), odd = read.findIndex((value, i) => value !== values[i]);
      assertEquals(odd, -1, `${name}: ${read[odd]} for ${values[odd]}`);
      assertEquals(back.column(name).kind, name);
    }
    const metadata = parquetMetadata((await Deno.readFile(path)).buffer);
    assertEquals(metadata.schema[1].converted_type, "UTF8");
    assertEquals(metadata.row_groups.map(({ num_rows }) => Number(num_rows)), [100_000, 100_000, 30_000]);
    const first = await Deno.readFile(path);
    await written(path, (file) => writeParquetFrame(file, frame));
    assertEquals(await Deno.readFile(path), first);
  });
});

Deno.test("tables: parquet of another writer, with nulls among whole numbers, dictionaries and an empty table", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/t.parquet`, text = ["a", null, "a", "b"], whole = [1, null, 3, 4];
    const put = (
      columnData: { name: string; data: unknown[]; type: "STRING" | "INT32" | "INT64" | "JSON" }[],
      codec?: "UNCOMPRESSED",
    ) => Deno.writeFileSync(path, new Uint8Array(parquetWriteBuffer({ columnData, codec })));
    for (const codec of [undefined, "UNCOMPRESSED"] as const) {
      put([{ name: "t", data: text, type: "STRING" }, { name: "n", data: whole, type: "INT32" }], codec);
      const frame = await readFrame(path);
      assertEquals(rowsOfFrame(frame), text.map((t, i): Value[] => [t, whole[i]]));
      assertEquals(frame.column("n").kind, "float64");
      assertEquals(textCodes(frame.text("t")), { codes: Int32Array.of(0, -1, 0, 1), texts: ["a", "b"] });
      assertEquals(rowsOfFrame(frame.take([3, 0, 3])), [["b", 4], ["a", 1], ["b", 4]]);
    }
    const note = JSON.stringify({ index_columns: ["t", { kind: "range" }], columns: [] });
    const kvMetadata = [{ key: "pandas", value: note }];
    Deno.writeFileSync(
      path,
      new Uint8Array(
        parquetWriteBuffer({ columnData: [{ name: "t", data: text, type: "STRING" }], kvMetadata }),
      ),
    );
    assertEquals((await readFrame(path)).index, ["t"]);
    put([{ name: "t", data: [], type: "STRING" }]);
    assertEquals((await readFrame(path)).rows, 0);
    put([{ name: "j", data: [{ a: 1 }], type: "JSON" }, { name: "t", data: ["x"], type: "STRING" }]);
    await assertRejects(
      () => readFrame(path),
      RangeError,
      "column j holds JSON, which tables here do not hold",
    );
    assertEquals(rowsOfFrame(await readFrame(path, { columns: ["t"] })), [["x"]]);
    await assertRejects(() => readFrame(path, { columns: ["u"] }), SyntaxError, "has no column u, but j, t");
  });
});

Deno.test("tables: a parquet file that is cut short or damaged is refused by name", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/t.parquet`,
      frame = makeFrame({
        text: textColumn(Array.from({ length: 5000 }, (_, i) => `text ${i}`)),
        n: { kind: "float64", values: Float64Array.from({ length: 5000 }, (_, i) => i / 3) },
      });
    await written(path, (file) => writeParquetFrame(file, frame));
    const bytes = await Deno.readFile(path), draw = draws(11);
    for (const length of [13, 100, bytes.length >> 1, bytes.length - 1]) {
      await Deno.writeFile(path, bytes.subarray(0, length));
      await assertRejects(() => readFrame(path), SyntaxError, path);
    }
    for (let round = 0; round < 300; round++) {
      const damaged = bytes.slice();
      for (let i = 0; i < 3; i++) damaged[4 + draw(bytes.length - 12)] = draw(256);
      await Deno.writeFile(path, damaged);
      // Damage in a value goes unseen without checksums; everything else is a clear error of bad input.
      await readFrame(path).catch((error) => {
        const kind = error instanceof SyntaxError || error instanceof RangeError;
        assertEquals([kind, String(error.message).includes(path)], [true, true], error.stack);
      });
    }
  });
});

Deno.test({
  name: "tables: LAION's parquet as hyparquet reads it, whatever its columns",
  ignore: !present(dataRoot),
  async fn() {
    for (const part of ["part-00000", "part-00002"]) {
      const path = decodeURIComponent(new URL(`captions/laion_sample/${part}.parquet`, dataRoot).pathname);
      const frame = await readFrame(path), objects = await objectsOf(path);
      for (const name of frame.names) {
        const expected = objects.map((object) =>
          typeof object[name] === "bigint" ? Number(object[name]) : object[name] ?? null
        );
        assertEquals(valuesOf(frame.column(name)), expected as Value[], name);
      }
    }
  },
});

Deno.test("tables: JSON lines and arrays, with kinds, missing keys and places of what is wrong", async () => {
  await withFolder(async (folder) => {
    const objects = [{ caption: "NA\t", n: 1 }, { n: 2, f: 0.5, yes: true }, { caption: null, n: 3, f: 2 }];
    const lines = objects.map((object) => JSON.stringify(object)).join("\n\n"), path = `${folder}/t.jsonl`;
    const rows = [["NA\t", 1, null, null], [null, 2, 0.5, true], [null, 3, 2, null]];
    await Deno.writeTextFile(path, lines);
    assertEquals(rowsOfFrame(await readFrame(path)), rows);
    await Deno.writeFile(path, gzip(new TextEncoder().encode(lines)));
    assertEquals(rowsOfFrame(await readFrame(path, { columns: ["f", "n"] })), [[null, 1], [0.5, 2], [2, 3]]);
    await Deno.writeTextFile(`${folder}/t.json`, JSON.stringify(objects, null, 2));
    const array = await readFrame(`${folder}/t.json`);
    assertEquals([rowsOfFrame(array), array.column("n").kind], [rows, "int64"]);
    const fails = async (text: string, said: string, columns?: string[]) => {
      await Deno.writeTextFile(path, text);
      await assertRejects(() => readFrame(path, { columns, format: "jsonl" }), SyntaxError, said);
    };
    await fails(`${lines}\n{"n": "x"}`, `line 6: n is "x", but number before`);
    await fails(`${lines}\n{"n": `, "line 6 is no JSON");
    await fails(`${lines}\n[1]`, "line 6 is no object");
    await fails(`${lines}\n{"n": [1]}`, "line 6: n is [1], but number before");
    await fails(lines, "has no column m", ["m"]);
  });
});
