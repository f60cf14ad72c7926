// How programs that make data sets end: dry runs, outputs that are all there or none, and what is said of where they
// came from; and how a program finds its commands.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  type Command,
  type Curation,
  factsOf,
  finishCuration,
  histogramLines,
  histogramOf,
  runCommand,
} from "../../data_utils/mod.ts";

const encoder = new TextEncoder();
const finish = { dryRun: false, json: false };

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What is printed while `work` runs. */
async function printed(work: () => Promise<void>): Promise<string> {
  const lines: string[] = [], { log } = console;
  console.log = (...parts: unknown[]) => void lines.push(parts.join(" "));
  try {
    await work();
  } finally {
    console.log = log;
  }
  return lines.join("\n");
}

const text = (path: string, content: string) => ({
  path,
  write: async (file: Deno.FsFile) => void await file.write(encoder.encode(content)),
});

function curation(folder: string, more: Partial<Curation> = {}): Curation {
  return {
    ...{ command: "made", flags: { k: 5 }, seed: 7, rows: 3, inputs: [`${folder}/in.tsv`] },
    outputs: [text(`${folder}/new/out.tsv`, "a\nb\n"), text(`${folder}/freq.txt`, "x\t3\n")],
    classes: { names: ["x", "y", 'a "z", [1]'], counts: [2, 0, 1] },
    ...more,
  };
}

async function sha256(path: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", await Deno.readFile(path))).toHex();
}

const names = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();

Deno.test("curation: a dry run says what would be written, with the classes, and writes nothing", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/in.tsv`, "in");
    const said = await printed(() => finishCuration(curation(folder), { dryRun: true, json: false }));
    assertStringIncludes(said, `Would be written, 3 rows:\n  ${folder}/new/out.tsv\n  ${folder}/freq.txt`);
    assertStringIncludes(said, "3 classes: 0 to 2 rows, median 1, 1 without rows");
    const asJson = JSON.parse(
      await printed(() => finishCuration(curation(folder), { dryRun: true, json: true })),
    );
    assertEquals(asJson.classes.counts, [["x", 2], ["y", 0], ['a "z", [1]', 1]]);
    assertEquals([asJson.written, asJson.rows, asJson.seed, asJson.flags], [false, 3, 7, { k: 5 }]);
    assertEquals(await names(folder), ["in.tsv"]);
  }));

Deno.test("curation: outputs and provenance are written, with hashes that are those of the files, twice the same", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/in.tsv`, "in");
    const provenance = `${folder}/new/out.tsv.provenance.json`;
    await printed(() => finishCuration(curation(folder), finish));
    const first = await Deno.readTextFile(provenance), said = JSON.parse(first);
    assertEquals(said.inputs, [{
      path: `${folder}/in.tsv`,
      bytes: 2,
      sha256: await sha256(`${folder}/in.tsv`),
    }]);
    assertEquals(said.outputs, [
      { path: `${folder}/new/out.tsv`, bytes: 4, sha256: await sha256(`${folder}/new/out.tsv`) },
      { path: `${folder}/freq.txt`, bytes: 4, sha256: await sha256(`${folder}/freq.txt`) },
    ]);
    assertEquals([said.program, said.deno, said.seed], ["beyond-tail data made", Deno.version.deno, 7]);
    assertEquals(await Deno.readTextFile(`${folder}/new/out.tsv`), "a\nb\n");
    await printed(() => finishCuration(curation(folder), finish));
    assertEquals(await Deno.readTextFile(provenance), first);
    assertEquals(await names(folder), ["freq.txt", "in.tsv", "new"]);
    assertEquals(await names(`${folder}/new`), ["out.tsv", "out.tsv.provenance.json"]);
  }));

Deno.test("curation: when the last output fails, none is written and the old ones stay", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/in.tsv`, "in");
    await Deno.mkdir(`${folder}/new`);
    await Deno.writeTextFile(`${folder}/new/out.tsv`, "old");
    const failing = { path: `${folder}/freq.txt`, write: () => Promise.reject(new Error("disk full")) };
    const broken = curation(folder, { outputs: [text(`${folder}/new/out.tsv`, "new"), failing] });
    await assertRejects(() => finishCuration(broken, finish), Error, "disk full");
    assertEquals(await names(folder), ["in.tsv", "new"]);
    assertEquals(await names(`${folder}/new`), ["out.tsv"]);
    assertEquals(await Deno.readTextFile(`${folder}/new/out.tsv`), "old");
  }));

Deno.test("curation: an input is never overwritten, by whatever path it is named", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/in.tsv`, "in");
    await Deno.symlink(`${folder}/in.tsv`, `${folder}/link.tsv`);
    await Deno.symlink(folder, `${folder}/self`);
    for (
      const path of ["in.tsv", "link.tsv", "self/in.tsv", "self/../" + folder.split("/").at(-1) + "/in.tsv"]
    ) {
      const clash = curation(folder, { outputs: [text(`${folder}/${path}`, "x")] });
      for (const dryRun of [true, false]) {
        await assertRejects(() => finishCuration(clash, { dryRun, json: false }), RangeError, "is an input");
      }
    }
    const twice = curation(folder, { outputs: [text(`${folder}/a`, "x"), text(`${folder}/self/a`, "x")] });
    await assertRejects(() => finishCuration(twice, finish), RangeError, "is written twice");
    const isFolder = curation(folder, { outputs: [text(`${folder}/self`, "x")] });
    await assertRejects(() => finishCuration(isFolder, finish), RangeError, "is a folder");
    assertEquals(await Deno.readTextFile(`${folder}/in.tsv`), "in");
  }));

Deno.test("curation: a folder is known by the names and sizes of its files", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/a/b`, { recursive: true });
    await Deno.writeTextFile(`${folder}/a/b/1`, "one");
    await Deno.writeTextFile(`${folder}/a/2`, "12");
    const facts = await factsOf(folder);
    const listing = await crypto.subtle.digest("SHA-256", encoder.encode("a/2\t2\na/b/1\t3\n"));
    assertEquals(facts, {
      ...{ path: folder, bytes: 5, sha256: null, files: 2 },
      listing_sha256: new Uint8Array(listing).toHex(),
    });
  }));

Deno.test("curation: classes by the digits of their counts", () => {
  const histogram = histogramOf(["a", "b", "c", "d"], [0, 12, 1234, 99]);
  assertEquals([histogram.total, histogram.zeros, histogram.min, histogram.median, histogram.max], [
    1345,
    1,
    0,
    55.5,
    1234,
  ]);
  assertEquals(histogramLines(histogram, false).slice(1).map((line) => line.replace(/#+/, "#").trim()), [
    "rows  classes",
    "0  1 #",
    "1 - 9  0",
    "10 - 99  2 #",
    "100 - 999  0",
    "1,000 - 9,999  1 #",
  ]);
});

Deno.test("programs: a command is found by its first word; an unknown one is answered with those there are", async () => {
  const calls: string[][] = [];
  const load = (name: string): () => Promise<Command> => () =>
    Promise.resolve({
      name,
      summary: `does ${name}`,
      help: `help of ${name}`,
      run: (args) => (calls.push([name, ...args]), Promise.resolve()),
    });
  const program = {
    task: "made",
    about: "Made.",
    commands: { one: load("one"), three: load("three") },
    example: "made one",
  };
  const run = (...args: string[]) => printed(() => runCommand(program, args, new AbortController().signal));
  await run("three", "--k", "2");
  assertEquals(calls, [["three", "--k", "2"]]);
  assertEquals(await run("one", "--k", "--help"), "help of one");
  for (const asked of [[], ["--help"], ["help"]]) {
    const said = await run(...asked);
    assert(
      said.includes("  one    does one\n  three  does three") && said.includes("deno task made COMMAND"),
      said,
    );
  }
  await assertRejects(
    () => run("toString"),
    RangeError,
    "made has no command toString, but one, three; see --help",
  );
});
