// `study` as a program: killed, then stopped, then let run to its end, it reports what runs without a break report.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { captionTable } from "../../exps_clip/study/caption_frequency.ts";
import { dataFolder } from "../../exps_clip/study/data.ts";
import { withFolder } from "../data_utils/made_files.ts";
import { command, run, study, writeColours } from "./processes.ts";

const small = [
  ...["--images", "192", "--seen", "960", "--batch-size", "16", "--test-per-class", "2", "--seeds", "1"],
  ...["--save-every", "0", "--evaluations", "3", "--arms", "sl_full,sl_frozen,clip_templates"],
];

const nameOf = (arm: string) => `${arm}-ratio10-seed0`;
const there = (path: string) => Deno.stat(path).then(() => true, () => false);

/** Starts the study and sends it a signal once the file is there; gives its exit code and what it said. */
async function interrupted(args: string[], file: string, signal: Deno.Signal) {
  const child = command(study, args).spawn(), words = new Response(child.stderr).text();
  while (!await there(file)) await new Promise((resume) => setTimeout(resume, 10));
  child.kill(signal);
  const { code } = await child.status;
  await child.stdout.cancel();
  return { code, err: (await words).trim() };
}

const withoutTimes = ({ seconds: _, images_per_second: __, ...rest }: Record<string, unknown>) => rest;

Deno.test("study: killed and stopped, it goes on and ends with the numbers of a run without a break", async () => {
  await withFolder(async (folder) => {
    const args = [...small, "--out", `${folder}/broken`];
    const killed = await interrupted(
      args,
      `${folder}/broken/${nameOf("clip_templates")}/model.safetensors`,
      "SIGKILL",
    );
    assertEquals(killed.code, 137);
    const stopped = await interrupted(
      args,
      `${folder}/broken/${nameOf("sl_frozen")}/model.safetensors`,
      "SIGINT",
    );
    assertEquals(stopped.code, 130, stopped.err);
    assertMatch(stopped.err, /\nStopped; the same command goes on from here$/);
    assertEquals(await there(`${folder}/broken/report.json`), false);

    const ended = await run(study, [...args, "--json"]);
    assertEquals(ended.code, 0, ended.err);
    const report = JSON.parse(ended.out);
    assertEquals(report, JSON.parse(await Deno.readTextFile(`${folder}/broken/report.json`)));
    const names = report.arms.map((run: { arm: string }) => run.arm);
    assertEquals(names.filter((name: string) => name !== "sl_matched"), [
      "sl_full",
      "sl_frozen",
      "clip_templates",
    ]);
    assertEquals(await there(`${folder}/broken/${dataFolder}`), false);
    assertStringIncludes(await Deno.readTextFile(`${folder}/broken/report.html`), "clip_templates");

    const early = await run(study, [...small, "--out", `${folder}/straight`, "--only", nameOf("sl_frozen")]);
    assertEquals(early.code, 2);
    assertMatch(early.err, /takes its head from clip_templates-ratio10-seed0, which is not trained yet$/);
    for (const name of ["clip_templates", "sl_frozen"]) {
      const straight = await run(study, [...small, "--out", `${folder}/straight`, "--only", nameOf(name)]);
      assertEquals(straight.code, 0, straight.err);
      const lines = straight.out.trim().split("\n").map((line) => JSON.parse(line));
      assertEquals(lines.slice(0, -1).map(({ report }) => report.step), [10, 20, 30, 40, 50, 60]);
      const { arm: _, law: __, seed: ___, curve, run: folderName, caption_frequency, ...own } = report.arms
        .find((run: { arm: string }) => run.arm === name);
      const { skipped: ____, ...result } = lines.at(-1).result;
      assertEquals(withoutTimes(own), withoutTimes(result));
      assertEquals(curve.map((point: { step: number }) => point.step), [20, 40, 60]);
      if (name === "clip_templates") {
        // Every template names the class, so that here captions mention what the labels say.
        assertEquals(caption_frequency.per_class, own.per_class.map(({ freq }: { freq: number }) => freq));
        const tables = ["broken", "straight"].map((at) =>
          Deno.readTextFile(captionTable(`${folder}/${at}`, folderName))
        );
        assertEquals(await tables[0], await tables[1]);
      } else assertEquals(caption_frequency, undefined);
      const log = (at: string) => Deno.readTextFile(`${folder}/${at}/${folderName}/evaluations.jsonl`);
      assertEquals(await log("broken"), await log("straight"));
      const model = (at: string) => Deno.readFile(`${folder}/${at}/${folderName}/model.safetensors`);
      const [broken, whole] = [await model("broken"), await model("straight")];
      // The headers differ in the seconds they note; the weights do not.
      assertEquals(broken.subarray(-1_300_000), whole.subarray(-1_300_000));
    }

    const again = await run(study, args);
    assertEquals(again.code, 0);
    assertStringIncludes(again.out, "rho pred");
    const other = await run(study, [...args, "--law", "uniform"]);
    assertEquals(other.code, 2);
    assertMatch(
      other.err,
      /holds a study with other settings \(laws\.0 is "ratio:10" there and "uniform" here\)/,
    );
  });
});

Deno.test("study: the user's own shards, with bad samples left out, and a cut one refused", async () => {
  await withFolder(async (folder) => {
    await writeColours(folder, 60);
    // The study may be put where the user keeps things of any name: neither its end nor bad input takes them along.
    for (const place of ["own", "cut"]) {
      await Deno.mkdir(`${folder}/${place}/data`, { recursive: true });
      await Deno.writeTextFile(`${folder}/${place}/data/mine.txt`, "mine");
    }
    const kept = async (place: string) =>
      assertEquals(await Deno.readTextFile(`${folder}/${place}/data/mine.txt`), "mine");
    const data = (train: string) => [
      ...[
        "--train",
        `${folder}/${train}`,
        "--val",
        `${folder}/shard-0.tar.gz`,
        "--classes",
        `${folder}/classes.txt`,
      ],
      ...["--law", "ratio:2", "--seen", "160", "--batch-size", "8", "--seeds", "1"],
    ];
    const { code, out, err } = await run(study, [
      ...data("pairs.tsv"),
      "--out",
      `${folder}/own`,
      "--arms",
      "clip_templates",
      "--json",
    ]);
    assertEquals(code, 0, err);
    assertMatch(err, /train images: 2 samples skipped: 1 label outside the classes .*, 1 undecodable image/);
    const report = JSON.parse(out),
      frequencies = report.arms[0].per_class.map((row: { freq: number }) => row.freq);
    assertEquals(report.classes, 3);
    assertEquals(Math.max(...frequencies), 20);
    assert(Math.min(...frequencies) === 10, `${frequencies}`);
    const { rho_freq_acc, rho_freq_pred, undefined_because = {} } = report.arms[0];
    for (const [name, rho] of Object.entries({ rho_freq_acc, rho_freq_pred })) {
      assertEquals(rho === null, name in undefined_because, `${name} is ${rho}`);
    }

    await kept("own");
    const cut = await run(study, [...data("cut-0.tar.gz"), "--out", `${folder}/cut`]);
    assertEquals(cut.code, 2);
    assertMatch(cut.err.split("\n").at(-1)!, /cut-0\.tar\.gz is (damaged|cut short)/);
    await kept("cut");
    assertEquals(Array.from(Deno.readDirSync(`${folder}/cut`), ({ name }) => name), ["data"]);
  });
});
