// What a viewer reads of run folders: the catalogue of a folder tree with every run's state, and logs in part while they
// grow, however long they are.
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  lastJsonlRecord,
  openRun,
  readCatalogue,
  readJsonlFrom,
  readRunSummary,
  RUN_FORMAT,
  sampleJsonl,
} from "../../data_utils/mod.ts";

function folderTest(name: string, test: (dir: string) => Promise<void>) {
  Deno.test(name, async () => {
    const dir = await Deno.makeTempDir({ prefix: "catalogue test " });
    try {
      await test(dir);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}

async function makeRun(dir: string, steps = 2) {
  await using run = await openRun({ dir, config: { steps: 10 } });
  for (let step = 1; step <= steps; step++) run.log({ step, loss: 1 / step, seconds: step });
}

async function age(dir: string, seconds: number) {
  const then = new Date(Date.now() - seconds * 1000);
  for await (const { name } of Deno.readDir(dir)) await Deno.utime(`${dir}/${name}`, then, then);
}

folderTest("catalogue: runs with their newest records, in order, and studies", async (dir) => {
  for (const name of ["b", "a/deep", ".hidden"]) await makeRun(`${dir}/${name}`);
  await Deno.mkdir(`${dir}/empty`);
  await Deno.writeTextFile(`${dir}/a/report.json`, "{}");
  await Deno.symlink("/", `${dir}/out`);
  const { runs, studies, truncated } = await readCatalogue(dir);
  assertEquals([runs.map((run) => run.dir), studies, truncated], [["a/deep", "b"], ["a"], false]);
  assertEquals(runs[0], {
    ...{ dir: "a/deep", state: "training", config: { steps: 10 }, evaluation: null, result: null },
    last: { step: 2, loss: 0.5, seconds: 2 },
  });
  assertEquals((await readCatalogue(`${dir}/b`)).runs.map((run) => run.dir), ["."]);
  await assertRejects(() => readCatalogue(`${dir}/nowhere`), Deno.errors.NotFound);
});

folderTest("catalogue: it ends at its limits and says so", async (dir) => {
  for (const name of ["a", "b", "c/d/e"]) await makeRun(`${dir}/${name}`);
  const found = async (limits: Parameters<typeof readCatalogue>[1]) => {
    const { runs, truncated } = await readCatalogue(dir, limits);
    return [runs.map((run) => run.dir), truncated];
  };
  assertEquals(await found({ runs: 2 }), [["a", "b"], true]);
  assertEquals(await found({ depth: 2 }), [["a", "b"], false]);
  assertEquals(await found({ entries: 2 }), [[], true]);
  assertEquals(await found({ runs: 3, depth: 3 }), [["a", "b", "c/d/e"], false]);
});

folderTest("catalogue: a run is training, stopped, done or broken", async (dir) => {
  const state = async () => (await readRunSummary(dir, "run")).state;
  await makeRun(`${dir}/run`);
  assertEquals(await state(), "training");
  await age(`${dir}/run`, 50);
  assertEquals(await state(), "training");
  await age(`${dir}/run`, 120);
  assertEquals(await state(), "stopped");
  // A step takes 5 seconds, so a line comes every 50.
  await Deno.writeTextFile(`${dir}/run/metrics.jsonl`, '{"step":10,"seconds":50}\n');
  await age(`${dir}/run`, 150);
  assertEquals(await state(), "training");
  await age(`${dir}/run`, 250);
  assertEquals(await state(), "stopped");
  await Deno.writeTextFile(`${dir}/run/result.json`, '{"top1":0.5}');
  assertEquals(await state(), "done");
});

folderTest("catalogue: what is wrong with a broken run is told", async (dir) => {
  const problem = async () => {
    const { state, problem } = await readRunSummary(dir, "run");
    assertEquals(state, "broken");
    return problem;
  };
  await makeRun(`${dir}/run`);
  const write = (name: string, text: string) => Deno.writeTextFile(`${dir}/run/${name}`, text);
  await write("result.json", "{");
  assert((await problem())?.includes("result.json is not JSON"));
  await write("metrics.jsonl", '{"step":1}\n[2]\n');
  assert((await problem())?.includes("The last line of"));
  await write("config.json", '{"format":"beyond-tail-run/0","config":{}}');
  assert((await problem())?.includes(`"beyond-tail-run/0", this version writes "${RUN_FORMAT}"`));
  await write("config.json", "?");
  assert((await problem())?.includes("config.json is not JSON"));
  await Deno.truncate(`${dir}/run/config.json`, 2 ** 30);
  assert((await problem())?.includes("config.json has 1024 MiB"));

  await makeRun(`${dir}/other`);
  for (const name of ["metrics.jsonl", "config.json"]) {
    await Deno.remove(`${dir}/run/${name}`);
    await Deno.symlink(`${dir}/other/${name}`, `${dir}/run/${name}`);
    if (name === "config.json") assert((await problem())?.includes("config.json is no plain file"));
  }
  await Deno.remove(`${dir}/run/config.json`);
  await Deno.copyFile(`${dir}/other/config.json`, `${dir}/run/config.json`);
  assert((await problem())?.includes("metrics.jsonl is no plain file"));
});

folderTest("log window: a short log is thinned evenly, first and last kept", async (dir) => {
  const path = `${dir}/log.jsonl`;
  assertEquals((await sampleJsonl(path, 5)).records, []);
  const lines = Array.from({ length: 101 }, (_, step) => JSON.stringify({ step }) + "\n");
  await Deno.writeTextFile(path, lines.join("") + '{"step":10');
  const { records, damaged } = await sampleJsonl(path, 5);
  assertEquals([records.map(({ step }) => step), damaged], [[0, 25, 50, 75, 100], 0]);
  assertEquals((await sampleJsonl(path, 1000)).records.length, 101);
  assertEquals(await lastJsonlRecord(path), { step: 100 });
});

folderTest("log window: of a huge log a few lines are read, from all of it", async (dir) => {
  const path = `${dir}/log.jsonl`, count = 400_000;
  const line = (step: number) => JSON.stringify({ step, pad: "x".repeat(20 + step % 7) }) + "\n";
  await Deno.writeTextFile(path, Array.from({ length: count }, (_, step) => line(step)).join(""));
  const part = await sampleJsonl(path, 100), steps = part.records.map(({ step }) => Number(step));
  assertEquals([steps[0], steps.at(-1), steps.length, part.damaged], [0, count - 1, 100, 0]);
  const gaps = steps.slice(1).map((step, i) => step - steps[i]);
  assert(gaps.every((gap) => Math.abs(gap / (count / 99) - 1) < 0.05), gaps.join(" "));

  // A gigabyte of nothing behind it takes no memory to pass over, and no line is made up.
  await Deno.truncate(path, 2 ** 30);
  const before = Deno.memoryUsage().rss, sparse = await sampleJsonl(path, 100);
  assert(sparse.records.length < 5 && Deno.memoryUsage().rss - before < 300 * 2 ** 20);
});

folderTest("log window: news of a growing log, lines only when finished", async (dir) => {
  const path = `${dir}/log.jsonl`;
  const append = (text: string) => Deno.writeTextFile(path, text, { append: true });
  let { place } = await sampleJsonl(path, 10);
  const news = async () => {
    const part = await readJsonlFrom(path, place);
    if (part) place = part.place;
    return part && [part.records, part.damaged];
  };
  assertEquals(await news(), [[], 0]);
  await append('{"step":1}\n{"st');
  assertEquals(await news(), [[{ step: 1 }], 0]);
  assertEquals(await news(), [[], 0]);
  await append('ep":2}\n?\n');
  assertEquals(await news(), [[{ step: 2 }], 1]);
  await append("x".repeat(2 ** 20 + 10));
  assertEquals(await news(), [[], 1]);
  await append('\n{"step":3}\n');
  assertEquals(await news(), [[{ step: 3 }], 1]);

  await Deno.writeTextFile(`${path}.tmp`, '{"step":1}\n'.repeat(200_000)); // as a resumed run rewrites its logs
  await Deno.rename(`${path}.tmp`, path);
  assertEquals(await news(), null);
  place = (await sampleJsonl(path, 10)).place;
  await Deno.truncate(path, 11);
  assertEquals(await news(), null);
  await Deno.remove(path);
  assertEquals(await news(), null);
});
