// The study's parts that need no device: arms, settings and the handling of processes.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Failure, parseFlags, Stopped, type TrainingReport, WORLD_TEMPLATES } from "../../data_utils/mod.ts";
import {
  agreeOnSettings,
  allRuns,
  inParallel,
  parseRun,
  runChild,
  type RunLine,
  studyFlags,
  studyFolder,
  studySettings,
  subVocabularyFor,
} from "../../exps_clip/study/mod.ts";
import { progressText } from "../../exps_clip/study/study.ts";
import { withFolder } from "../data_utils/made_files.ts";

const settingsOf = (...args: string[]) => studySettings(parseFlags(args, studyFlags).values);

Deno.test("study settings: the defaults are world.md's, --quick is less, and flags change them", () => {
  const settings = settingsOf();
  assertEquals(settings, {
    arms: ["sl_full", "sl_sub", "clip"],
    seeds: 3,
    data: { kind: "world", classes: 64, testPerClass: 50 },
    law: "ratio:10",
    images: 20_000,
    batchSize: 64,
    steps: 625,
    templates: WORLD_TEMPLATES,
    bpe: null,
  });
  const quick = settingsOf("--quick", "--seeds", "2");
  assert(quick.steps < settings.steps && quick.images < settings.images);
  assertEquals(quick.seeds, 2);
  const own = settingsOf("--train", "a*.tar", "--val", "b.tar", "--classes", "c.txt", "--law", "zipf:1.0");
  assertEquals(own.data, {
    ...{ kind: "files", train: ["a*.tar"], val: ["b.tar"], classes: "c.txt", size: null, testPerClass: null },
  });
  assertEquals(own.law, "zipf:1.0");
  const folder = (...args: string[]) => studyFolder(parseFlags(args, studyFlags).values);
  assertEquals([folder(), folder("--quick"), folder("--quick", "--out", "x")], [
    "runs/study",
    "runs/study-quick",
    "x",
  ]);
});

Deno.test("study settings: flags that do not go together", () => {
  const wrong: [string[], string][] = [
    [["--train", "a.tar"], "--train, --val and --classes go together"],
    [["--classes", "c.txt"], "--train, --val and --classes go together"],
    [["--size", "64"], "--size goes with --train"],
    [["--arms", "sl_full,dino"], "Unknown arm dino: use sl_full, sl_sub, clip"],
    [["--arms", "clip,clip"], "names an arm twice"],
    [["--seen", "10"], "--seen 10 is less than one batch of 64"],
  ];
  for (const [args, message] of wrong) assertThrows(() => settingsOf(...args), RangeError, message);
});

Deno.test("study settings: every arm of a seed before the next seed; a run by its name", () => {
  const settings = { arms: ["sl_full", "clip"], seeds: 2 };
  assertEquals(allRuns(settings).map(({ arm, seed }) => `${arm}:${seed}`), [
    "clip:0",
    "sl_full:0",
    "clip:1",
    "sl_full:1",
  ]);
  assertEquals(parseRun("sl_full:1", settings), { arm: "sl_full", seed: 1 });
  for (const text of ["sl_full:2", "sl_sub:0", "clip"]) {
    assertThrows(() => parseRun(text, settings), RangeError, `--only ${text} is none of the study's runs`);
  }
});

Deno.test("study settings: a folder keeps to its settings", async () => {
  await withFolder(async (dir) => {
    const settings = settingsOf();
    await agreeOnSettings(dir, settings);
    await agreeOnSettings(dir, settings);
    const other = { ...settings, law: "uniform" };
    await assertRejects(
      () => agreeOnSettings(dir, other),
      RangeError,
      'law is "ratio:10" there and "uniform" here',
    );
    await Deno.writeTextFile(`${dir}/study.json`, "{");
    await assertRejects(() => agreeOnSettings(dir, settings), SyntaxError, "study.json is not JSON");
  });
});

Deno.test("arms: a sub-vocabulary is a quarter of the classes, at most 16, over whole parts of the batch", () => {
  assertEquals(subVocabularyFor(64, 64), { size: 16, processes: 4 });
  assertEquals(subVocabularyFor(200, 64), { size: 16, processes: 4 });
  assertEquals(subVocabularyFor(10, 64), { size: 3, processes: 16 });
  assertEquals(subVocabularyFor(3, 7), { size: 2, processes: 1 });
});

Deno.test("progress: how many runs are done, how fast the others are, and the time that is left", () => {
  const report = (step: number, rate: number): TrainingReport => ({
    step,
    steps: 100,
    loss: 1,
    seconds: 1,
    rate,
  });
  const underWay = new Map([
    [{ arm: "clip", seed: 0 }, report(50, 300)],
    [{ arm: "sl_full", seed: 0 }, report(20, 500)],
  ]);
  const text = progressText(underWay, { done: 1, total: 4, settings: { steps: 100, batchSize: 64 } });
  assertEquals(text, "1 of 4 runs done, clip:0 50/100 300/s, sl_full:0 20/100 500/s, 0:18 left");
  assertEquals(
    progressText(new Map(), { done: 0, total: 4, settings: { steps: 100, batchSize: 64 } }),
    "0 of 4 runs done",
  );
});

const child = (code: string, signal = new AbortController().signal) => {
  const lines: RunLine[] = [];
  const done = runChild({ args: ["eval", "--quiet", code], onLine: (line) => lines.push(line), signal });
  return { lines, done };
};

Deno.test("children: lines arrive whole; a failure brings its last words and its code", async () => {
  const good = child(`console.log('{"report":1}\\n{"re' + 'port":2}'); console.log('{"result":3}')`);
  await good.done;
  assertEquals(good.lines as unknown[], [{ report: 1 }, { report: 2 }, { result: 3 }]);
  const bad = child(`console.error("first\\nno such file x"); Deno.exit(2)`).done;
  const failure = await assertRejects(() => bad, Failure, "no such file x");
  assertEquals(failure.exitCode, 2);
  assertEquals(
    (await assertRejects(() => child("Deno.exit(7)").done, Failure, "ended with code 7")).exitCode,
    1,
  );
});

Deno.test("children: a stop is passed on, and waited for", async () => {
  const stop = new AbortController();
  const code =
    `Deno.addSignalListener("SIGINT", () => { console.log('{"result":"saved"}'); Deno.exit(130); });
    console.log('{"report":0}'); setInterval(() => {}, 1000)`;
  const { lines, done } = child(code, stop.signal);
  while (lines.length === 0) await new Promise((resume) => setTimeout(resume, 20));
  stop.abort();
  await assertRejects(() => done, Stopped);
  assertEquals(lines.at(-1) as unknown, { result: "saved" });
});

Deno.test("parallel jobs: so many at a time, in order; the first failure stops the others", async () => {
  const { signal } = new AbortController();
  const begun: number[] = [];
  let now = 0, most = 0;
  await inParallel([1, 2, 3, 4, 5], 2, async (job) => {
    begun.push(job);
    most = Math.max(most, ++now);
    await new Promise((resume) => setTimeout(resume, 5 * (6 - job)));
    now--;
  }, signal);
  assertEquals([begun, most], [[1, 2, 3, 4, 5], 2]);

  const ended: string[] = [];
  const failing = inParallel(["fails", "waits", "never"], 2, async (job, stop) => {
    if (job === "fails") throw new RangeError("bad");
    await new Promise<void>((resume) => stop.addEventListener("abort", () => resume()));
    ended.push(job);
    throw new Stopped("Stopped");
  }, signal);
  await assertRejects(() => failing, RangeError, "bad");
  assertEquals(ended, ["waits"]);
  await assertRejects(() => inParallel([1], 1, () => Promise.resolve(), AbortSignal.abort()), Stopped);
});
