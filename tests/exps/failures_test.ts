// What fails while a program runs ends it with one line that names the place and where it goes on, exit code 1 (130 when
// asked to stop), and loses nothing: the same command ends with the numbers of a run that met no trouble.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { readEvaluations, readJsonl } from "../../data_utils/mod.ts";
import { withFolder } from "../data_utils/made_files.ts";
import { type Ending, runIn, type Trouble } from "./failing_programs.ts";
import { clip, run, study, sup, writeColours } from "./processes.ts";

const posix = Deno.build.os !== "windows";
/** Less than a checkpoint of the small models, more than anything else they write. */
const tooSmallForCheckpoints = 1_000_000;

const exists = (path: string) => Deno.stat(path).then(() => true, () => false);

/** All numbers that a run left, without those of the clock. */
async function numbersOf(dir: string) {
  const metrics = await Array.fromAsync(readJsonl(`${dir}/metrics.jsonl`));
  const { seconds: _, images_per_second: __, skipped: ___, ...result } = JSON.parse(
    await Deno.readTextFile(`${dir}/result.json`),
  );
  const model = await Deno.readFile(`${dir}/model.safetensors`);
  return {
    metrics: metrics.map(({ seconds: _, ...record }) => record),
    evaluations: await readEvaluations(dir),
    result,
    weights: model.subarray(-1_000_000), // the header notes seconds
  };
}

const goesOn = (dir: string) =>
  new RegExp(
    `; ${dir} (stands at step \\d+, where the same command goes on|has no checkpoint yet: .* anew)$`,
  );

/** Stops and breaks a training in every way in turn; then it is finished, and compared with a straight one. */
async function throughAll(
  program: string,
  args: readonly string[],
  folder: string,
  flag: string,
): Promise<void> {
  const straight = await run(program, [...args, flag, `${folder}/straight`, "--name", "run"]);
  assertEquals(straight.code, 0, straight.err);
  const dir = `${folder}/broken/run`, broken = [...args, flag, `${folder}/broken`, "--name", "run"];
  const troubles: [Trouble, number, RegExp][] = [
    [
      { stopAt: `${dir}/model.safetensors` },
      130,
      /^Stopped at step \d+ of \d+; the same command goes on from there$/,
    ],
    [
      { device: { nanAfter: 20 } },
      1,
      /^The (loss is NaN at step \d+: first in .*|weight .* not finite after step \d+); .* smaller learning rate; /,
    ],
    [{ device: { lostAfter: 40 } }, 1, /^The device failed: it was lost \(the driver was reset\); /],
  ];
  const full = /run\/training-\d+\.safetensors could not be written, .*\(os error \d+\): make room there; /;
  if (posix) troubles.push([{ fileBytes: tooSmallForCheckpoints }, 1, full]);
  for (const [trouble, code, line] of troubles) {
    const ended = await runIn(trouble, program, broken);
    assertEquals(ended.code, code, ended.err);
    assertMatch(ended.last, line);
    if (code === 1) assertMatch(ended.last, goesOn(dir));
    assert(await exists(`${dir}/metrics.csv`), "a run that breaks off exports too");
    assertEquals(await exists(`${dir}/result.json`), false);
    assertEquals(Array.from(Deno.readDirSync(dir)).filter(({ name }) => name.endsWith(".tmp")), []);
  }
  const finished = await run(program, broken);
  assertEquals(finished.code, 0, finished.err);
  assertEquals(await numbersOf(dir), await numbersOf(`${folder}/straight/run`));
}

const common = ["-b", "8", "--save-every", "0", "--report-to", "csv"];

Deno.test("sup: device lost, stop, NaN and full disk one after the other leave the numbers of a run without them", async () => {
  await withFolder(async (folder) => {
    await writeColours(folder, 48);
    const data = ["--data-path", `${folder}/pairs.tsv`, "--val-data", `${folder}/shard-0.tar.gz`];
    const args = [
      "train",
      ...data,
      "--classes",
      `${folder}/classes.txt`,
      "--epochs",
      "20",
      "--val-freq",
      "3",
    ];
    await throughAll(sup, [...args, ...common], folder, "--log-dir");
  });
});

Deno.test("clip: device lost, stop, NaN and full disk one after the other leave the numbers of a run without them", async () => {
  await withFolder(async (folder) => {
    await writeColours(folder, 48);
    const data = ["--train-data", `${folder}/pairs.tsv`, "--classes", `${folder}/classes.txt`];
    await throughAll(clip, ["train", ...data, "--epochs", "20", ...common], folder, "--logs");
  });
});

Deno.test({
  name:
    "study: a full disk in a run is told with the run and the file, and the study goes on when there is room",
  ignore: !posix,
  fn: () =>
    withFolder(async (folder) => {
      const out = `${folder}/study`, small = ["--images", "192", "--seen", "480", "--batch-size", "16"];
      const args = [...small, "--test-per-class", "2", "--seeds", "1", "--arms", "sl_full", "--out", out];
      const full: Ending = await runIn({ fileBytes: 1_500_000 }, study, args);
      assertEquals([full.code, full.out], [1, ""], full.err);
      assertMatch(
        full.last,
        /^sl_full-ratio10-seed0: .*\.safetensors could not be written, .*: make room there; /,
      );
      assertEquals(await exists(`${out}/report.json`), false);
      const ended = await run(study, args);
      assertEquals(ended.code, 0, ended.err);
      assert(await exists(`${out}/report.json`));
    }),
});
