// TSV and CSV as tables: random ones against a plain rule of their own, through windows of any size; odd quotes that eat
// nothing but their line; headers, quotes and counts that the first rows tell.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { openRowFile } from "../../data_utils/download/rows/open_row_file.ts";
import { fieldsOf } from "../../data_utils/download/rows/table_fields.ts";
import { tableRecords } from "../../data_utils/download/rows/table_records.ts";
import { randomStream } from "../../data_utils/mod.ts";
import { dataRoot, present } from "../data_utils/golden_files.ts";
import { bytesOf, join, withFolder } from "../data_utils/made_files.ts";
import { cellsOf, recordsOf, refusal, rowsInEveryOrder, rowsOfText, writeBoth } from "./rows_made.ts";

type Row = string[] | null;

/** Rows of a table by regular expressions over the whole text; null for a line with an odd quote. */
function plainRows(text: string, separator: string, quotes: boolean, fields: number): Row[] {
  const rows: Row[] = [], plain = `[^${separator}\r\n]*`;
  const quoted = new RegExp(`"((?:[^"]|"")*)"(?!")(${plain})`, "y"), bare = new RegExp(plain, "y");
  const ends = /\r\n|\n|\r|$/g;
  for (let at = 0; at < text.length;) {
    ends.lastIndex = at;
    const end = ends.exec(text)!, line = text.slice(at, end.index);
    let row: Row = line.split(separator), behind = end.index + end[0].length;
    if (quotes && line.includes('"')) {
      row = [];
      let i = at, tidy = true;
      for (;; i++) {
        const rule = text[i] === '"' ? quoted : bare;
        rule.lastIndex = i;
        const match = rule.exec(text);
        if (!match) break;
        row.push(rule === quoted ? match[1].replaceAll('""', '"') + match[2] : match[0]);
        tidy &&= rule === bare || match[2] === "";
        i += match[0].length;
        if (text[i] !== separator) break;
      }
      const closed = i >= text.length || /[\r\n]/.test(text[i]);
      const lines = text.slice(end.index, i).split(/[\r\n]+/);
      const swallows = i > end.index && lines.some((line) =>
        line.split(separator).length === fields &&
        line.split(separator).some((field) => /^"?https?:\/\/\S+$/.test(field))
      );
      const far = i > end.index && (!tidy || row.length !== fields || swallows);
      if (!closed || far) row = null;
      else {
        ends.lastIndex = i;
        behind = i + ends.exec(text)![0].length;
      }
    }
    const blank = [...line].every((char) => char <= " " && char !== separator);
    if (!blank) rows.push(row);
    at = behind;
  }
  return rows;
}

Deno.test("tables: random texts through windows of any size are those of a plain rule, from any row on", async () => {
  const draw = randomStream(61);
  for (let round = 0; round < 3000; round++) {
    const separator = round % 2 ? "\t" : ",", quotes = round % 3 !== 0, fields = 1 + draw.int(3);
    const parts = [
      "a",
      "é",
      "🐦",
      " ",
      "\n",
      "\r",
      "\r\n",
      separator,
      separator,
      '"',
      '"',
      '""',
      "https://a/b",
      "",
    ];
    const ends = [`"\n`, `${separator}"`, `"${separator}`, "\n"];
    const all = [...parts, ...ends];
    const text = Array.from({ length: draw.int(60) }, () => all[draw.int(all.length)]).join("");
    const bytes = bytesOf(text), rule = tableRecords({ separator: separator.charCodeAt(0), quotes, fields });
    const expected = plainRows(text, separator, quotes, fields);
    const asRows = (texts: readonly (string | null)[]) =>
      texts.map((text) => text === null ? null : fieldsOf(text, separator, quotes));
    for (const window of [1, 2, 7, 1000]) {
      const { texts, places } = await recordsOf(bytes, rule, window);
      assertEquals(asRows(texts), expected, JSON.stringify({ text, separator, quotes, fields, window }));
      if (window !== 7) continue;
      for (const [i, place] of places.entries()) {
        const rest = await recordsOf(bytes, rule, 5, place);
        assertEquals(asRows(rest.texts), expected.slice(i), JSON.stringify({ text, place }));
      }
    }
  }
});

Deno.test("tables: every way to read them gives the same rows, also gzipped", () =>
  withFolder(async (folder) => {
    const draw = randomStream(7),
      word = () => ["bird", "Straße", "鳥", 'say ""hi""', "a\tb", "x\ny", ""][draw.int(7)];
    const made = Array.from(
      { length: 5000 },
      (_, i) => [`https://a/${i}.jpg`, `${word()} ${word()}`, `${i}`],
    );
    for (const end of ["\n", "\r\n", "\r"]) {
      const text = [
        "url\tcaption\tid",
        ...made.map(([url, caption, id]) => `${url}\t"${caption}"\t${id}`),
        "",
      ];
      const { rows, format, columns, named } = await rowsOfText(folder, "made.tsv", text.join(end));
      assertEquals([format, columns, named], ["tsv", ["url", "caption", "id"], true]);
      assertEquals(
        cellsOf(rows),
        made.map(([url, caption, id]) => ({ url, caption: caption.replaceAll('""', '"'), id })),
      );
    }
  }));

Deno.test("tables: a quote that opens a field and does not close it takes its own line only", () =>
  withFolder(async (folder) => {
    const good = (i: number) => `https://a/${i}.jpg,"caption, ${i}"`;
    const odd: Record<string, string> = {
      "closes nowhere": `https://a/x.jpg,"odd`,
      "closes behind many lines": `https://a/x.jpg,"odd`,
      "a single quote": `"`,
      "in the first field": `"https://a/x.jpg,odd`,
    };
    for (const [name, line] of Object.entries(odd)) {
      const before = Array.from({ length: 120 }, (_, i) => good(i));
      const behind = Array.from({ length: 300 }, (_, i) => `https://a/${i + 121}.jpg,plain`);
      if (name === "closes behind many lines") behind.push('https://a/y.jpg,x "y"');
      const { rows } = await rowsOfText(folder, "odd.csv", [...before, line, ...behind].join("\n"));
      assertEquals(rows.length, before.length + 1 + behind.length, name);
      assertEquals(rows.flatMap(({ row, fault }) => fault ? [row] : []), [120], name);
      assertMatch(rows[120].fault!, /quote/);
      assertEquals(rows.filter(({ fault }) => !fault).length, before.length + behind.length);
      assertEquals(rows[119].cells, { "0": "https://a/119.jpg", "1": "caption, 119" });
    }
  }));

Deno.test("tables: a quoted field may go on for 64 KiB and 100 lines, and not further", async () => {
  const rule = tableRecords({ separator: 9, quotes: true, fields: 2 });
  const field = (lines: number, bytes: number) => `"${"x\n".repeat(lines)}${"y".repeat(bytes - 2 * lines)}"`;
  const cases: [string, number | null][] = [
    [`a\t${field(90, 1000)}`, null],
    [`a\t${field(110, 1000)}`, 110],
    [`a\t${field(1, 60_000)}`, null],
    [`a\t${field(1, 70_000)}`, 1],
    [`${field(2, 100)}\t${"z".repeat(60_000)}`, null],
    [`${field(2, 100)}\t${"z".repeat(70_000)}`, 2],
    [`"${"x".repeat(100_000)}\ny"\tz`, null],
  ];
  for (const [i, [row, lines]] of cases.entries()) {
    for (const window of [1000, 2 ** 20]) {
      const { texts } = await recordsOf(bytesOf(`${row}\nb\tc\n`), rule, window);
      assertEquals(texts.length, (lines ?? 0) + 2, `case ${i}, window ${window}`);
      assertEquals([texts[0], texts.at(-1)], [lines === null ? row : null, "b\tc"]);
    }
  }
});

Deno.test("tables: rows with another number of fields are malformed and counted; text is never taken for missing", () =>
  withFolder(async (folder) => {
    const text =
      "\ufeffurl\tcaption\n\nhttps://a/1\tNone\nhttps://a/2\nhttps://a/3\tx\ty\n   \nhttps://a/4\t\nhttps://a/5\tNA\n\t";
    const { rows, columns } = await rowsOfText(folder, "t.tsv", text);
    assertEquals(columns, ["url", "caption"]);
    assertEquals(cellsOf(rows), [
      { url: "https://a/1", caption: "None" },
      "1 field where 2 are expected",
      "3 fields where 2 are expected",
      { url: "https://a/4", caption: null },
      { url: "https://a/5", caption: "NA" },
      { url: null, caption: null },
    ]);
  }));

Deno.test("tables: what is not UTF-8 becomes U+FFFD, and ends no row", () =>
  withFolder(async (folder) => {
    const bytes = join(
      bytesOf("https://a/1\ta"),
      Uint8Array.of(0xc3),
      bytesOf("\nhttps://a/2\t"),
      Uint8Array.of(0xff),
    );
    const { rows } = await rowsOfText(folder, "t.tsv", bytes);
    assertEquals(rows.map(({ cells }) => cells["1"]), ["a\ufffd", "\ufffd"]);
  }));

Deno.test("tables: a header is a first row without a URL whose fields could be names, unless one says so", () =>
  withFolder(async (folder) => {
    const data = "https://a/1\tx\nhttps://a/2\ty\n";
    const columnsOf = async (text: string, header?: boolean) => {
      const { columns, named, rows } = await rowsOfText(folder, "t.tsv", text, { header });
      return [columns.join(), named, rows.length];
    };
    assertEquals(await columnsOf(`url\tcaption\n${data}`), ["url,caption", true, 2]);
    assertEquals(await columnsOf(data), ["0,1", false, 2]);
    assertEquals(await columnsOf(`\tcaption\n${data}`), ["Unnamed: 0,caption", true, 2]);
    assertEquals(await columnsOf(`caption\t\n${data}`), ["0,1", false, 3]);
    assertEquals(await columnsOf(`1\t2\n${data}`), ["0,1", false, 3]);
    assertEquals(await columnsOf(`a\ta\n${data}`), ["0,1", false, 3]);
    assertEquals(await columnsOf(`a\ta\n${data}`, true), ["a,a.1", true, 2]);
    assertEquals(await columnsOf(`url\tcaption\n${data}`, false), ["0,1", false, 3]);
    assertEquals(await columnsOf("url\tcaption\n"), ["url,caption", true, 0]);
    assertEquals(await columnsOf(""), ["", false, 0]);
    // the first row is the malformed one
    assertEquals(await columnsOf(`https://a/0\n${data}`), ["0,1", false, 3]);
    const path = `${folder}/wrong.tsv`;
    await Deno.writeTextFile(path, `url\n${data}${data}`);
    assertMatch(
      await refusal(path, () => openRowFile(path)),
      /header names 1 columns, but the rows have 2 fields/,
    );
  }));

Deno.test("tables: quotes are judged by the first rows, of which a few may have odd ones", () =>
  withFolder(async (folder) => {
    const quoted = Array.from({ length: 50 }, (_, i) => `https://a/${i},"one, two"`);
    const csv = await rowsOfText(folder, "t.csv", [...quoted, 'https://a/x,an "odd" one'].join("\n"));
    assertEquals(csv.rows[0].cells["1"], "one, two");
    assertEquals(csv.rows[50].cells["1"], 'an "odd" one');
    const bare = ['https://a/1\t"Hello" she said', 'https://a/2\tthe 5" one', 'https://a/3\t"all of it"']
      .join("\n");
    const captions = async (quoting?: "minimal" | "none" | "auto") =>
      (await rowsOfText(folder, "t.tsv", bare, { quoting })).rows.map(({ cells }) => cells["1"]);
    assertEquals(await captions(), ['"Hello" she said', 'the 5" one', '"all of it"']);
    assertEquals(await captions("none"), await captions());
    assertEquals(await captions("minimal"), ["Hello she said", 'the 5" one', "all of it"]);
  }));

Deno.test("tables: a line of more than 8 MiB is one malformed row", () =>
  withFolder(async (folder) => {
    // longer than the window ever grows to, and shorter
    const long = "x".repeat(19_000_000), less = "x".repeat(2 ** 23);
    for (const end of ["\n", "\r\n"]) {
      const [path, packed] = await writeBoth(
        `${folder}/t.tsv`,
        ["https://a/1\ta", `https://a/2\t${long}`, `https://a/3\t"${less}`, "https://a/4\td", long].join(end),
      );
      for (const each of [path, packed]) {
        await using file = await openRowFile(each, { quoting: "minimal" });
        const { rows, places } = await file.survey(1);
        assertEquals(rows, 5);
        const read = (await Promise.all(places.map((place) => file.read(place, 1)))).flat();
        assertEquals(cellsOf(read).map((cells) => typeof cells === "string" ? cells : cells["1"]), [
          ...["a", "more than 8 MiB", "more than 8 MiB", "d", "more than 8 MiB"],
        ]);
      }
    }
  }));

Deno.test("tables: a damaged gzip stream is said to be one, and an aborted survey ends", () =>
  withFolder(async (folder) => {
    const draw = randomStream(3),
      lines = Array.from({ length: 90_000 }, (_, i) => `https://a/${i}\t${draw.next()}`);
    const [path, packed] = await writeBoth(`${folder}/t.tsv`, lines.join("\n"));
    const bytes = await Deno.readFile(packed);
    await Deno.writeFile(packed, bytes.subarray(0, bytes.length - 1000));
    await using cut = await openRowFile(packed);
    assertMatch(await refusal(packed, () => cut.survey(1000)), /damaged or cut short/);
    assertEquals((await cut.read({ row: 0 }, 2)).length, 2);
    await using file = await openRowFile(path);
    const stop = new AbortController(), reason = new Error("enough");
    let seen = 0;
    const survey = file.survey(1000, {
      look: () => ++seen === 5000 && stop.abort(reason),
      signal: stop.signal,
    });
    assertEquals(await survey.catch((error) => error), reason);
    assert(seen < 20_000, `${seen} rows behind the abort`);
    assertEquals(await file.read({ row: 0 }, 1, stop.signal).catch((error) => error), reason);
    assertEquals((await file.read({ row: 0, byte: 0 }, 1)).length, 1);
  }));

Deno.test({
  name: "tables: real captions, line by line",
  ignore: !present(dataRoot),
  fn: async () => {
    const path = decodeURIComponent(new URL("captions/cc3m_val_part.tsv.gz", dataRoot).pathname);
    const { rows, columns } = await rowsInEveryOrder(path, {}, [997]);
    const stream = (await Deno.open(path)).readable.pipeThrough(new DecompressionStream("gzip"));
    const [header, ...lines] = (await new Response(stream).text()).trimEnd().split("\n");
    assertEquals(columns, header.split("\t"));
    assertEquals(rows.map(({ cells }) => columns.map((name) => cells[name]).join("\t")), lines);
  },
});
