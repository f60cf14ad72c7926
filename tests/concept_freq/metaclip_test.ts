// `freq metaclip`: objects of texts and counts are read as JSON reads them, in pieces of any size; damage is named by its place and
// writes nothing; and classes get the counts that the rules give them.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { randomStream } from "../../data_utils/mod.ts";
import { metaclipCommand } from "../../concept_freq/commands/metaclip_command.ts";
import { metaclipName } from "../../concept_freq/metaclip/count_entries.ts";
import { countObjectReader } from "../../concept_freq/metaclip/count_object.ts";
import { dataRoot, present } from "../data_utils/golden_files.ts";
import { printedBy } from "./printed.ts";
import { captionMaker } from "./made_captions.ts";
import { metadataFolder, referenceClasses, referenceCounts, referenceWords } from "./reference.ts";

type Entry = [text: string, count: number];

/** The entries of JSON that comes in pieces of `pieceBytes`. */
function entriesOf(json: string | Uint8Array, pieceBytes = Infinity, room = 4096): Entry[] {
  const entries: Entry[] = [], buffer = new Uint8Array(room), decoder = new TextDecoder();
  const reader = countObjectReader((length, count) => {
    entries.push([decoder.decode(buffer.slice(0, length)), count]);
    buffer.fill(255);
  }, () => buffer);
  const bytes = typeof json === "string" ? new TextEncoder().encode(json) : json;
  const step = Math.min(pieceBytes, bytes.length) || 1;
  for (let from = 0; from < bytes.length; from += step) reader.push(bytes.subarray(from, from + step));
  reader.end();
  return entries;
}

Deno.test("metaclip: any object of texts and counts is read as JSON.parse reads it, whatever the pieces", () => {
  const { int } = randomStream(11);
  const letters = [
    ...'ab "\\/\b\f\n\r\t\u0000\u001f\u007fé\u2028\ud800\udc00\ufeff',
    "\u{1f409}",
    "ß",
    "7",
    "{",
    "}",
    ":",
    ",",
  ];
  const blank = () => ["", " ", "\n\t", "\r\n  "][int(4)];
  /** A text as JSON, each UTF-16 unit escaped or not as chance has it; halves of pairs always are. */
  const quoted = (text: string) =>
    '"' + Array.from({ length: text.length }, (_, i) => text[i]).map((unit) => {
      const code = unit.charCodeAt(0).toString(16).padStart(4, "0"),
        short = JSON.stringify(unit).slice(1, -1);
      if (/[\ud800-\udfff]/.test(unit) || int(6) === 0) {
        return `\\u${int(2) === 0 ? code : code.toUpperCase()}`;
      }
      return unit === "/" && int(2) === 0 ? "\\/" : short;
    }).join("") + '"';
  for (let trial = 0; trial < 400; trial++) {
    const wanted = new Map<string, number>(), parts: string[] = [];
    for (let n = int(6); n > 0; n--) {
      const text = `${n}` + Array.from({ length: int(9) }, () => letters[int(letters.length)]).join("");
      wanted.set(text, int(3) === 0 ? Number.MAX_SAFE_INTEGER - int(5) : int(2000) * (int(2) + 1));
      parts.push(`${blank()}${quoted(text)}${blank()}:${blank()}${wanted.get(text)}${blank()}`);
    }
    const json = `${["", "\ufeff"][int(2)]}${blank()}{${parts.join(",") || blank()}}${blank()}`;
    assertEquals(Object.entries(JSON.parse(json.replace(/^\ufeff/, ""))).length, wanted.size);
    const expected = [...wanted].map(([text, count]): Entry => [text.toWellFormed(), count]);
    for (const pieceBytes of [1, 2, 3, 7, Infinity]) {
      assertEquals(entriesOf(json, pieceBytes), expected, json);
    }
  }
});

Deno.test("metaclip: what is no object of texts and counts is refused at its place, and so is every cut", () => {
  const refused: [json: string, message: string][] = [
    ["", "ends at byte 0"],
    ["[1]", "'[' where the { of an object of texts and counts belongs at byte 0"],
    ['{"a":1}x', "'x' behind the end of the object at byte 7"],
    ['{"a":1}{}', "at byte 7"],
    ['{"a":1,}', "'}' where a text belongs at byte 7"],
    ["{,}", "at byte 1"],
    ["{a:1}", "'a' where a text or } belongs at byte 1"],
    ['{"a" 1}', "'1' where a colon belongs at byte 5"],
    ['{"a":1 2}', "'2' where a comma or } belongs at byte 7"],
    ['{"a":1e3}', "'e' within a count, which is whole, at byte 6"],
    ['{"a":1.0}', "'.' within a count, which is whole, at byte 6"],
    ['{"a":-1}', "'-' where a count, a whole number from 0, belongs at byte 5"],
    ['{"a":01}', "a count that begins with 0 at byte 6"],
    ['{"a":null}', "at byte 5"],
    ['{"a":"1"}', "at byte 5"],
    ['{"a":9007199254740992}', "above 2^53 - 1"],
    ['{"a\n":1}', "byte 0xa within a text"],
    ['{"a\\x":1}', "'x' behind a backslash at byte 4"],
    ['{"\\u00g0":1}', "'g' within \\u and four hexadecimal digits at byte 6"],
    [`{"${"a".repeat(5000)}":1}`, "a text of more than 4092 bytes"],
  ];
  for (const [json, message] of refused) {
    for (const pieceBytes of [1, Infinity]) {
      assertThrows(() => entriesOf(json, pieceBytes), SyntaxError, message);
    }
  }
  const whole = '{"a\\u00e9": 12, "b" : 3 }';
  assertEquals(entriesOf(whole).length, 2);
  for (let length = 0; length < whole.length; length++) {
    assertThrows(
      () => entriesOf(whole.slice(0, length)),
      SyntaxError,
      `cut short: the object ends at byte ${length}`,
    );
  }
  // Bytes that are no UTF-8 are characters that are no letters, not an error.
  const bytes = new TextEncoder().encode('{"ab":1}').with(3, 0xff);
  assertEquals(entriesOf(bytes), [["a\ufffd", 1]]);
});

Deno.test("metaclip: tables are named as the reference names them", () => {
  assertEquals(metaclipName("x/datacard_400m.json"), "metaclip_400m");
  assertEquals(metaclipName("datacard_fullcc2.5b.json"), "metaclip_fullcc");
  assertEquals(metaclipName("x.y/own.json.gz"), "own");
});

const wordnet = decodeURIComponent(new URL("wordnet", dataRoot).pathname),
  metadata = decodeURIComponent(metadataFolder.pathname);

Deno.test({
  name:
    "metaclip: tables of a made datacard hold what the rules give, plain and gzipped; a cut one writes nothing",
  ignore: !present(dataRoot),
  async fn() {
    const words = await referenceWords(), folder = await Deno.makeTempDir(), { int } = randomStream(5);
    for (const set of ["imagenet", "cub", "places365"]) {
      const classes = await referenceClasses(words, set), make = captionMaker(7, words, classes);
      const entries = new Map(Array.from({ length: 1500 }, () => [make(), int(1e9)]));
      const json = JSON.stringify(Object.fromEntries(entries));
      const expected = referenceCounts(words, classes, [...entries]);
      assert(expected.filter((count) => count > 0).length > classes.length / 4, "too few classes are met");
      const plain = `${folder}/datacard_400m.json`, gzipped = `${folder}/datacard_fullcc2.5b.json.gz`;
      await Deno.writeTextFile(plain, json);
      await Deno.writeFile(gzipped, new Blob([json]).stream().pipeThrough(new CompressionStream("gzip")));
      for (
        const [flag, path, name] of [["--json", plain, "metaclip_400m"], [
          "--json_path",
          gzipped,
          "metaclip_fullcc",
        ]]
      ) {
        const out = `${folder}/freqs`,
          flags = ["--dataset", set, "--metadata", metadata, "--wordnet", wordnet, "--out", out];
        const printed = await printedBy(metaclipCommand, [flag, path, ...flags, "--summary-json"]);
        const { tables, entries: read, total } = JSON.parse(printed);
        assertEquals([read, total], [
          entries.size,
          [...entries.values()].reduce((sum, count) => sum + count),
        ]);
        assertEquals(tables[1], `${out}/class_frequency_${name}_${set}_ori.txt`);
        const lines = classes.map((one, c) => `${one.name}\t${expected[c]}\n`);
        assertEquals(await Deno.readTextFile(tables[1]), lines.join(""));
        const order = lines.map((_, c) => c).sort((a, b) => expected[b] - expected[a] || a - b);
        assertEquals(await Deno.readTextFile(tables[0]), order.map((c) => lines[c]).join(""));
      }
    }
    const cut = `${folder}/cut.json`, out = `${folder}/none`;
    const flags = ["--dataset", "cub", "--metadata", metadata, "--wordnet", wordnet, "--out", out];
    await Deno.writeTextFile(cut, '{"a bird": 3, "northern cardi');
    await assertRejects(
      () => printedBy(metaclipCommand, ["--json", cut, ...flags]),
      SyntaxError,
      "cut.json: cut short: the object ends at byte 29",
    );
    await assertRejects(() => Deno.stat(out), Deno.errors.NotFound);
    await assertRejects(() => printedBy(metaclipCommand, flags), RangeError, "--json is needed");
    await assertRejects(
      () => printedBy(metaclipCommand, ["--json", cut, "--json-path", cut]),
      RangeError,
      "mean the same",
    );
    await Deno.remove(folder, { recursive: true });
  },
});
