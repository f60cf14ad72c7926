// The study's parts that need no device: arms, settings and the handling of processes.
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import {
  Failure,
  parseFlags,
  type ReportedRun,
  Stopped,
  type TrainingReport,
  WORLD_TEMPLATES,
} from "../../data_utils/mod.ts";
import {
  agreeOnSettings,
  allRuns,
  arms,
  inParallel,
  legendOf,
  matchAccuracy,
  parseRun,
  runChild,
  runFolder,
  type RunLine,
  runsBefore,
  studyFlags,
  studyFolder,
  studySettings,
  subVocabularyFor,
} from "../../exps_clip/study/mod.ts";
import { progressText } from "../../exps_clip/study/study.ts";
import { withFolder } from "../data_utils/made_files.ts";

const flagsOf = (...args: string[]) => parseFlags(args, studyFlags).values;
const settingsOf = (...args: string[]) => studySettings(flagsOf(...args), { described: true });

Deno.test("study settings: the defaults are world.md's, --quick is less, --full all, and flags change them", () => {
  const settings = settingsOf();
  assertEquals(settings, {
    arms: ["sl_full", "sl_sub", "clip_templates", "clip_rich"],
    seeds: 2,
    data: { kind: "world", classes: 64, testPerClass: 50 },
    laws: ["ratio:10"],
    images: 20_000,
    batchSize: 64,
    steps: 625,
    evaluations: 12,
    scale: 1,
    templates: WORLD_TEMPLATES,
    bpe: null,
  });
  const quick = settingsOf("--quick");
  assert(quick.steps < settings.steps && quick.images < settings.images);
  assertEquals([quick.arms, quick.seeds], [["sl_full", "clip_templates"], 1]);
  const full = settingsOf("--full");
  assertEquals([full.arms, full.seeds, full.laws], [arms.map(({ name }) => name), 3, [
    "ratio:10",
    "ratio:50",
  ]]);
  assertEquals({ ...full, arms: 0, seeds: 0, laws: 0 }, { ...settings, arms: 0, seeds: 0, laws: 0 });
  assertEquals(settingsOf("--preset", "strong").laws, ["ratio:50"]);
  const large = settingsOf("--scale", "4");
  assertEquals([large.images, large.steps, large.scale], [80_000, 2500, 4]);
  const files = ["--train", "a*.tar", "--val", "b.tar", "--classes", "c.txt", "--law", "zipf:1.0"];
  const own = settingsOf(...files);
  assertEquals(own.data, {
    ...{ kind: "files", train: ["a*.tar"], val: ["b.tar"], classes: "c.txt", size: null, testPerClass: null },
  });
  assertEquals(own.laws, ["zipf:1.0"]);
  assertEquals(settingsOf("--arms", "clip_rich,sl_full").arms, ["sl_full", "clip_rich"]);
  const folder = (...args: string[]) => studyFolder(flagsOf(...args));
  const folders = [folder(), folder("--quick"), folder("--full"), folder("--quick", "--out", "x")];
  assertEquals(folders, ["runs/study", "runs/study-quick", "runs/study-full", "x"]);
});

Deno.test("study settings: without captions of the images' own the arms that need them fall away", () => {
  const mute = (...args: string[]) => studySettings(flagsOf(...args), { described: false }).arms;
  assertEquals(mute(), ["sl_full", "sl_sub", "clip_templates"]);
  assertEquals(mute("--full").filter((name) => ["clip_rich", "clip_mix"].includes(name)), []);
  assertThrows(() => mute("--arms", "clip_mix"), RangeError, "--arms clip_mix needs captions");
});

Deno.test("study settings: flags that do not go together", () => {
  const wrong: [string[], string][] = [
    [["--train", "a.tar"], "--train, --val and --classes go together"],
    [["--classes", "c.txt"], "--train, --val and --classes go together"],
    [["--size", "64"], "--size goes with --train"],
    [["--arms", "sl_full,dino"], "Unknown arm dino: use sl_full, sl_sub, sl_sub_uniform, sl_adjusted"],
    [["--arms", "sl_full,sl_full"], "names an arm twice"],
    [["--arms", "sl_full,sl_frozen"], "sl_frozen takes its head from clip_rich or clip_templates"],
    [["--seen", "10"], "--seen 10 is less than one batch of 64"],
    [["--quick", "--full"], "--quick and --full do not go together"],
    [["--preset", "strong", "--law", "uniform"], "--preset strong stands for --law ratio:50"],
    [["--preset", "extreme"], "--preset extreme is none of mild, strong"],
  ];
  for (const [args, message] of wrong) assertThrows(() => settingsOf(...args), RangeError, message);
});

Deno.test("study settings: every arm of a seed before the next seed; a run by the name of its folder", () => {
  const settings = {
    arms: ["sl_full", "sl_frozen", "clip_templates"],
    laws: ["ratio:10", "tails/my own.txt"],
    seeds: 2,
  };
  const runs = allRuns(settings), first = runs.slice(0, 6).map(runFolder);
  assertEquals(first, [
    ...["clip_templates-ratio10-seed0", "sl_full-ratio10-seed0", "sl_frozen-ratio10-seed0"],
    ...["clip_templates-myown-seed0", "sl_full-myown-seed0", "sl_frozen-myown-seed0"],
  ]);
  assertEquals([runs.length, runs[6].seed], [12, 1]);
  assertEquals(runsBefore(runs[2], settings), [runs[0]]);
  assertEquals(runsBefore(runs[1], settings), []);
  assertEquals(parseRun("sl_full-myown-seed1", settings), {
    arm: "sl_full",
    law: "tails/my own.txt",
    seed: 1,
  });
  for (const text of ["sl_full-ratio10-seed2", "sl_sub-ratio10-seed0", "clip_templates"]) {
    assertThrows(() => parseRun(text, settings), RangeError, `--only ${text} is none of the study's runs`);
  }
});

Deno.test("study settings: a folder keeps to its settings", async () => {
  await withFolder(async (dir) => {
    const settings = settingsOf();
    await agreeOnSettings(dir, settings);
    await agreeOnSettings(dir, settings);
    const other = { ...settings, laws: ["uniform"] };
    await assertRejects(
      () => agreeOnSettings(dir, other),
      RangeError,
      'laws.0 is "ratio:10" there and "uniform" here',
    );
    await Deno.writeTextFile(`${dir}/study.json`, "{");
    await assertRejects(() => agreeOnSettings(dir, settings), SyntaxError, "study.json is not JSON");
  });
});

Deno.test("arms: the legend follows their order, with SL at CLIP's accuracy after SL", () => {
  const names = legendOf(["sl_full", "clip_templates", "sl_balanced"]).map(({ arm }) => arm);
  assertEquals(names, ["sl_full", "sl_matched", "clip_templates", "sl_balanced"]);
  assertEquals(legendOf(["sl_full", "clip_rich"]).map(({ arm }) => arm), ["sl_full", "clip_rich"]);
});

Deno.test("matched accuracy: the evaluation nearest to CLIP's top-1, as a run; none where none is near", () => {
  const classes = ["cat", "dog"],
    rows = (acc: number[], pred: number[]) =>
      classes.map((name, c) => ({ class: name, freq: 9 - c, acc: acc[c], pred: pred[c] }));
  const measures = { top5: 1, rho_freq_acc: 1, head: null, middle: null, tail: null };
  const supervised: ReportedRun = {
    ...{
      arm: "sl_full",
      law: "ratio:10",
      seed: 1,
      run: "sl_full-ratio10-seed1",
      steps: 90,
      images_seen: 900,
    },
    ...{ seconds: 5, images_per_second: 180, collapse: null, curve: [], ...measures },
    ...{ top1: 0.8, rho_freq_pred: 0.2, per_class: rows([0.9, 0.7], [11, 9]) },
  };
  const at = (step: number, top1: number, rho_freq_pred: number) => ({
    ...{ step, images_seen: 10 * step, top1, rho_freq_pred, ...measures, acc: [top1, 0.1], pred: [step, 1] },
  });
  const evaluations = [at(30, 0.4, 0.9), at(60, 0.62, 0.7), at(90, 0.8, 0.2)];
  const found = matchAccuracy(supervised, evaluations, { top1: 0.6 });
  assert("run" in found);
  const { arm, law, seed, run, steps, images_seen, top1, rho_freq_pred, per_class } = found.run;
  assertEquals([arm, law, seed, run], ["sl_matched", "ratio:10", 1, "sl_full-ratio10-seed1"]);
  assertEquals([steps, images_seen, top1, rho_freq_pred], [60, 600, 0.62, 0.7]);
  assertEquals(per_class, rows([0.62, 0.1], [60, 1]));
  const none = matchAccuracy(supervised, evaluations, { top1: 0.5 });
  assert("reason" in none);
  assertStringIncludes(none.reason, "seed 1: no evaluation of SL within 5.0 points of CLIP's 50.0 %");
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
    [{ arm: "clip_rich", law: "uniform", seed: 0 }, report(50, 300)],
    [{ arm: "sl_full", law: "uniform", seed: 0 }, report(20, 500)],
  ]);
  const text = progressText(underWay, { done: 1, total: 4, settings: { steps: 100, batchSize: 64 } });
  assertEquals(text, "1 of 4 runs done, clip_rich:0 50/100 300/s, sl_full:0 20/100 500/s, 0:18 left");
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

Deno.test("children: one that has told its result is done, also where its process breaks at its end", async () => {
  const { lines, done } = child(`
    console.log(JSON.stringify({ result: { steps: 1 } }));
    Deno.kill(Deno.pid, "SIGKILL");
  `);
  await done;
  assertEquals(lines.length, 1);
  await assertRejects(() => child(`Deno.kill(Deno.pid, "SIGKILL")`).done, Failure, "ended with code 137");
});

Deno.test("children: a stop is passed on, and waited for", async () => {
  const stop = new AbortController();
  const code =
    `Deno.addSignalListener("SIGINT", () => { console.log('{"report":"saved"}'); Deno.exit(130); });
    console.log('{"report":0}'); setInterval(() => {}, 1000)`;
  const { lines, done } = child(code, stop.signal);
  while (lines.length === 0) await new Promise((resume) => setTimeout(resume, 20));
  stop.abort();
  await assertRejects(() => done, Stopped);
  assertEquals(lines.at(-1) as unknown, { report: "saved" });
});

Deno.test("parallel jobs: so many at a time, in order; the first failure stops the others", async () => {
  const { signal } = new AbortController();
  const begun: number[] = [];
  let now = 0, most = 0;
  const start = async (job: number) => {
    begun.push(job);
    most = Math.max(most, ++now);
    await new Promise((resume) => setTimeout(resume, 5 * (6 - job)));
    now--;
  };
  await inParallel({ jobs: [1, 2, 3, 4, 5], width: 2, start, signal });
  assertEquals([begun, most], [[1, 2, 3, 4, 5], 2]);

  const ended: string[] = [];
  const failing = inParallel({
    jobs: ["fails", "waits", "never"],
    width: 2,
    async start(job, stop) {
      if (job === "fails") throw new RangeError("bad");
      await new Promise<void>((resume) => stop.addEventListener("abort", () => resume()));
      ended.push(job);
      throw new Stopped("Stopped");
    },
    signal,
  });
  await assertRejects(() => failing, RangeError, "bad");
  assertEquals(ended, ["waits"]);
  const aborted = { jobs: [1], width: 1, start: () => Promise.resolve(), signal: AbortSignal.abort() };
  await assertRejects(() => inParallel(aborted), Stopped);
});

Deno.test("parallel jobs: one that waits for another begins after it, and lets later ones pass", async () => {
  const { signal } = new AbortController(), events: string[] = [];
  await inParallel({
    jobs: ["clip", "frozen", "sl"],
    width: 2,
    before: (job) => job === "frozen" ? ["clip"] : [],
    async start(job) {
      events.push(`${job} begins`);
      await new Promise((resume) => setTimeout(resume, job === "clip" ? 30 : 5));
      events.push(`${job} ends`);
    },
    signal,
  });
  assertEquals(events, ["clip begins", "sl begins", "sl ends", "clip ends", "frozen begins", "frozen ends"]);
});
