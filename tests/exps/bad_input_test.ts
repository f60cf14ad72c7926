// Bad input to the programs of the experiments: one line that names what is wrong and what to do, exit code 2 (1 where the
// machine is at fault), and nothing written. Single bad samples are counted and left out.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { gzip, tar, withFolder } from "../data_utils/made_files.ts";
import { clip, picture, run, study, sup, writeColours } from "./processes.ts";

/** A program with its arguments, how it ends, and its last line. */
type Case = [program: string, args: string[], code: number, line: RegExp, env?: Record<string, string>];

/** Runs the cases, two at a time; each must end so, say one line beside its progress, and leave no `out` folder. */
async function expectEach(cases: readonly Case[], out: string): Promise<void> {
  const queue = cases.values();
  const worker = async () => {
    for (const [program, args, code, line, env] of queue) {
      const ended = await run(program, args, env), what = `${program} ${args.join(" ")}\n${ended.err}`;
      assertEquals([ended.code, ended.out], [code, ""], what);
      const progress = /images read$|^memory of|^Device: |^step \d/;
      const said = ended.err.split("\n").filter((text) => !progress.test(text));
      assertEquals(said.length, 1, what);
      assertMatch(said[0], line);
      const written = await Deno.stat(out).then(() => true, () => false);
      assertEquals(written, false, `${out} was made by ${what}`);
    }
  };
  await Promise.all([worker(), worker()]);
}

Deno.test("sup, clip: data, classes, flags and places that cannot be: one line, code 2, nothing written", async () => {
  await withFolder(async (folder) => {
    await writeColours(folder, 24);
    const at = (name: string) => `${folder}/${name}`, out = at("runs");
    const classes = ["--classes", at("classes.txt")], shard = at("shard-0.tar.gz"), table = at("pairs.tsv");
    const train = (
      data: string,
      ...more: string[]
    ) => ["train", "--data-path", data, "--log-dir", out, "-b", "8", ...more];
    const pairs = (
      data: string,
      ...more: string[]
    ) => ["train", "--train-data", data, "--logs", out, "-b", "8", ...more];
    const members = (label: string) => ({
      "a.png": picture(0, 0),
      "a.cls": label,
      "b.png": picture(1, 0),
      "b.cls": label,
    });
    const plain = tar(members("0"));
    await Deno.writeFile(at("plain-cut.tar"), plain.subarray(0, plain.length - 1200));
    await Deno.writeFile(at("outside.tar"), tar(members("7")));
    await Deno.writeFile(
      at("no-images.tar"),
      tar({ "a.png": "text", "a.cls": "0", "b.png": "text", "b.cls": "1" }),
    );
    await Deno.writeTextFile(at("columns.tsv"), "file\tclass\na.png\t0\n");
    await Deno.writeTextFile(at("weights.safetensors"), "no tensors");
    await expectEach([
      [sup, train(at("cut-0.tar.gz"), ...classes), 2, /cut-0\.tar\.gz is (damaged|cut short)/],
      [clip, pairs(at("cut-0.tar.gz"), ...classes), 2, /cut-0\.tar\.gz is (damaged|cut short)/],
      [
        sup,
        train(at("plain-cut.tar"), ...classes),
        2,
        /plain-cut\.tar is cut short .*: fetch or write it again/,
      ],
      [
        sup,
        train(at("outside.tar"), ...classes),
        2,
        /^No usable sample in .*outside\.tar \(left out: 2 label outside/,
      ],
      [
        sup,
        train(at("no-images.tar"), ...classes, "--size", "32"),
        2,
        /^No usable image found \(left out: 2 undecodable image\)/,
      ],
      [
        sup,
        train(at("columns.tsv"), ...classes),
        2,
        /columns\.tsv line 1: need columns filepath and label or caption/,
      ],
      [sup, train(table, "--classes", folder), 2, /is a folder; a file is wanted here$/],
      [
        sup,
        train(table, ...classes, "--val-data", at("none.tar")),
        2,
        /^No file matches .*none\.tar: check the path$/,
      ],
      [
        sup,
        train(table, ...classes, "--head-weights", at("weights.safetensors")),
        2,
        /weights\.safetensors is not a valid/,
      ],
      [
        sup,
        train(table, ...classes, "--report-to", "paper"),
        2,
        /^--report-to paper: paper is none of csv, tensorboard/,
      ],
      [
        sup,
        train(table, ...classes, "--law", "ratio:x"),
        2,
        /^Malformed law ratio:x: expected ratio:NUMBER$/,
      ],
      [
        sup,
        ["train", "--data-path", table, ...classes, "-b", "8", "--log-dir", shard],
        2,
        /leads through a file; give a path/,
      ],
      [clip, pairs(table, "--law", "ratio:3"), 2, /need the classes: name them with --classes FILE/],
      [clip, pairs(table, "--colour"), 2, /^Unknown flag --colour; see --help$/],
      [clip, pairs(table, "--bpe", at("none.txt.gz")), 2, /none\.txt\.gz/],
      [
        sup,
        ["eval", "--run", at("none"), "--val-data", table],
        2,
        /^There is no file or folder .*none\/config\.json; check/,
      ],
      [
        clip,
        ["eval", "--run", at("none"), "--val-data", table],
        2,
        /^There is no file or folder .*none\/config\.json; check/,
      ],
    ], out);
  });
});

Deno.test("sup, clip: more than the device holds is refused with advice before a folder is made", async () => {
  await withFolder(async (folder) => {
    await writeColours(folder, 3);
    const rows = ["filepath\tlabel\tcaption", ...new Array(64).fill("0000.png\t0\ta plain square")];
    await Deno.writeTextFile(`${folder}/large.tsv`, rows.join("\n"));
    const out = `${folder}/runs`, large = [`${folder}/large.tsv`, "--size", "1024", "-b", "64"];
    const advice =
      /^\[\S+\] \[64,1024,1024,3\] needs \d+ MiB and this device binds at most \d+ MiB at once: take a smaller micro-batch$/;
    await expectEach([
      [sup, ["train", "--num-classes", "3", "--log-dir", out, "--data-path", ...large], 2, advice],
      [clip, ["train", "--logs", out, "--train-data", ...large], 2, advice],
    ], out);
  });
});

const nowhere = "/nowhere/driver.json";
const noDriver = { DENO_WEBGPU_BACKEND: "vulkan", VK_DRIVER_FILES: nowhere, VK_ICD_FILENAMES: nowhere };

Deno.test({
  name: "sup, clip, study: no adapter is one line with the remedy, code 1, and nothing is written",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withFolder(async (folder) => {
      await writeColours(folder, 24);
      const out = `${folder}/runs`,
        line = /^No WebGPU adapter was found: install .*mesa-vulkan-drivers.* `deno task doctor`$/;
      const classes = ["--classes", `${folder}/classes.txt`], data = `${folder}/pairs.tsv`;
      await expectEach([
        [sup, ["train", "--data-path", data, ...classes, "-b", "8", "--log-dir", out], 1, line, noDriver],
        [clip, ["train", "--train-data", data, "-b", "8", "--logs", out], 1, line, noDriver],
        [study, ["--quick", "--out", out], 1, line, noDriver],
      ], out);
    }),
});

Deno.test("sup, clip: folders of another version, another kind and another configuration are refused as they are", async () => {
  await withFolder(async (folder) => {
    await writeColours(folder, 24);
    const table = `${folder}/pairs.tsv`, classes = ["--classes", `${folder}/classes.txt`];
    const train = [
      "train",
      "--data-path",
      table,
      ...classes,
      "-b",
      "8",
      "--epochs",
      "1",
      "--log-dir",
      folder,
    ];
    assertEquals((await run(sup, [...train, "--name", "run"])).code, 0);
    await Deno.mkdir(`${folder}/old`);
    const old = JSON.stringify({ format: "beyond-tail-run/0", config: { kind: "sup" } });
    await Deno.writeTextFile(`${folder}/old/config.json`, old);
    const before = Array.from(Deno.readDirSync(`${folder}/run`), ({ name }) => name).sort();
    const version =
      /old\/config\.json has format "beyond-tail-run\/0", this version writes "beyond-tail-run\/1": use the version/;
    const own = ["--val-data", table],
      [oldRun, newRun] = ["old", "run"].map((name) => ["--run", `${folder}/${name}`]);
    await expectEach([
      [sup, [...train, "--name", "old"], 2, version],
      [sup, ["eval", ...oldRun, ...own], 2, version],
      [clip, ["train", "--train-data", table, "-b", "8", "--logs", folder, "--name", "old"], 2, version],
      [clip, ["zero-shot", ...oldRun, ...own], 2, version],
      [clip, ["eval", ...newRun, ...own], 2, /run holds no CLIP run$/],
      [
        sup,
        [...train, "--name", "run", "--lr", "1"],
        2,
        /another configuration \(lr is .* there and 1 here\): choose another/,
      ],
    ], `${folder}/runs`);
    assertEquals(await Deno.readTextFile(`${folder}/old/config.json`), old);
    assertEquals(Array.from(Deno.readDirSync(`${folder}/old`), ({ name }) => name), ["config.json"]);
    assertEquals(Array.from(Deno.readDirSync(`${folder}/run`), ({ name }) => name).sort(), before);

    await Deno.truncate(`${folder}/run/model.safetensors`, 1000); // a damaged checkpoint is named too
    const damaged = await run(sup, ["eval", ...newRun, ...own]);
    assertEquals([damaged.code, damaged.out], [2, ""]);
    assertMatch(damaged.err.split("\n").at(-1)!, /model\.safetensors is not a valid safetensors file: /);
  });
});

Deno.test("sup: bad samples of shards are counted with their reasons, streamed images too, and training goes on", async () => {
  await withFolder(async (folder) => {
    const members: Record<string, string | Uint8Array> = {};
    for (let i = 0; i < 24; i++) {
      Object.assign(members, { [`${i}.png`]: picture(i % 3, i, 80), [`${i}.cls`]: `${i % 3}` });
    }
    Object.assign(members, {
      "24.png": picture(0, 0, 80),
      "24.cls": "3",
      "25.png": "no image",
      "25.cls": "0",
    });
    members["26.cls"] = "1";
    await Deno.writeFile(`${folder}/some.tar.gz`, gzip(tar(members)));
    const data = ["--data-path", `${folder}/some.tar.gz`, "--num-classes", "3", "--size", "96"];
    const ended = await run(sup, [
      "train",
      ...data,
      "-b",
      "8",
      "--epochs",
      "4",
      "--log-dir",
      folder,
      "--json",
    ]);
    assertEquals(ended.code, 0, ended.err);
    const reasons =
      "3 samples skipped: 1 label outside the classes (first: 24), 1 no image (first: 26), 1 undecodable image (first: 25)";
    assertStringIncludes(ended.err, reasons);
    const counts = JSON.parse(ended.out).skipped.train.map(({ count }: { count: number }) => count);
    assertEquals(counts, [1, 1, 1]); // once each, in four epochs
  });
});
