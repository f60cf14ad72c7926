// `freq class` killed ten times, at any moment, over a hundred megabytes of captions in several formats: its tables are
// byte for byte those of a run without a break, and no finished unit is counted twice.
import { assert, assertEquals } from "@std/assert";
import { command, run } from "../exps/processes.ts";
import { gzip, withFolder } from "../data_utils/made_files.ts";
import { progress } from "./progress.ts";

const freq = "concept_freq/freq_cli.ts";
const words = [
  "a",
  "the",
  "dog",
  "dogs",
  "red",
  "house",
  "of",
  "cat",
  "fire",
  "truck",
  "birthday",
  "cakes",
  "in",
  "man's",
];
const names = ["dog", "cat", "fire truck", "birthday cake", "red house", "submarine", "man"];

/** Fifty files of two megabytes: tables with quoted line ends, JSON lines, text, gzipped tables. */
async function writeCaptions(folder: string): Promise<void> {
  for (let file = 0; file < 50; file++) {
    let text = file % 4 === 3 ? "" : "URL\tTEXT\n";
    const lines = Array.from({ length: 32_000 }, (_, i) => {
      const caption = Array.from(
        { length: 3 + (i * 7 + file) % 12 },
        () => words[Math.floor(Math.random() * words.length)],
      );
      if (file % 4 === 1) return JSON.stringify({ TEXT: caption.join(" ") });
      if (file % 4 === 3) return caption.join(" ");
      return `http://example.org/${i}\t${i % 9 ? caption.join(" ") : `"${caption.join("\n")} ""said"""`}`;
    });
    text = (file % 4 === 1 ? "" : text) + lines.join("\n") + "\n";
    const bytes = new TextEncoder().encode(text), name = `${folder}/${String(file).padStart(2, "0")}`;
    if (file % 4 === 1) await Deno.writeFile(`${name}.jsonl`, bytes);
    else if (file % 4 === 3) await Deno.writeFile(`${name}.txt`, bytes);
    else if (file % 4 === 2) await Deno.writeFile(`${name}.tsv.gz`, gzip(bytes));
    else await Deno.writeFile(`${name}.tsv`, bytes);
  }
}

function partsIn(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name).filter((name) => name.endsWith(".part"));
  } catch {
    return [];
  }
}

Deno.test("freq class: killed ten times it ends with the tables of a run without a break", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/caps`);
    await writeCaptions(`${folder}/caps`);
    await Deno.writeTextFile(`${folder}/names.txt`, names.join("\n") + "\n");
    const args = (out: string) => [
      ...["class", "--captions", `${folder}/caps`, "--concept-set", `${folder}/names.txt`],
      ...["--out", `${folder}/${out}`],
    ];
    const straight = await run(freq, args("straight"));
    assertEquals(straight.code, 0, straight.err);
    progress(straight.err.split("\n").at(-1)!);

    const partial = `${folder}/broken/.partial/class_caps_names`;
    for (let kill = 1; kill <= 10; kill++) {
      const before = partsIn(partial), goal = before.length + 1 + Math.floor(Math.random() * 2);
      const child = command(freq, args("broken")).spawn();
      while (partsIn(partial).length < goal) await new Promise((resolve) => setTimeout(resolve, 2));
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 30));
      child.kill("SIGKILL");
      assertEquals((await child.output()).signal, "SIGKILL", "it had time to end");
      const after = partsIn(partial);
      assert(before.every((name) => after.includes(name)), "a finished unit is gone");
      progress(`kill ${kill} of 10 with ${after.length} of 50 units done`);
    }
    const done = partsIn(partial).length, last = await run(freq, args("broken"));
    assertEquals(last.code, 0, last.err);
    assert(last.err.startsWith(`resumed: ${done} of 50 units are done`), last.err);
    for (const name of ["class_frequency_caps_names.txt", "class_frequency_caps_names_ori.txt"]) {
      const [a, b] = await Promise.all(
        ["straight", "broken"].map((out) => Deno.readTextFile(`${folder}/${out}/${name}`)),
      );
      assertEquals(a, b);
    }
    const left = await Array.fromAsync(Deno.readDir(`${folder}/broken`), ({ name }) => name);
    assertEquals(left.length, 3, left.join(" "));
  });
});
