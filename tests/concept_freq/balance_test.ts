// `freq balance` against its rule written plainly: every draw in one list, in the order of file, entry and caption.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { randomState, randomStream } from "../../data_utils/mod.ts";
import { balanceCommand } from "../../concept_freq/commands/balance_command.ts";
import { runCount } from "../../concept_freq/run/run.ts";
import { balance, entryProbabilities } from "../../concept_freq/substring/balance.ts";
import { compileEntries } from "../../concept_freq/substring/compile_entries.ts";
import { packEntries } from "../../concept_freq/substring/entry_list.ts";
import { sumEntryCounts } from "../../concept_freq/substring/match_lists.ts";
import { killIfAlive } from "../startup/kill.ts";
import { printedBy } from "./printed.ts";
import { listener } from "./run_made.ts";
import { countsOf, matchesOf } from "./substring_rule.ts";

const entries = ["a", "b", "a b", "", "red bird", "red", "a", "never", "é", "b b"];

/** The rows of each file that are kept. */
function keptByRule(
  files: readonly (string | null)[][],
  t: number,
  seed: number,
  given?: readonly number[],
): number[][] {
  const counts = given ?? countsOf(files.flat(), entries), stream = randomState(seed);
  return files.map((captions) => {
    const matches = captions.map((caption) => matchesOf(caption, entries)), kept = new Set<number>();
    entries.forEach((_, entry) => {
      matches.forEach((held, pair) => {
        if (!held.includes(entry)) return;
        const p = t === Infinity ? 1 : t / Math.max(counts[entry], t);
        if (stream.sample() < p) kept.add(pair);
      });
    });
    return [...kept].sort((a, b) => a - b);
  });
}

function madeCaptions(seed: number, count: number): string[] {
  const draw = randomStream(seed), words = ["a", "b", "red", "bird", "é", "x", "y", "z", "a,", "b b", "word"];
  return Array.from({ length: count }, (_, i) => {
    const text = Array.from({ length: 1 + draw.int(5) }, () => words[draw.int(words.length)]).join(" ");
    return draw.int(6) === 0 ? `${text}\n"${i}" a` : text;
  });
}

const field = (text: string) => /[\t\n\r"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
const records = (captions: readonly string[]) => captions.map((caption, i) => `${i}\t${field(caption)}`);

async function gzipped(text: string): Promise<Uint8Array> {
  return new Uint8Array(
    await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer(),
  );
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const made = [madeCaptions(1, 300), madeCaptions(2, 0), madeCaptions(3, 400), madeCaptions(4, 90)];

/** Four files of captions: a.tsv, b.jsonl without a line, c/d.tsv.gz, e.json. */
async function writeCaptions(folder: string): Promise<void> {
  await Deno.mkdir(`${folder}/c`, { recursive: true });
  await Deno.writeTextFile(`${folder}/a.tsv`, ["ID\tTEXT", ...records(made[0]), ""].join("\n"));
  await Deno.writeTextFile(`${folder}/b.txt`, "");
  await Deno.writeFile(`${folder}/c/d.tsv.gz`, await gzipped(["ID\tTEXT", ...records(made[2])].join("\n")));
  await Deno.writeTextFile(`${folder}/e.json`, JSON.stringify(made[3]));
}

/** What must lie in the output folder. */
function outputsOf(kept: readonly number[][]): Record<string, string> {
  const table = (f: number) => ["ID\tTEXT", ...kept[f].map((row) => records(made[f])[row]), ""].join("\n");
  return {
    "a.tsv": table(0),
    "b.txt": "",
    "c/d.tsv": table(2),
    "e.jsonl": kept[3].map((row) => JSON.stringify(made[3][row]) + "\n").join(""),
  };
}

async function written(out: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of ["a.tsv", "b.txt", "c/d.tsv", "e.jsonl"]) {
    found[name] = await Deno.readTextFile(`${out}/${name}`);
  }
  return found;
}

/** Balances `folder`/captions as the command does; `after` is called with a file's number when it is about to start. */
async function balanced(
  folder: string,
  out: string,
  { t, seed, workers = 2, blockBytes = 700, signal = new AbortController().signal }: {
    t: number;
    seed: number;
    workers?: number;
    blockBytes?: number;
    signal?: AbortSignal;
  },
  onShow: (text: string) => void = () => {},
) {
  const compiled = compileEntries(packEntries(entries)), progress = { ...listener().progress, show: onShow };
  const outcome = await runCount({
    ...{
      command: "balance",
      name: "test",
      captionsName: "test",
      kind: "matches",
      spec: compiled,
      about: null,
    },
    ...{ settings: { entries: compiled.digest }, inputs: [`${folder}/captions`], captionOptions: {} },
    ...{ out, workers, blockBytes, signal, progress },
  });
  const scratch = `${outcome.folder}/scratch`;
  let keep = true;
  try {
    const counts = sumEntryCounts(outcome.partials, compiled.entries);
    const probability = entryProbabilities(counts, t);
    const files = await balance({
      ...{
        outcome,
        captionOptions: {},
        blockBytes,
        compiled,
        probability,
        seed,
        out,
        scratch,
        progress,
        signal,
      },
    });
    keep = false;
    return files;
  } finally {
    await outcome.release(keep);
  }
}

Deno.test("balance: as the rule says, for any number of workers and any size of units", () =>
  inFolder(async (folder) => {
    await writeCaptions(`${folder}/captions`);
    const cases = [[1, 700], [2, 2000], [3, 90], [3, 1 << 26]];
    for (const [i, [workers, blockBytes]] of cases.entries()) {
      for (const [t, seed] of [[20, 0], [3.5, 42], [Infinity, 1]]) {
        const kept = keptByRule(made, t, seed), out = `${folder}/out-${i}-${t}`;
        const files = await balanced(folder, out, { t, seed, workers, blockBytes });
        assertEquals(await written(out), outputsOf(kept));
        assertEquals(files.map(({ kept }) => kept), kept.map((rows) => rows.length));
        assertEquals(files.map(({ rows }) => rows), made.map((captions) => captions.length));
        const draws = made.flat().reduce((sum, caption) => sum + matchesOf(caption, entries).length, 0);
        assertEquals(files.reduce((sum, file) => sum + file.draws, 0), draws);
        assert(t === Infinity || kept.flat().length < made.flat().length / 2, "t keeps nearly everything");
      }
    }
  }));

Deno.test("balance: what is to be expected is what comes on average", () =>
  inFolder(async (folder) => {
    await writeCaptions(`${folder}/captions`);
    const files = await balanced(folder, `${folder}/out`, { t: 30, seed: 0 });
    const expected = files.reduce((sum, file) => sum + file.expected, 0);
    const mean = Array.from({ length: 100 }, (_, seed) => keptByRule(made, 30, seed).flat().length)
      .reduce((a, b) => a + b) / 100;
    assert(Math.abs(mean - expected) < 4, `${mean} is not near ${expected}`);
  }));

Deno.test("balance: stopped after a file it goes on with the next one", () =>
  inFolder(async (folder) => {
    await writeCaptions(`${folder}/captions`);
    const kept = keptByRule(made, 20, 7), out = `${folder}/out`, stop = new AbortController();
    const stopAt = (text: string) => void (text === "balancing file 3 of 4" && stop.abort());
    await assertRejects(
      () => balanced(folder, out, { t: 20, seed: 7, signal: stop.signal }, stopAt),
      DOMException,
    );
    assertEquals([...Deno.readDirSync(out)].map(({ name }) => name).sort().slice(1), ["a.tsv", "b.txt", "c"]);
    assertEquals([...Deno.readDirSync(`${out}/c`)], []);
    const shown: string[] = [];
    await balanced(folder, out, { t: 20, seed: 7 }, (text) => shown.push(text));
    assertEquals(shown.filter((text) => text.includes("balanced before")).length, 2);
    assertEquals(await written(out), outputsOf(kept));
  }));

Deno.test("freq balance: with counts of its own or given, and what it refuses", () =>
  inFolder(async (folder) => {
    await writeCaptions(`${folder}/captions`);
    const out = `${folder}/out`, file = `${folder}/entries.json`, counts = entries.map((_, i) => 10 + 40 * i);
    await Deno.writeTextFile(file, JSON.stringify(entries));
    counts[6] = counts[0]; // the same entry
    await Deno.writeTextFile(
      `${folder}/counts.json`,
      JSON.stringify(Object.fromEntries(entries.map((e, i) => [e, counts[i]]))),
    );
    const args = ["--entries", file, "--captions", `${folder}/captions`];
    const run = (...more: string[]) => printedBy(balanceCommand, [...args, "--out", out, ...more]);
    assertEquals(await run("--t", "20", "--seed", "5"), `${out}/balance.json\n`);
    assertEquals(await written(out), outputsOf(keptByRule(made, 20, 5)));
    const summary = JSON.parse(await run("--t", "9", "--counts", `${folder}/counts.json`, "--json"));
    const kept = keptByRule(made, 9, 0, counts);
    assertEquals(await written(out), outputsOf(kept));
    assertEquals([summary.kept, summary.rows, summary.t], [kept.flat().length, made.flat().length, 9]);
    assertEquals(summary, JSON.parse(await Deno.readTextFile(`${out}/balance.json`)));
    await run("--t", "inf");
    const held = made.map((captions) =>
      captions.flatMap((text, i) => matchesOf(text, entries).length > 0 ? [i] : [])
    );
    assertEquals(await written(out), outputsOf(held));

    await Deno.writeTextFile(`${folder}/few.json`, `{"a": 1}`);
    await assertRejects(
      () => run("--t", "9", "--counts", `${folder}/few.json`),
      RangeError,
      'no count of "b"',
    );
    await assertRejects(() => run("--t", "0"), RangeError, "--t 0");
    await assertRejects(
      () => printedBy(balanceCommand, [...args, "--t", "1", "--out", `${folder}/captions/out`]),
      RangeError,
      "lies within the captions",
    );
  }));

Deno.test("freq balance: killed at random moments, and then run to its end", () =>
  inFolder(async (folder) => {
    const lines = records(madeCaptions(9, 20_000));
    await Deno.mkdir(`${folder}/captions`);
    for (let i = 0; i < 4; i++) {
      const rows = ["ID\tTEXT", ...lines.slice(5000 * i, 5000 * (i + 1))].join("\n");
      await Deno.writeTextFile(`${folder}/captions/${i}.tsv`, rows);
    }
    await Deno.writeTextFile(`${folder}/entries.json`, JSON.stringify(entries));
    const program = decodeURIComponent(new URL("../../concept_freq/freq_cli.ts", import.meta.url).pathname);
    const start = (out: string) =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", program, "balance", "--t", "300", "--seed", "3"].concat(
          [
            "--entries",
            `${folder}/entries.json`,
            "--captions",
            `${folder}/captions`,
            "--out",
            `${folder}/${out}`,
          ],
        ),
        ...{ stdout: "null", stderr: "null" },
      }).spawn();
    const began = performance.now();
    assertEquals((await start("whole").status).code, 0);
    const needed = performance.now() - began, draw = randomStream(Date.now() % 2 ** 32);
    for (let i = 0; i < 3; i++) {
      const run = start("killed"), ended = run.status;
      // An early end of the run must neither be waited out nor be killed.
      let timer: ReturnType<typeof setTimeout> | undefined = undefined;
      const moment = new Promise<true>((resolve) => {
        timer = setTimeout(() => resolve(true), needed * (0.2 + 0.7 * draw.uniform()));
      });
      if (await Promise.race([ended, moment]) === true) killIfAlive(run);
      clearTimeout(timer);
      await ended;
    }
    assertEquals((await start("killed").status).code, 0);
    for (const name of ["0.tsv", "1.tsv", "2.tsv", "3.tsv"]) {
      const [killed, whole] = ["killed", "whole"].map((out) =>
        Deno.readTextFileSync(`${folder}/${out}/${name}`)
      );
      assertEquals(killed, whole);
    }
  }));
