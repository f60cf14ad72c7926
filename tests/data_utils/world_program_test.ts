// `deno task world` as a user meets it: its three commands, and one line with exit code 2 for bad input, after which
// nothing is there that was not there before.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { decodeImage } from "../../data_utils/images/mod.ts";
import { withFolder } from "./made_files.ts";

const program = new URL("../../data_utils/world_cli.ts", import.meta.url).href;

async function world(cwd: string, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", program, ...args],
    cwd,
    env: { NO_COLOR: "1" },
  }).output();
  return { code, out: new TextDecoder().decode(stdout).trim(), err: new TextDecoder().decode(stderr).trim() };
}

const names = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();

Deno.test("world: writes, says so, leaves it alone the second time, and checks it", () =>
  withFolder(async (folder) => {
    const args = ["write", "--out", "set", "--images", "40", "--classes", "5", "--law", "zipf:1"];
    const first = await world(folder, ...args);
    assertEquals([first.code, first.out], [0, "set: 40 images of 5 classes"], first.err);
    assertEquals(names(`${folder}/set`), [
      ...["classes.txt", "frequencies.txt", "train-000000.tar", "train.tsv", "world.json"],
    ]);
    assertEquals((await world(folder, ...args)).out, "set: 40 images of 5 classes, there already");
    const other = await world(folder, ...args, "--seed", "1");
    assertEquals([other.code, other.err], [
      2,
      "set holds a set with another seed; name another folder or remove it",
    ]);
    assertEquals(
      (await world(folder, "check", "--data", "set")).out,
      "set: 40 images, all as the generator makes them",
    );

    const table = await Deno.readTextFile(`${folder}/set/train.tsv`);
    await Deno.writeTextFile(`${folder}/set/train.tsv`, table.replace("\t0\n", "\t1\n"));
    const bad = await world(folder, "check", "--data", "set");
    assertEquals([bad.code, bad.out], [1, ""]);
    assertMatch(
      bad.err,
      /set: after 0 right images: train-\d+: the record in the table is .*, the generator makes /,
    );
  }));

Deno.test("world: a frequency file of other classes is taken for its shape, and that is said", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/freq.txt`, "cat\t0\ndog\t30\neel\t90\n");
    const { code, err } = await world(
      folder,
      ...["write", "--out", "set", "--images", "12", "--classes", "3", "--law", "freq.txt", "--names", "N"],
      ...["--captions", "templates", "--split", "test", "--format", "files", "--nuisance", "noise=0"],
    );
    assertEquals(code, 0, err);
    assertStringIncludes(err, "freq.txt names other classes: the shape of its tail is taken");
    assertStringIncludes(err, "1 of 3 classes get no image");
    const counts = (await Deno.readTextFile(`${folder}/set/frequencies.txt`)).trim().split("\n")
      .map((line) => Number(line.split("\t")[1]));
    assertEquals(counts.toSorted((a, b) => a - b), [0, 3, 9]);
    const description = JSON.parse(await Deno.readTextFile(`${folder}/set/world.json`));
    assertEquals([description.names, description.nuisance.noise, description.split], ["N", 0, "test"]);
  }));

Deno.test("world: a contact sheet is a PNG of the size that is told", () =>
  withFolder(async (folder) => {
    const args = ["sheet", "--out", "sheet.png", "--classes", "9", "--law", "ratio:10", "--images", "900"];
    const { code, out, err } = await world(folder, ...args, "--columns", "3", "--examples", "1");
    assertEquals(code, 0, err);
    const [, width, height] = /^sheet\.png: 9 classes, (\d+) x (\d+) pixels$/.exec(out)!.map(Number);
    const picture = await decodeImage(await Deno.readFile(`${folder}/sheet.png`));
    assertEquals([picture.width, picture.height, picture.mode], [width, height, "RGB"]);
    assert(picture.pixels.some((value) => value === 0) && picture.pixels.some((value) => value === 255));
  }));

Deno.test("world: bad input is one line with exit code 2, and nothing is written", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/grammar.json`, '{"scene": "often"}');
    const write = ["write", "--out", "set", "--images", "100"];
    const cases: [string[], RegExp][] = [
      [[], /^A command is needed: sheet, write or check; see --help$/],
      [["paint"], /^Unknown command paint: /],
      [["write", "--out", "set"], /^--images is needed; see --help$/],
      [["write", "--out", "set", "--images", "63"], /^63 images are too few for 64 classes$/],
      [[...write, "--colour"], /^Unknown flag --colour; see --help$/],
      [[...write, "--classes", "577"], /^--classes 577 is above 576$/],
      [[...write, "--names", "X"], /^--names X is none of K, N$/],
      [[...write, "--captions", "poem"], /^--captions poem is none of name, /],
      [[...write, "--split", "dev"], /^--split dev is none of train, val, test$/],
      [[...write, "--law", "ratio:0.5"], /^The law ratio:0.5 needs a number of at least 1$/],
      [[...write, "--law", "no file"], /^Unknown law no file: /],
      [[...write, "--grammar", "fog=0.5"], /^Unknown grammar entry "fog": /],
      [
        [...write, "--grammar", "scene=1.5"],
        /^Grammar entry scene must be a probability of 0 to 1, got 1.5$/,
      ],
      [[...write, "--grammar", "scene"], /^--grammar: "scene" is not NAME=NUMBER/],
      [[...write, "--grammar", "grammar.json"], /^--grammar: grammar.json: scene is not a number$/],
      [[...write, "--grammar", "none.json"], /none\.json/],
      [
        [...write, "--grammar", "scene=1", "--captions", "name"],
        /^A grammar acts on the captions attributes, /,
      ],
      [[...write, "--nuisance", "fog=1"], /^Unknown nuisance "fog": /],
      [[...write, "--nuisance", "noise=-1"], /^Nuisance level noise must be a number of 0 or more, got -1$/],
      [["write", "--out", ".", "--images", "100"], /^\. is not empty and holds no set of the world; /],
      [["sheet", "--out", "sheet.jpg"], /^--out sheet\.jpg does not end in \.png/],
      [["sheet", "--out", "sheet.png", "--zoom", "0"], /^--zoom 0 is below 1$/],
      [["check", "--data", "set"], /^There is no file or folder set\/world\.json; /],
    ];
    const run = async ([args, line]: typeof cases[number]) => {
      const { code, out, err } = await world(folder, ...args);
      assertEquals([code, out], [2, ""], `${args.join(" ")}: ${err}`);
      assertMatch(err, line);
      assertEquals(err.split("\n").length, 1);
    };
    for (let at = 0; at < cases.length; at += 2) await Promise.all(cases.slice(at, at + 2).map(run));
    assertEquals(names(folder), ["grammar.json"]);
  }));

Deno.test("world: Ctrl-C ends a write with 130, and the same command goes on", {
  ignore: Deno.build.os === "windows",
}, () =>
  withFolder(async (folder) => {
    const args = ["write", "--out", "set", "--images", "6000", "--shard-size", "200"];
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", program, ...args],
      cwd: folder,
      stdout: "null",
      stderr: "null",
    }).spawn();
    while (!await Deno.stat(`${folder}/set/train-000001.tar`).catch(() => null)) {
      await new Promise((resume) => setTimeout(resume, 10));
    }
    child.kill("SIGINT");
    assertEquals((await child.status).code, 130);
    assert(!names(`${folder}/set`).some((name) => name.endsWith(".tmp") || name === "train.tsv"));
    assertEquals((await world(folder, ...args)).out, "set: 6000 images of 64 classes");
    assertEquals(names(`${folder}/set`).filter((name) => name.endsWith(".tar")).length, 30);
  }));

Deno.test("world: --help shows the flags and an example", async () => {
  const { code, out, err } = await world(Deno.cwd(), "--help");
  assertEquals([code, err], [0, ""]);
  for (const text of ["--nuisance", "--grammar", "Example: ./denow task world"]) {
    assertStringIncludes(out, text);
  }
});
