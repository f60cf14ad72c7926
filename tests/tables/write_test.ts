// Tables are written as pandas' to_csv writes them. What Python and NumPy print was printed by Python 3.11 and
// NumPy 1.26.
import { assertEquals } from "@std/assert";
import {
  type Column,
  makeFrame,
  numpyFloat32,
  pythonFloat,
  readFrame,
  textColumn,
  writeTsv,
} from "../../data_utils/tables/mod.ts";
import { withFolder } from "../data_utils/made_files.ts";
import { draws, rowsOfFrame, written } from "./rows.ts";

Deno.test("tables: floats print as Python's repr, singles as NumPy's str", () => {
  const doubles: [number, string][] = [
    ...[[0, "0.0"], [-0, "-0.0"], [1, "1.0"], [0.1, "0.1"], [1e-4, "0.0001"], [9.99e-5, "9.99e-05"]],
    ...[[1e16, "1e+16"], [9999999999999998, "9999999999999998.0"], [
      123456789012345680,
      "1.2345678901234568e+17",
    ]],
    ...[[5e-324, "5e-324"], [1.7976931348623157e308, "1.7976931348623157e+308"], [0.03125, "0.03125"]],
    ...[[-1.5e-7, "-1.5e-07"], [NaN, "nan"], [-Infinity, "-inf"], [1e22, "1e+22"], [
      0.30000000000000004,
      "0.30000000000000004",
    ]],
  ] as [number, string][];
  for (const [value, text] of doubles) assertEquals(pythonFloat(value), text);
  const singles: [number, string][] = [[0.1, "0.1"], [0.7, "0.7"], [16777216, "16777216.0"], [
    1e10,
    "10000000000.0",
  ]];
  singles.push([1 / 3, "0.33333334"], [3e-5, "3e-05"], [3.4028234663852886e38, "3.4028235e+38"], [
    1e-45,
    "1e-45",
  ]);
  for (const [value, text] of singles) assertEquals(numpyFloat32(Math.fround(value)), text);
});

/** Rows by the rules of Python's csv.writer, character by character. */
function slowTsv(rows: (string | null)[][]): string {
  const field = (text: string, alone: boolean) =>
    /[\t"\n\r]/.test(text) || text === "" && alone ? `"${text.replaceAll('"', '""')}"` : text;
  return rows.map((row) => row.map((text) => field(text ?? "", row.length === 1)).join("\t") + "\n").join("");
}

Deno.test("tables: fields are quoted where Python's csv quotes them", async () => {
  // csv.writer(out, delimiter="\t", lineterminator="\n") of these rows.
  const rows = [["a b", " a"], ["a,b", "a\tb"], ['a"b', "a\nb"], ["", "\\"], ["\u2028", "é\x85\x0b"], [
    '"',
    "x",
  ]];
  const python = 'a b\t a\na,b\t"a\tb"\n"a""b"\t"a\nb"\n\t\\\n\u2028\té\x85\x0b\n""""\tx\n';
  await withFolder(async (folder) => {
    const frame = makeFrame({ p: textColumn(rows.map(([p]) => p)), q: textColumn(rows.map(([, q]) => q)) });
    assertEquals(await written(`${folder}/t`, (file) => writeTsv(file, frame)), `p\tq\n${python}`);
    const alone = makeFrame({ 'p"': textColumn(["", "a", null]) });
    assertEquals(await written(`${folder}/t`, (file) => writeTsv(file, alone)), '"p"""\n""\na\n""\n');
  });
});

Deno.test("tables: every kind of column, as pandas prints it; chosen columns; rows in parts", async () => {
  const columns: Record<string, Column> = {
    text: textColumn(["x", null, "z"]),
    whole: { kind: "int64", values: BigInt64Array.of(1n, -5n, 2n ** 62n) },
    double: { kind: "float64", values: Float64Array.of(0.1, NaN, Infinity) },
    single: { kind: "float32", values: Float32Array.of(0.7, NaN, 3) },
    truth: { kind: "boolean", values: Uint8Array.of(1, 2, 0) },
  };
  await withFolder(async (folder) => {
    const frame = makeFrame(columns),
      write = (names?: string[], header?: boolean) =>
        written(`${folder}/t`, (file) => writeTsv(file, frame, names, header));
    assertEquals(
      await write(),
      "text\twhole\tdouble\tsingle\ttruth\nx\t1\t0.1\t0.7\tTrue\n\t-5\t\t\t\nz\t4611686018427387904\tinf\t3.0\tFalse\n",
    );
    assertEquals(await write(["truth", "text"]), "truth\ttext\nTrue\tx\n\t\nFalse\tz\n");
    assertEquals(await write(["text"], false), 'x\n""\nz\n');
  });
});

Deno.test("tables: random text is written as by the slow writer and read back as it was", async () => {
  const draw = draws(3), letters = ["a", "é", "😀", " ", "\t", '"', "\n", "\r", ",", "\\", "NA"];
  const text = () => Array.from({ length: draw(6) }, () => letters[draw(letters.length)]).join("");
  await withFolder(async (folder) => {
    for (let round = 0; round < 40; round++) {
      const rows = Array.from({ length: 100 }, () => ["x" + text(), text(), text()]),
        path = `${folder}/t.tsv`;
      const frame = makeFrame(
        ["a", "b", "c"].map((name, i) => [name, textColumn(rows.map((row) => row[i]))] as const),
      );
      assertEquals(await written(path, (file) => writeTsv(file, frame)), slowTsv([["a", "b", "c"], ...rows]));
      assertEquals(rowsOfFrame(await readFrame(path)), rows);
    }
  });
});
