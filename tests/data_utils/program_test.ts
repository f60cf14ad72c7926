// Flags, outcomes and progress of the training programs.
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  clockTime,
  describeFlags,
  errorLine,
  exitCode,
  Failure,
  type FlagTable,
  parseFlags,
  progressOn,
  readFlags,
  scoreLines,
  stepLine,
  Stopped,
} from "../../data_utils/mod.ts";

const file = decodeURIComponent(new URL(import.meta.url).pathname),
  folder = file.slice(0, file.lastIndexOf("/"));

const table = {
  "batch-size": { kind: "whole", least: 1, most: 512, default: 64, short: "b", help: "images to a step" },
  lr: { kind: "number", help: "learning rate" },
  data: { kind: "texts", help: "where the images are" },
  scheduler: { kind: "text", choices: ["cosine", "step"], default: "cosine", help: "course of the rate" },
  quick: { kind: "switch", help: "less" },
} as const satisfies FlagTable;

Deno.test("flags: values, defaults, both spellings, repeats and what was given", () => {
  const plain = parseFlags([], table);
  assertEquals(plain.values, {
    "batch-size": 64,
    lr: undefined,
    data: [],
    scheduler: "cosine",
    quick: false,
  });
  assertEquals([plain.given.size, plain.positional], [0, []]);

  const args = ["--batch_size=32", "--lr", "-1e-3", "--data", "a b", "--data=c=d", "--quick", "rest"];
  const { values, given, positional } = parseFlags(args, table);
  assertEquals(values, {
    "batch-size": 32,
    lr: -1e-3,
    data: ["a b", "c=d"],
    scheduler: "cosine",
    quick: true,
  });
  assertEquals([...given], ["batch-size", "lr", "data", "quick"]);
  assertEquals(positional, ["rest"]);
  assertEquals(parseFlags(["-b", "8"], table).values["batch-size"], 8);
});

Deno.test("flags: one line that names what is wrong", () => {
  const wrong: [string[], string][] = [
    [["--colour"], "Unknown flag --colour; see --help"],
    [["--toString"], "Unknown flag --toString; see --help"],
    [["-x", "1"], "Unknown flag -x; see --help"],
    [["--lr"], "--lr needs a value; see --help"],
    [["--lr", "fast"], "--lr fast is not a number"],
    [["--lr", ""], "--lr  is not a number"],
    [["--batch-size", "1.5"], "--batch-size 1.5 is not a whole number"],
    [["--batch-size", "0"], "--batch-size 0 is below 1"],
    [["--batch-size", "513"], "--batch-size 513 is above 512"],
    [["--scheduler", "linear"], "--scheduler linear is none of cosine, step"],
    [["--quick=yes"], "--quick takes no value"],
    [["--lr", "1", "--lr", "2"], "--lr is given twice"],
  ];
  for (const [args, message] of wrong) assertThrows(() => parseFlags(args, table), RangeError, message);
  assertThrows(() => readFlags(["b.tar"], table), RangeError, "Unexpected b.tar");
  assertThrows(() => readFlags(["--quick"], table, ["lr"]), RangeError, "--lr is needed");
});

Deno.test("flags: the help names every flag with value, choices and default, within the width", () => {
  const text = describeFlags(table, 60);
  assertEquals(text.split("\n")[0], "  -b, --batch-size N  images to a step (default 64)");
  assertStringIncludes(text, "--scheduler TEXT");
  assertStringIncludes(text.replace(/\s+/g, " "), "course of the rate: cosine, step (default cosine)");
  assertEquals(text.split("\n").every((line) => line.length <= 60), true);
});

Deno.test("outcome: the kind of an error decides the exit code, and its text is one line", () => {
  assertEquals(exitCode(new RangeError("x")), 2);
  assertEquals(exitCode(new SyntaxError("x")), 2);
  assertEquals(exitCode(new Deno.errors.NotFound("x")), 2);
  assertEquals(exitCode(new Error("The loss is NaN")), 1);
  assertEquals(exitCode(new Deno.errors.Busy("x")), 1);
  assertEquals(exitCode(new Stopped("x")), 130);
  assertEquals(exitCode(AbortSignal.abort().reason), 130);
  assertEquals(exitCode(new Failure("x", 2)), 2);
  assertEquals(errorLine(new Error("first\n  second\n")), "first second");
  const missing = assertThrows(() => Deno.readTextFileSync("no such/file.txt"));
  assertEquals(
    errorLine(missing),
    "There is no file or folder no such/file.txt; check the path that was given",
  );
  const paths: [() => void, string][] = [
    [
      () => Deno.statSync(""),
      'There is no file or folder "" (an empty path); check the path that was given',
    ],
    [() => Deno.readTextFileSync(folder), `${folder} is a folder; a file is wanted here`],
    [() => Deno.mkdirSync(`${file}/runs`), `${file}/runs leads through a file; give a path through folders`],
    [() => Deno.mkdirSync(file), `${file} is a file; a folder is wanted here`],
  ];
  for (const [use, line] of paths) {
    const error = assertThrows(use);
    assertEquals([exitCode(error), errorLine(error)], [2, line]);
  }
  const denied = new Deno.errors.PermissionDenied("Permission denied (os error 13): open '/a/b'");
  assertEquals(exitCode(denied), 2);
  assertEquals(errorLine(denied), "/a/b is not open to this user; choose another or change its rights");
  const closing = new SuppressedError(new Error("close failed too"), new RangeError("the cause"));
  assertEquals([exitCode(closing), errorLine(closing)], [2, "the cause"]);
});

Deno.test("progress: written over on a terminal, now and then elsewhere", () => {
  const lines = (terminal: boolean) => {
    let text = "";
    const out = {
      isTerminal: () => terminal,
      writeSync: (bytes: Uint8Array) => {
        text += new TextDecoder().decode(bytes);
        return bytes.length;
      },
    };
    const progress = progressOn(out, 1e9);
    progress.show("one thing");
    progress.show("two");
    progress.note("note");
    progress.end();
    return text;
  };
  assertEquals(lines(false), "one thing\nnote\n");
  assertEquals(lines(true), "\rone thing\rtwo      \r   \rnote\n");
  assertEquals([7, 65, 3723].map(clockTime), ["0:07", "1:05", "1:02:03"]);
});

Deno.test("lines: how far a training is, and scores with dashes for what is missing", () => {
  const line = stepLine({ step: 100, steps: 625, loss: 3.2144, seconds: 10, rate: 640 }, 64);
  assertEquals(line, "step 100 of 625, loss 3.214, 640 images/s, 0:53 left");
  const text = scoreLines({ top1: 0.5123, rho_freq_acc: null, rho_freq_pred: -0.256 }).join("\n");
  assertStringIncludes(text, "top-1                       51.2 %");
  assertStringIncludes(text, "rho(frequency, accuracy)    -\n");
  assertStringIncludes(text, "rho(frequency, predictions) -0.26");
});
