// The names @std/assert, @std/cli, @std/csv and @std/streams are typed re-exports of an npm package without
// types: here their types are used and their behaviour is seen, failing assertions included.
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  AssertionError,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { parseArgs } from "@std/cli";
import { CsvParseStream, parse, stringify } from "@std/csv";
import { mergeReadableStreams, TextLineStream, toText } from "@std/streams";

Deno.test("@std/assert: assertions hold, and throw AssertionError where they do not", async () => {
  const claims: (() => void)[] = [
    () => assert(0),
    () => assertFalse("x"),
    () => assertEquals({ a: [1, 2] }, { a: [1, 3] }),
    () => assertAlmostEquals(1, 1.1, 0.05),
    () => assertStringIncludes("frequency", "concept"),
    () => assertMatch("abc", /^b/),
    () => assertInstanceOf(new Error("x"), TypeError),
    () => assertThrows(() => {}),
    () =>
      assertThrows(
        () => {
          throw new RangeError("too wide");
        },
        RangeError,
        "too long",
      ),
  ];
  for (const claim of claims) assertThrows(claim, AssertionError);
  await assertRejects(() => assertRejects(() => Promise.resolve(1)), AssertionError);

  assertEquals(new Float32Array([1, 2]), new Float32Array([1, 2]));
  assertAlmostEquals(0.1 + 0.2, 0.3);
  const error = assertThrows(
    () => {
      throw new RangeError("too wide");
    },
    RangeError,
    "wide",
  );
  const message: string = error.message;
  assertEquals(message, "too wide");
});

Deno.test("@std/cli: named flags come back typed", () => {
  const unknown: string[] = [];
  const flags = parseArgs([
    "--out",
    "007",
    "--train=a",
    "--train=b",
    "--json",
    "--no-colour",
    "run",
    "--nope",
  ], {
    string: ["out", "train", "law"],
    boolean: ["json", "quick", "colour"],
    negatable: ["colour"],
    collect: ["train"],
    default: { law: "uniform", colour: true },
    unknown: (arg, key) => {
      if (key !== undefined) unknown.push(arg);
    },
  });
  const out: string | undefined = flags.out;
  const train: string[] = flags.train;
  const law: string = flags.law;
  const quick: boolean = flags.quick;
  assertEquals([out, train, law, flags.json, quick, flags.colour], [
    "007",
    ["a", "b"],
    "uniform",
    true,
    false,
    false,
  ]);
  assertEquals(unknown, ["--nope"]);
});

Deno.test("@std/csv: rows, named rows, streams, and malformed text", async () => {
  assertEquals(parse("a\tb\n1\t2\n", { separator: "\t" }), [["a", "b"], ["1", "2"]]);
  const named = parse("name,freq\ncat,3\n", { skipFirstRow: true, columns: ["name", "freq"] });
  const freq: string = named[0].freq;
  assertEquals(freq, "3");
  assertEquals(stringify([{ a: "x,y", b: 1 }], { columns: ["a", "b"] }), 'a,b\r\n"x,y",1\r\n');
  assertThrows(() => parse('a,"b\n'), SyntaxError);
  const rows = await Array.fromAsync(
    ReadableStream.from(["1,", "2\n3,4\n"]).pipeThrough(new CsvParseStream()),
  );
  assertEquals(rows, [["1", "2"], ["3", "4"]]);
});

Deno.test("@std/streams: lines across pieces, and streams joined", async () => {
  const lines = await Array.fromAsync(
    ReadableStream.from(["a\r", "\nb", "c\nd"]).pipeThrough(new TextLineStream()),
  );
  assertEquals(lines, ["a", "bc", "d"]);
  const joined = await toText(mergeReadableStreams(ReadableStream.from(["x"]), ReadableStream.from(["y"])));
  assertEquals([...joined].sort().join(""), "xy");
});
