// JSONL and text of captions: held against JSON.parse, TextDecoder and String.split over random lines cut everywhere.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { gzipSync } from "node:zlib";
import { captionArena, NULL_LENGTH, TEXT_AT } from "../../data_utils/captions/arena.ts";
import { type CaptionOptions, emptyTally } from "../../data_utils/captions/caption_file.ts";
import { jsonRecords, planJsonl, readJsonl } from "../../data_utils/captions/jsonl.ts";
import { planText, readText, textRecords } from "../../data_utils/captions/lines.ts";
import { readRecords } from "../../data_utils/captions/records.ts";
import { tallySpans } from "../../data_utils/captions/tally.ts";
import { draws, readWhole, withFile } from "./caption_reading.ts";
import { dataRoot, present } from "./golden_files.ts";

/** What the lines of a JSONL file hold by JSON.parse. */
function parsedLines(text: string, key: string, bare: boolean) {
  const captions: (string | null)[] = [];
  let malformed = 0;
  for (const line of text.split("\n")) {
    if (/^[ \t\r]*$/.test(line)) continue;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      malformed++;
      continue;
    }
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    if (!bare && !isObject) malformed++;
    else {
      const caption = bare ? value : (value as Record<string, unknown>)[key] ?? null;
      if (caption === null) captions.push(null);
      else if (typeof caption === "string") captions.push(caption.toWellFormed());
      else malformed++;
    }
  }
  return { captions, malformed, rows: captions.length + malformed };
}

const marks = [
  '"',
  "\\",
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  " ",
  "\t",
  "\r",
  "0",
  "-",
  ".",
  "e",
  "\n",
  "u",
  "\x01",
];
const strings = [
  ...[
    "",
    "a cat",
    "\u00e9\u{1f600}",
    'say "x"\\',
    "tab\t\n",
    "a caption of more than sixteen bytes \u2028",
    "\ud800",
  ],
  ...["TEXT", "}", "\\u0041", "/"],
];

function randomValue(draw: () => number, depth: number): unknown {
  const pick = <T>(from: readonly T[]) => from[Math.floor(draw() * from.length)];
  const kind = draw();
  if (depth > 0 && kind < 0.15) return Array.from({ length: draw() * 3 }, () => randomValue(draw, depth - 1));
  if (depth > 0 && kind < 0.3) return { TEXT: randomValue(draw, depth - 1), b: randomValue(draw, depth - 1) };
  return kind < 0.75 ? pick(strings) : pick<unknown>([null, true, false, 0, -1.5e-7, 1e21, 12]);
}

/** A line of JSON as writers write it, with spaces and escapes here and there, and at times damaged. */
function randomLine(draw: () => number, bare: boolean): string {
  const kind = draw(),
    caption = kind < 0.1
      ? null
      : kind < 0.7
      ? strings[Math.floor(draw() * strings.length)]
      : randomValue(draw, 2);
  const entries: [string, unknown][] = [["id", randomValue(draw, 2)], ["TEXT", caption], [
    "z",
    randomValue(draw, 1),
  ]];
  if (draw() < 0.3) entries.push(["TEXT", randomValue(draw, 1)]);
  if (draw() < 0.2) entries.splice(1, 1);
  const space = () => draw() < 0.2 ? [" ", "\t", "\r", "  "][Math.floor(draw() * 4)] : "";
  const write = (value: unknown) => {
    const text = JSON.stringify(value);
    return draw() < 0.3
      ? text.replace(/[A-Za-z](?=[A-Za-z]*")/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`)
      : text;
  };
  const isSafe = (text: string) => {
    try {
      return JSON.parse(text), true;
    } catch {
      return false;
    }
  };
  const pairs = entries.map(([key, value]) =>
    `${space()}${write(key)}${space()}:${space()}${write(value)}${space()}`
  );
  let line = bare ? write(caption) : `${space()}{${pairs.join(",")}}${space()}`;
  if (!isSafe(line)) line = bare ? JSON.stringify(caption) : JSON.stringify(Object.fromEntries(entries));
  if (draw() < 0.3) {
    const at = Math.floor(draw() * (line.length + 1)), mark = marks[Math.floor(draw() * marks.length)];
    line = line.slice(0, at) + (draw() < 0.5 ? mark : "") + line.slice(at + (draw() < 0.5 ? 1 : 0));
  }
  return line;
}

for (const bare of [false, true]) {
  Deno.test(`captions of jsonl: random lines of ${bare ? "strings" : "objects"} give what JSON.parse gives`, async () => {
    const draw = draws(bare ? 3 : 4), met = { malformed: 0, nulls: 0, captions: 0 };
    for (let round = 0; round < 150; round++) {
      const lines = Array.from({ length: 1 + draw() * 12 }, () => randomLine(draw, bare));
      const first = bare ? '"first"' : '{"TEXT":"first"}', text = [first, ...lines].join("\n");
      const want = parsedLines(text, "TEXT", bare);
      await withFile(text, async (path, bytes) => {
        for (const block of [1e9, 1 + Math.floor(draw() * 20), 1 + Math.floor(draw() * bytes)]) {
          const file = await planJsonl(path, false, bytes, {}, block),
            label = JSON.stringify({ text, block });
          const { captions, tally, rows, ended } = await readWhole(file, readJsonl, true);
          assertEquals(captions, want.captions, label);
          assertEquals([tally.rows, tally.malformed, ended], [want.rows, want.malformed, bytes], label);
          assertEquals(tally.nulls, want.captions.filter((caption) => caption === null).length, label);
          assertEquals(tally.empty, want.captions.filter((caption) => caption === "").length, label);
          assertEquals(rows.map((row) => parsedLines(row, "TEXT", bare).captions[0]), captions, label);
        }
        const file = await planJsonl(path, false, bytes), chunk = 1 + Math.floor(draw() * 9);
        const { captions, tally } = await readWhole(
          file,
          (...[file, unit, arena, sink, given = {}]) =>
            readRecords(file, unit, arena, sink, given, jsonRecords(file), chunk),
        );
        assertEquals(captions, want.captions, JSON.stringify({ text, chunk }));
        met.malformed += tally.malformed;
        met.nulls += tally.nulls;
        met.captions += captions.length;
      });
    }
    for (const [what, times] of Object.entries(met)) assert(times > 50, `${what}: ${times} times only`);
  });
}

async function readLines(content: string | Uint8Array, options: CaptionOptions = {}, block?: number) {
  return await withFile(content, async (path, bytes) => {
    const file = await planJsonl(path, false, bytes, options, block);
    return { column: file.column, ...await readWhole(file, readJsonl) };
  });
}

Deno.test("captions of jsonl: keys, duplicates, escaped keys, nesting, long captions", async () => {
  assertEquals((await readLines('{"text":"a","caption":"b"}\n')).captions, ["b"]);
  assertEquals((await readLines('{"x":1}\n{"text":"a"}\n')).captions, [null, "a"]);
  assertEquals((await readLines('{"text":"a","x":"b"}', { column: "x" })).captions, ["b"]);
  assertEquals((await readLines('{"na\u00efve key":"b"}', { column: "na\u00efve key" })).captions, ["b"]);
  assertEquals((await readLines('{"TEXT":"a","T\\u0045XT":"b"}\r\n\r\n')).captions, ["b"]);
  assertEquals((await readLines('{"a":{"TEXT":"inner"},"TEXT":"outer","b":[{"TEXT":"x"}]}')).captions, [
    "outer",
  ]);
  assertEquals((await readLines('\ufeff{"TEXT":"a"}\n')).captions, ["a"]);
  assertEquals((await readLines("\n \n")).captions, []);
  const nest = (depth: number) => `{"TEXT":"deep","a":${"[".repeat(depth)}${"]".repeat(depth)}}\n`;
  const deep = await readLines(nest(4095) + nest(4096));
  assertEquals([deep.captions, deep.tally.malformed], [["deep"], 1]);
  const long = "word \u00e9 ".repeat(200_000), most = 8 * 2 ** 20;
  const text = [
    '{"TEXT":"a"}',
    JSON.stringify({ TEXT: long }),
    JSON.stringify({ TEXT: "x".repeat(most) }),
    '{"TEXT":"b"}',
  ];
  const read = await readLines(text.join("\n"), {}, 2 ** 20);
  assert(read.captions[1] === long);
  assertEquals([read.captions.length, read.captions[2], read.tally.tooLong, read.tally.rows], [3, "b", 1, 4]);
  const many = Array.from({ length: 150_000 }, (_, i) => `tab\t${"y".repeat(i % 150)}${i}`);
  const { captions } = await readLines(many.map((caption) => JSON.stringify({ TEXT: caption })).join("\n"));
  assert(captions.length === many.length && captions.every((caption, i) => caption === many[i]));
});

Deno.test("captions of jsonl: what is no JSONL, or has no such key, is refused in one line", async () => {
  for (
    const [content, words, column] of [
      ["[1]\n".repeat(12), "none of its first 10 lines is a JSON object", undefined],
      [
        '{"a":"b","c":1}\n',
        "has no key TEXT, caption, text, but a, c: name one with --caption-col",
        undefined,
      ],
      ['{"TEXT":"b"}\n', "has no key title, but TEXT", "title"],
      ["\xff\xfe{\0", "looks like UTF-16", undefined],
      ['{\0\0\0"\0\0\0', "looks like UTF-16 or UTF-32", undefined],
    ] as const
  ) {
    const bytes = Uint8Array.from(content, (c) => c.charCodeAt(0));
    const error = await assertRejects(() => readLines(bytes, { column }), SyntaxError);
    assert(error.message.includes(words), error.message);
    assert(!error.message.includes("\n"));
  }
});

Deno.test("captions of text: every line is one, also empty ones, but not a carriage return alone", async () => {
  const draw = draws(5),
    pieces = ["\n", "\n", "\r", "\r\n", "a", " ", "caption of more than sixteen", "\u00e9"];
  for (let round = 0; round < 100; round++) {
    let text = "";
    for (let i = 0; i < 1 + draw() * 30; i++) text += pieces[Math.floor(draw() * pieces.length)];
    const lines = text.split("\n"),
      want = lines.map((line, i) => i < lines.length - 1 ? line.replace(/\r$/, "") : line);
    // A line without a line feed at the end of the file: a carriage return there stays, and no byte is no line.
    const last = want.pop()!;
    if (last !== "") want.push(last);
    await withFile(text, async (path, bytes) => {
      const plain = { tally: emptyTally(), captions: [] as (string | null)[] };
      for (const block of [1e9, 1, 2, 3, 1 + Math.floor(draw() * bytes)]) {
        const file = await planText(path, false, bytes, {}, block), label = JSON.stringify({ text, block });
        const { captions, tally, rows } = await readWhole(file, readText, true);
        assertEquals(captions, want, label);
        assertEquals(rows, want, label);
        assertEquals([tally.rows, tally.empty], [want.length, want.filter((line) => !line).length], label);
        Object.assign(plain, { tally, captions });
      }
      const file = await planText(path, false, bytes), chunk = 1 + Math.floor(draw() * 5);
      const { captions } = await readWhole(
        file,
        (...[file, unit, arena, sink, given = {}]) =>
          readRecords(file, unit, arena, sink, given, textRecords(file), chunk),
      );
      assertEquals(captions, want, JSON.stringify({ text, chunk }));
      await Deno.writeFile(path, gzipSync(text));
      const packed = await readWhole(await planText(path, true, (await Deno.stat(path)).size), readText);
      assertEquals([packed.captions, packed.tally], [plain.captions, plain.tally]);
    });
  }
});

Deno.test("captions of text: a line above 8 MiB is left out, the ones around it are not", async () => {
  const most = 8 * 2 ** 20,
    text = ["a", "x".repeat(most), "y".repeat(most + 1), "z".repeat(3 * most), "b"].join("\n");
  await withFile(text, async (path, bytes) => {
    const { captions, tally } = await readWhole(
      await planText(path, false, bytes, {}, 5 * 2 ** 20),
      readText,
    );
    assertEquals(captions.map((caption) => caption!.length), [1, most, 1]);
    assertEquals([tally.rows, tally.tooLong], [5, 2]);
  });
});

Deno.test("captions: what counts as UTF-8 is what a strict decoder takes, at every length and place", () => {
  const draw = draws(6), arena = captionArena(), strict = new TextDecoder("utf-8", { fatal: true });
  const pieces = [
    ...[[0x61], [0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67], [0xc3, 0xa9], [0xe2, 0x82, 0xac], [
      0xf0,
      0x9f,
      0x98,
      0x80,
    ]],
    ...[[0xef, 0xbf, 0xbf], [0xf4, 0x8f, 0xbf, 0xbf], [0xe0, 0xa0, 0x80], [0xed, 0x9f, 0xbf], [
      0xf0,
      0x90,
      0x80,
      0x80,
    ]],
  ];
  const bad = [
    ...[[0xc0, 0xaf], [0xc1, 0xbf], [0xe0, 0x9f, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [
      0xf5,
      0x80,
      0x80,
    ]],
    ...[[0x80], [0xff], [0xe2, 0x82], [0xf0, 0x9f, 0x98], [0xc3], [0xf0, 0x8f, 0xbf, 0xbf], [
      0xe2,
      0x28,
      0xa1,
    ]],
  ];
  let want = 0, at = TEXT_AT, count = 0, empties = 0, nulls = 0;
  for (; count < 20_000; count++) {
    const bytes: number[] = [], length = Math.floor(draw() * 12);
    for (let i = 0; i < length; i++) bytes.push(...pieces[Math.floor(draw() * pieces.length)]);
    if (draw() < 0.4) {
      bytes.splice(Math.floor(draw() * bytes.length), 0, ...bad[Math.floor(draw() * bad.length)]);
    }
    const isNull = draw() < 0.1;
    arena.bytes().set(bytes, at);
    arena.spans().set([at, isNull ? NULL_LENGTH : bytes.length], 2 * count);
    at += bytes.length;
    if (isNull) nulls++;
    else if (bytes.length === 0) empties++;
    else {
      try {
        strict.decode(Uint8Array.from(bytes));
      } catch {
        want++;
      }
    }
  }
  const tally = { ...emptyTally(), nulls: 1 };
  tallySpans(arena, count, tally);
  assertEquals(tally, { ...emptyTally(), nulls: nulls + 1, empty: empties, invalidUtf8: want });
  assert(want > 1000 && empties > 100);
});

Deno.test("captions: bytes that are no UTF-8 are counted and passed on by every format of lines", async () => {
  const bytes = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
  const broken = await readLines(bytes('{"TEXT":"caf\xe9 au lait"}\n{"TEXT":"ok"}\n{"TEXT":"x\xe9\\n"}'));
  assertEquals(broken.captions, ["caf\ufffd au lait", "ok", "x\ufffd\n"]);
  assertEquals(broken.tally.invalidUtf8, 2);
  await withFile(bytes("caf\xe9\n\xc3\xa9\n"), async (path, size) => {
    const { captions, tally } = await readWhole(await planText(path, false, size), readText);
    assertEquals([captions, tally.invalidUtf8], [["caf\ufffd", "\u00e9"], 1]);
  });
});

Deno.test({
  name: "captions of jsonl: the real ones of COCO val2017 are 25,014",
  ignore: !present(dataRoot),
  async fn() {
    const path = decodeURIComponent(new URL("captions/coco_val2017_captions.jsonl.gz", dataRoot).pathname);
    const file = await planJsonl(path, true, (await Deno.stat(path)).size);
    const { captions, tally } = await readWhole(file, readJsonl);
    assertEquals([file.column, captions.length, tally.rows, tally.malformed], ["caption", 25_014, 25_014, 0]);
    assertEquals(captions[0], "A black Honda motorcycle parked in front of a garage.");
  },
});
