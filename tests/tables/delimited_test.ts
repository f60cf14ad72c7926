// TSV and CSV as whole tables, against the states of pandas' tokenizer gone through character by character.
import { assertEquals, assertRejects } from "@std/assert";
import { readFrame } from "../../data_utils/tables/mod.ts";
import { gzip, withFolder } from "../data_utils/made_files.ts";
import { pandasRecords } from "../data_utils/pandas_rules.ts";
import { draws, rowsOfFrame, valuesOf } from "./rows.ts";

const letters = ["a", "b", "é", "😀", " ", "\t", "\t", ",", '"', '"', "\n", "\r", "\r\n", "NA", "1"];

Deno.test("tables: random tables read as pandas' tokenizer reads them, in both quoting modes", async () => {
  await withFolder(async (folder) => {
    const draw = draws(7), path = `${folder}/random.tsv`;
    let compared = 0, refused = 0;
    for (let round = 0; round < 1200; round++) {
      const body = Array.from({ length: draw(40) }, () => letters[draw(letters.length)]).join("");
      const text = `x\ty\tz\n${body}`, quotes = round % 2 === 0;
      await Deno.writeTextFile(path, text);
      const records = pandasRecords(text, "\t", quotes)?.slice(1);
      const read = readFrame(path, { format: "tsv", quoting: quotes ? "minimal" : "none", shortRows: true });
      if (!records || records.some((fields) => fields.length > 3)) {
        const error = await assertRejects(() => read, SyntaxError);
        const said = records ? /has \d+ fields/ : /is never closed|has \d+ fields/;
        assertEquals(said.test(error.message), true, `${JSON.stringify(text)}: ${error.message}`);
        refused++;
      } else {
        const whole = records.map((fields) => [...fields, null, null].slice(0, 3));
        assertEquals(rowsOfFrame(await read), whole, JSON.stringify(text));
        compared++;
      }
    }
    assertEquals([compared > 200, refused > 200], [true, true], `${compared} ${refused}`);
  });
});

Deno.test("tables: what captions are called stays text, and is missing or a number where pandas is asked for", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/t.tsv`;
    await Deno.writeTextFile(
      path,
      'caption\tlabel\tscore\tyes\nNA\t1\t0.50\tTrue\n"None"\t-2\t\tFalse\n007\t3\tinf\ttrue\n',
    );
    const text = await readFrame(path);
    assertEquals(rowsOfFrame(text)[0], ["NA", "1", "0.50", "True"]);
    assertEquals(valuesOf(text.column("caption")), ["NA", "None", "007"]);
    assertEquals(text.numbers("label"), Float64Array.of(1, -2, 3));
    const typed = await readFrame(path, { fields: "pandas" });
    assertEquals(typed.names.map((name) => typed.column(name).kind), [
      "float64",
      "int64",
      "float64",
      "boolean",
    ]);
    assertEquals(rowsOfFrame(typed), [[null, 1, 0.5, true], [null, -2, null, false], [7, 3, Infinity, true]]);
  });
});

Deno.test("tables: CSV, gzip, a byte order mark, line ends of Windows, chosen columns under other names", async () => {
  await withFolder(async (folder) => {
    const text = '\ufeffa,caption,c\r\n1,"x, ""y""\r\nz",3\r\n4,plain,6';
    await Deno.writeFile(`${folder}/t.csv.gz`, gzip(new TextEncoder().encode(text)));
    const frame = await readFrame(`${folder}/t.csv.gz`, { columns: [["number", "c"], "caption"] });
    assertEquals(frame.names, ["number", "caption"]);
    assertEquals(rowsOfFrame(frame), [["3", 'x, "y"\r\nz'], ["6", "plain"]]);
  });
});

Deno.test("tables: a bad table is one line that says where", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/t.tsv`, put = (text: string) => Deno.writeTextFileSync(path, text);
    const fails = (said: string, options = {}) =>
      assertRejects(() => readFrame(path, options), SyntaxError, said);
    put('caption\tb\n"two\nlines"\t1\n\n1\t2\t3\n');
    await fails("the row in line 5 has 3 fields, but the header names 2");
    put("caption\tb\n1\t2\n1\n");
    await fails("the row in line 3 has 1 field, but the header names 2");
    put('caption\tb\n1\t2\n1\t"3\n');
    await fails("a quote that opens in the row in line 3 is never closed");
    assertEquals(rowsOfFrame(await readFrame(path, { quoting: "none" })), [["1", "2"], ["1", '"3']]);
    put("caption\tb\n");
    assertEquals((await readFrame(path)).rows, 0);
    await fails("has no column c or d, but caption, b", { columns: [["c", "d"]] });
    put("b\tb\n1\t2\n");
    await fails("two columns b");
    put("");
    await fails("is empty");
    put("\n \n");
    await fails("is empty");
  });
});
