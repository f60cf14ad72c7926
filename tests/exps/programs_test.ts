// `sup` and `clip` as a user meets them: a training on a table, evaluation of its run, and each kind of bad input with its
// one line and exit code.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { withFolder } from "../data_utils/made_files.ts";
import { clip, run, study, sup, writeColours } from "./processes.ts";

Deno.test("sup: trains on a table, leaves out bad samples and counts them, and evaluates the run", async () => {
  await withFolder(async (folder) => {
    await writeColours(folder, 96);
    const data = ["--val-data", `${folder}/pairs.tsv`], classes = ["--classes", `${folder}/classes.txt`];
    const place = ["--log-dir", folder, "--name", "run", "-b", "16", "--epochs", "4", "--lr", "0.01"];
    const train = ["train", "--data-path", `${folder}/pairs.tsv`, ...data, ...classes, ...place];
    const { code, out, err } = await run(sup, [...train, "--sample_head", "--num_to_sample", "2", "--json"]);
    assertEquals(code, 0, err);
    const skipped =
      "2 samples skipped: 1 label outside the classes (first: line 99), 1 undecodable image (first: ";
    assertStringIncludes(err, skipped);
    const result = JSON.parse(out);
    assertEquals([result.run, result.steps, result.images_seen], [`${folder}/run`, 24, 384]);
    assertEquals(result.per_class.map((row: { freq: number }) => row.freq), [32, 32, 32]);
    assert(result.top1 > 0.6, `top-1 ${result.top1}`);
    assertEquals(result.skipped.train.length, 2);

    const again = await run(sup, [...train, "--sample_head", "--num_to_sample", "2", "--json"]);
    assertEquals(JSON.parse(again.out), result); // finished runs give their result
    const other = await run(
      sup,
      [...train, "--lr", "1"].filter((arg, i, all) => arg !== "0.01" && all[i + 1] !== "0.01"),
    );
    assertEquals(other.code, 2);
    assertStringIncludes(other.err, `${folder}/run holds a run with another configuration`);

    const shard = ["--val-data", `${folder}/shard-*.tar.gz`];
    const tested = await run(sup, ["eval", "--run", `${folder}/run`, ...shard, "--nc_metrics", "--json"]);
    assertEquals(tested.code, 0, tested.err);
    const scores = JSON.parse(tested.out);
    assertEquals([scores.top1, scores.per_class], [result.top1, result.per_class]);
    assertEquals([scores.collapse.cosWAll.length, scores.collapse.swInvSb.length], [3, 3]);
  });
});

Deno.test("clip: trains on a table's captions, finds pairs and classifies zero-shot", async () => {
  await withFolder(async (folder) => {
    await writeColours(folder, 48);
    const pairs = ["--val-data", `${folder}/pairs.tsv`], run1 = ["--run", `${folder}/run`];
    const place = ["--logs", folder, "--name", "run", "-b", "8", "--epochs", "3"];
    const train = ["train", "--train-data", `${folder}/pairs.tsv`, ...place];
    const { code, out, err } = await run(clip, [
      ...train,
      "--classes",
      `${folder}/classes.txt`,
      ...pairs,
      "--json",
    ]);
    assertEquals(code, 0, err);
    const result = JSON.parse(out);
    assertEquals([result.steps, result.per_class.length], [18, 3]);
    const { words } = JSON.parse(await Deno.readTextFile(`${folder}/run/vocabulary.json`));
    for (const word of ["plain", "blue", "square", "4"]) assert(words.includes(word), word);

    const zeroShot = await run(clip, [
      "zero-shot",
      ...run1,
      "--val-data",
      `${folder}/shard-0.tar.gz`,
      "--json",
    ]);
    assertEquals(zeroShot.code, 0, zeroShot.err);
    assertEquals(JSON.parse(zeroShot.out).per_class, result.per_class);
    const found = await run(clip, ["eval", ...run1, ...pairs]);
    assertEquals(found.code, 0, found.err);
    assertMatch(
      found.out,
      /49 pairs, loss \d\.\d{3}\nimage to text {2}R@1 \d+\.\d %, .* median rank [\d.]+\n/,
    );
  });
});

Deno.test("sup, clip, study: --help with an example; one line and code 2 for flags that are none", async () => {
  const programs = [
    [sup, ["train", "--data-path", "x"]],
    [clip, ["zero-shot", "--run", "x"]],
    [study, ["--quick"]],
  ] as const;
  await Promise.all(programs.map(async ([program, args]) => {
    const help = await run(program, ["--help"]);
    assertEquals([help.code, help.err], [0, ""]);
    assertStringIncludes(help.out, "Example: ");
    const unknown = await run(program, [...args, "--colour"]);
    assertEquals(unknown, { code: 2, out: "", err: "Unknown flag --colour; see --help" });
  }));
  assertEquals((await run(sup, ["fly"])).err, "Unknown command fly: train or eval; see --help");
  assertEquals((await run(clip, [])).err, "A command is needed: train, eval or zero-shot; see --help");
  const err = "Malformed law ratio:x: expected ratio:NUMBER";
  assertEquals(await run(study, ["--law", "ratio:x", "--out", "/nowhere/study"]), { code: 2, out: "", err });
});

const nowhere = "/nowhere/driver.json";
const noDriver = { DENO_WEBGPU_BACKEND: "vulkan", VK_DRIVER_FILES: nowhere, VK_ICD_FILENAMES: nowhere };

Deno.test("sup, study: one line and an exit code for what is wrong with data, settings and machine", async () => {
  await withFolder(async (folder) => {
    await writeColours(folder, 24);
    const classes = ["--classes", `${folder}/classes.txt`],
      place = ["--log-dir", `${folder}/runs`, "-b", "8"];
    const train = (data: string, ...more: string[]) => ["train", "--data-path", data, ...place, ...more];
    const shard = `${folder}/shard-0.tar.gz`;
    const missing = `${folder}/none-*.tar`, noMatch = /^No file matches .*none-\*\.tar: check the path$/;
    const own = await run(study, ["--train", missing, "--val", shard, ...classes, "--out", "/nowhere/study"]);
    assertEquals([own.code, own.out], [2, ""]);
    assertMatch(own.err, noMatch);
    const cases: [string[], number, RegExp, Record<string, string>?][] = [
      [train(`${folder}/cut-0.tar.gz`, ...classes), 2, /^\S.*cut-0\.tar\.gz is (damaged|cut short)/],
      [train(missing, ...classes), 2, noMatch],
      [train(shard), 2, /name them with --classes FILE/],
      [train(shard, ...classes, "--lr", "1e30"), 1, /^The loss is (NaN|Infinity) at step \d+: first in /],
      [
        train(shard, ...classes),
        1,
        /mesa-vulkan-drivers/,
        noDriver,
      ],
    ];
    for (const [args, code, line, env] of cases) {
      if (env && Deno.build.os !== "linux") continue;
      const result = await run(sup, args, env);
      assertEquals([result.code, result.out], [code, ""], result.err);
      const said = result.err.split("\n").filter((text) => !/images read$|^memory of|^step \d/.test(text));
      assertEquals(said.length, 1, result.err);
      assertMatch(said[0], line);
    }
  });
});

Deno.test("sup: a batch over the device's limits is refused with advice", async () => {
  await withFolder(async (folder) => {
    await writeColours(folder, 3);
    const rows = ["filepath\tlabel", ...new Array(640).fill("0000.png\t0")];
    await Deno.writeTextFile(`${folder}/large.tsv`, rows.join("\n"));
    const args = ["--data-path", `${folder}/large.tsv`, "--num-classes", "3", "--size", "1024", "-b", "640"];
    const { code, err } = await run(sup, ["train", ...args, "--log-dir", folder]);
    assertEquals(code, 2, err);
    assertMatch(err, /binds at most \d+ MiB at once: take a smaller micro-batch$/);
  });
});
