// `freq class` and `freq merge` as a user runs them: their tables, lines and exit codes.
import { assertEquals, assertMatch } from "@std/assert";
import { gzip, withFolder } from "../data_utils/made_files.ts";
import { run } from "../exps/processes.ts";

const freq = "concept_freq/freq_cli.ts";
const names = ["dog", "fire truck", "birthday cake", "submarine", "dog (animal) or hound"];
const captions = [
  "A dog and two dogs",
  "the truck is on fire",
  "my birthday, and there were cakes",
  'HOUNDS\tand\n"dogs"',
  "nothing here",
  "",
];
const counts = [2, 1, 1, 0, 2];

const field = (text: string) => /[\t\n"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

async function writeInputs(folder: string): Promise<void> {
  await Deno.mkdir(`${folder}/caps`);
  const table = ["URL\tTEXT", ...captions.map((text, i) => `${i}\t${field(text)}`)].join("\n") + "\n";
  await Deno.writeTextFile(`${folder}/caps/1.tsv`, table);
  await Deno.writeFile(`${folder}/caps/2.tsv.gz`, gzip(new TextEncoder().encode(table)));
  await Deno.writeTextFile(`${folder}/names.txt`, names.join("\n") + "\n");
}

const tableOf = (times: number) => names.map((name, i) => `${name}\t${counts[i] * times}\n`).join("");
const sorted = (times: number) => {
  const rows = names.map((name, i) => [name, counts[i] * times] as const).sort((a, b) => b[1] - a[1]);
  return rows.map((row) => row.join("\t") + "\n").join("");
};

Deno.test("freq class: writes both tables and where they come from; a second time the same", async () => {
  await withFolder(async (folder) => {
    await writeInputs(folder);
    const args = ["class", "--captions", `${folder}/caps`, "--concept-set", `${folder}/names.txt`];
    const stem = `${folder}/out/class_frequency_caps_names`;
    const first = await run(freq, [...args, "--out", `${folder}/out`]);
    assertEquals([first.code, first.out], [0, `${stem}.txt ${stem}_ori.txt\n`], first.err);
    assertMatch(first.err, /12 rows of 2 files, 2 null, \d+\.\d s, [\d,]+ rows\/s$/);
    assertEquals(await Deno.readTextFile(`${stem}_ori.txt`), tableOf(2));
    assertEquals(await Deno.readTextFile(`${stem}.txt`), sorted(2));
    const about = JSON.parse(await Deno.readTextFile(`${stem}.json`));
    assertEquals(about.inputs.map(({ file, rows }: { file: string; rows: number }) => [file, rows]), [[
      "1.tsv",
      6,
    ], ["2.tsv.gz", 6]]);
    assertEquals([about.rows, about.nulls, about.settings.modern], [12, 2, "false"]);
    const found = await Array.fromAsync(Deno.readDir(`${folder}/out`), ({ name }) => name);
    assertEquals(found.length, 3, "no partial results stay");

    const json = await run(freq, [
      ...args,
      "--out",
      `${folder}/out`,
      "--name",
      "x",
      "--workers",
      "1",
      "--json",
    ]);
    assertEquals(json.code, 0, json.err);
    const said = JSON.parse(json.out);
    assertEquals([said.name, said.rows, said.files, said.tables.length], ["x", 12, 2, 2]);
  });
});

Deno.test("freq class: captions from standard input; Ctrl-C ends it with 130, and it goes on", async () => {
  await withFolder(async (folder) => {
    await writeInputs(folder);
    const args = [
      "class",
      "--concept-set",
      `${folder}/names.txt`,
      "--out",
      `${folder}/out`,
      "--captions",
      "-",
    ];
    const script = new URL(`../../${freq}`, import.meta.url).href;
    const piped = (signal?: Deno.Signal) => {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", script, ...args],
        ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
      }).spawn();
      const fed = (async () => {
        const writer = child.stdin.getWriter();
        await writer.write(await Deno.readFile(`${folder}/caps/1.tsv`));
        if (signal) {
          while (!await Deno.stat(`${folder}/out/.partial`).catch(() => null)) {
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
          child.kill(signal);
          await writer.write(await Deno.readFile(`${folder}/caps/1.tsv`)).catch(() => {});
        }
        await writer.close().catch(() => {});
      })();
      return Promise.all([child.output(), fed]);
    };
    const [stopped] = await piped("SIGINT");
    assertEquals([stopped.code, new TextDecoder().decode(stopped.stderr)], [130, "Stopped\n"]);
    const [done] = await piped();
    assertEquals(done.code, 0, new TextDecoder().decode(done.stderr));
    assertEquals(await Deno.readTextFile(`${folder}/out/class_frequency_stdin_names_ori.txt`), tableOf(1));
  });
});

Deno.test("freq class: the reference's flags; shards merged are one run, and tables add up", async () => {
  await withFolder(async (folder) => {
    await writeInputs(folder);
    const out = `${folder}/freqs`, own = ["--dataset", `${folder}/names.txt`];
    const reference = [
      "class",
      "--url_path",
      `${folder}/caps`,
      "--input_format",
      "tsv",
      "--caption_col",
      "TEXT",
      ...own,
    ];
    const one = await run(freq, [...reference, "--out", out]);
    assertEquals(one.code, 0, one.err);
    assertEquals(await Deno.readTextFile(`${out}/class_frequency_caps_names_ori.txt`), tableOf(1));

    const whole = ["class", "--captions", `${folder}/caps/*`, ...own, "--out", `${folder}/parts`];
    const part = await run(freq, [...whole, "--shard", "1/2"]);
    assertEquals(
      [part.code, part.out],
      [0, `${folder}/parts/.partial/class_caps_names.shard-1-of-2\n`],
      part.err,
    );
    const lacking = await run(freq, ["merge", "--out", `${folder}/merged`, `${folder}/parts`]);
    assertEquals(lacking.code, 1);
    assertMatch(lacking.err, /unit 0 of 1 of 2\.tsv\.gz is in no part\n1 unit is in no part: .*--partial/);
    const some = await run(freq, ["merge", "--partial", "--out", `${folder}/merged`, `${folder}/parts`]);
    assertEquals(some.code, 1, some.err);
    assertEquals(await Deno.readTextFile(`${folder}/merged/class_frequency_caps_names_ori.txt`), tableOf(1));
    assertEquals((await run(freq, [...whole, "--shard", "2/2"])).code, 0);
    const both = await run(freq, ["merge", "--out", `${folder}/merged`, `${folder}/parts`]);
    assertEquals(both.code, 0, both.err);
    assertEquals(await Deno.readTextFile(`${folder}/merged/class_frequency_caps_names_ori.txt`), tableOf(2));
    assertEquals(await Deno.readTextFile(`${folder}/merged/class_frequency_caps_names.txt`), sorted(2));

    const tables = [out, `${folder}/merged`].map((at) => `${at}/class_frequency_caps_names_ori.txt`);
    const sum = await run(freq, ["merge", "--tables", ...tables, "--out", `${folder}/sum.txt`]);
    assertEquals([sum.code, await Deno.readTextFile(`${folder}/sum.txt`)], [0, tableOf(3)], sum.err);
  });
});

Deno.test("freq class: files that cannot be read are left out with exit code 1; bad input is 2 and leaves nothing", async () => {
  await withFolder(async (folder) => {
    await writeInputs(folder);
    const gz = await Deno.readFile(`${folder}/caps/2.tsv.gz`), out = `${folder}/out`;
    await Deno.writeFile(`${folder}/caps/2.tsv.gz`, gz.subarray(0, -12));
    const args = ["class", "--concept-set", `${folder}/names.txt`, "--out", out, "--captions"];
    const damaged = await run(freq, [...args, `${folder}/caps`]);
    assertEquals(damaged.code, 1, damaged.err);
    assertMatch(
      damaged.err,
      /left out: .*2\.tsv\.gz.*\n.*6 rows of 1 file,.*\nNot in the counts: .*2\.tsv\.gz/,
    );
    assertEquals(await Deno.readTextFile(`${out}/class_frequency_caps_names_ori.txt`), tableOf(1));
    await Deno.writeFile(`${folder}/caps/2.tsv.gz`, gz);
    const mended = await run(freq, [...args, `${folder}/caps`]);
    assertEquals(mended.code, 0, mended.err);
    assertMatch(mended.err, /^resumed: 1 of 2 units are done\n/);
    assertEquals(await Deno.readTextFile(`${out}/class_frequency_caps_names_ori.txt`), tableOf(2));

    const bad: [string[], RegExp][] = [
      [[`${folder}/none.tsv`], /none\.tsv/],
      [[`${folder}/caps/1.tsv`, "--caption-col", "ALT"], /ALT.*URL.*TEXT/],
      [[`${folder}/caps/1.tsv`, "--shard", "3/2"], /--shard 3\/2 is not I\/N/],
      [[`${folder}/caps`, "--name", "a/b"], /--name "a\/b" cannot be part of a file name/],
      [[`${folder}/caps`, "--header", "--no-header"], /contradict/],
      [[`${folder}/caps`, "--url-path", folder], /give one of them/],
      [[`${folder}/caps`, "--workers", "0"], /--workers 0 is below 1/],
    ];
    for (const [more, line] of bad) {
      const { code, out: said, err } = await run(freq, [
        "class",
        "--concept-set",
        `${folder}/names.txt`,
        "--out",
        `${folder}/bad`,
        "--captions",
        ...more,
      ]);
      assertEquals([code, said, err.split("\n").length], [2, "", 1], err);
      assertMatch(err, line);
    }
    const left = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    assertEquals(left.sort(), ["caps", "names.txt", "out"]);
    const none = await run(freq, ["classes"]);
    assertEquals(none.code, 2);
    assertMatch(none.err, /^freq has no command classes, but class, /);
  });
});
