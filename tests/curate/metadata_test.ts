// The folder of metadata: the published one passes and has the totals of the paper's tables, changed ones are found out,
// and fetching takes nothing on trust. The server is one on loopback.
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  checkMetadata,
  exitCode,
  fetchMetadata,
  imagenetWnid,
  listFrequencyTables,
  loadPrompts,
  parseZeroShotLists,
  readClassMetadata,
  readLabelList,
  tableNamed,
} from "../../data_utils/mod.ts";
import { dataRoot, present } from "../data_utils/golden_files.ts";
import { publishedTotals } from "./published_totals.ts";

const shared = present(dataRoot),
  published = `${decodeURIComponent(dataRoot.pathname)}clip-beyond-tail/metadata`;

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A copy whose files are links, so that one can be replaced. */
async function linkedCopy(folder: string): Promise<void> {
  for (const part of ["descriptors", "freqs", "heads"]) {
    await Deno.mkdir(`${folder}/${part}`);
    for await (const { name } of Deno.readDir(`${published}/${part}`)) {
      await Deno.symlink(`${published}/${part}/${name}`, `${folder}/${part}/${name}`);
    }
  }
  await Deno.symlink(`${published}/imagenet100_idxs.txt`, `${folder}/imagenet100_idxs.txt`);
}

async function replace(path: string, change: (text: string) => string): Promise<void> {
  const text = change(await Deno.readTextFile(path));
  await Deno.remove(path);
  await Deno.writeTextFile(path, text);
}

Deno.test({
  name: "metadata: the published tables have the paper's totals",
  ignore: !shared,
  async fn() {
    const tables = await listFrequencyTables(published);
    assertEquals(tables.length, 97);
    const sum = (rows: readonly { count: number }[]) => rows.reduce((total, { count }) => total + count, 0);
    for (const [name, set, total, zeros] of publishedTotals) {
      const found = tables.filter((table) => table.name === name && table.set === set);
      assert(found.length > 0, `${name} ${set}`);
      for (const { rows } of found) {
        assertEquals([name, set, sum(rows)], [name, set, total]);
        if (zeros !== null) assertEquals(rows.filter(({ count }) => count === 0).length, zeros, name);
      }
    }
  },
});

Deno.test({
  name: "metadata: the published folder is in order; ids, names and phrases belong together",
  ignore: !shared,
  async fn() {
    const findings = await checkMetadata(published);
    assertEquals(findings.filter(({ state }) => state === "bad"), []);
    assertEquals(
      findings.find(({ what }) => what === "published files")?.found.slice(0, 24),
      "118 of 119 as published,",
    );
    const { wnids, classNames, synsets, labelOf } = await readClassMetadata(published);
    assertEquals([wnids[0], classNames[0], synsets[0].includes("tench")], ["n01440764", "tench", true]);
    assertEquals([labelOf("n02112837"), labelOf("n02110185"), labelOf("n00000000")], [250, 250, undefined]);
    assertEquals(classNames[250], "Siberian Husky");
    assertEquals(synsets.flat().length, 1971);
  },
});

Deno.test({
  name: "metadata: what is changed in a folder is found, by name",
  ignore: !shared,
  async fn() {
    const cases: [string, (text: string) => string, string, string][] = [
      [
        "descriptors/descriptors_pets.json",
        (t) => t.replace(/"Abyssinian": \[[^\]]*\],/i, ""),
        "descriptors pets",
        "36 classes",
      ],
      [
        "descriptors/descriptors_imagenet_synset.json",
        (t) => t.replace("n01440764", "n91440764"),
        "imagenet synsets",
        "n01443537",
      ],
      ["imagenet100_idxs.txt", (t) => t.replace("45\n", "45\n44\n"), "imagenet100", "line 3"],
      [
        "freqs/class_frequency_cc12m_cub.txt",
        (t) => t.split("\n").reverse().join("\n").trimStart() + "\n",
        "frequency tables",
        "order of cub by count",
      ],
      [
        "freqs/class_frequency_incaps_imagenet_ori.txt",
        (t) => t.replace("goldfish", "gold fish"),
        "frequency tables",
        '"gold fish"',
      ],
      [
        "freqs/class_frequency_cc12m_dtd.txt",
        (t) => t.replace(/\t(\d+)\n/, "\tx\n"),
        "frequency tables",
        "line 1",
      ],
    ];
    for (const [file, change, what, said] of cases) {
      await inFolder(async (folder) => {
        await linkedCopy(folder);
        await replace(`${folder}/${file}`, change);
        const bad = (await checkMetadata(folder)).filter(({ state }) => state === "bad");
        assert(
          bad.some((finding) => finding.what === what && finding.found.includes(said)),
          `${file}: ${JSON.stringify(bad)}`,
        );
      });
    }
    await inFolder(async (folder) => {
      const bad = (await checkMetadata(folder)).filter(({ state }) => state === "bad").map(({ what }) =>
        what
      );
      assertEquals(bad.length, 13);
      await assertRejects(() => checkMetadata(`${folder}/nothing`), Deno.errors.NotFound);
    });
  },
});

Deno.test("metadata: what is malformed is named with its file", () =>
  inFolder(async (folder) => {
    await assertRejects(() => readClassMetadata(folder), RangeError, "metadata fetch");
    await Deno.mkdir(`${folder}/descriptors`);
    const write = (set: string, content: string) =>
      Deno.writeTextFile(`${folder}/descriptors/descriptors_${set}.json`, content);
    await write("imagenet", '{"b": [], "2001": []}');
    await write("imagenet_synset", '{"n00000001": ["b"]}');
    await assertRejects(() => readClassMetadata(folder), SyntaxError, "2 classes");
    await write("imagenet_synset", '{"n00000001": ["b"], "n00000002": []}');
    await assertRejects(() => readClassMetadata(folder), SyntaxError, "n00000002 must have");
    await write("imagenet_synset", '{"n00000002": ["b"], "n00000001": ["x"]}');
    await assertRejects(() => readClassMetadata(folder), SyntaxError, "n00000001");
    await write("imagenet_synset", '{"n00000001": ["b"], "n00000002": ["x"]}');
    assertEquals((await readClassMetadata(folder)).classNames, ["b", "2001"]);
    await write("imagenet", "[1");
    await assertRejects(() => readClassMetadata(folder), SyntaxError, "is not JSON");
    await Deno.writeTextFile(`${folder}/labels.txt`, "1\n5\n5\n");
    await assertRejects(() => readLabelList(`${folder}/labels.txt`, 10), SyntaxError, "line 3");
    await assertRejects(() => readLabelList(`${folder}/labels.txt`, 5), SyntaxError, "line 2");
  }));

Deno.test("metadata: what the names of tables say", () => {
  assertEquals(tableNamed("class_frequency_laionet_thresh0.7_frac0.5_ori.txt"), {
    name: "laionet_thresh0.7_frac0.5",
    set: "imagenet",
    order: "class",
  });
  assertEquals(tableNamed("class_frequency_incaps_imagenet100_ori.txt"), {
    name: "incaps",
    set: "imagenet100",
    order: "class",
  });
  assertEquals(tableNamed("class_frequency_metaclip_400m_cub.txt"), {
    name: "metaclip_400m",
    set: "cub",
    order: "count",
  });
  assertEquals(tableNamed("word_frequency_x.txt"), null);
  assertEquals([imagenetWnid("n02112837"), imagenetWnid("n01440764")], ["n02110185", "n01440764"]);
});

/** The reference's Python file, made of the lists it is known by. */
async function zeroShotText(): Promise<string> {
  const lists: Record<string, string[]> = JSON.parse(
    await Deno.readTextFile(new URL("classlists/imagenet_zeroshot_templates.json", dataRoot)),
  );
  const names = (await Deno.readTextFile(new URL("classlists/imagenet_openai_classnames.txt", dataRoot)))
    .trimEnd().split("\n");
  const tuples = Object.entries(lists).map(([name, all]) =>
    `${name} = (\n${
      all.map((each) => `    lambda c: f'${each.replace("{}", "{c}")}',\n`).join("")
    })\n\n# a remark (of two words)\n`
  );
  const pairs = Array.from({ length: names.length / 2 }, (_, i) => names.slice(2 * i, 2 * i + 2));
  const lines = pairs.map((two) => `    ${two.map((name) => JSON.stringify(name)).join(", ")},\n`);
  return `\n${tuples.join("")}IMAGENET_CLASSNAMES = (\n${lines.join("")})\n`;
}

Deno.test("metadata: templates and names are read out of Python's tuples, and nothing else", () => {
  const read = (text: string) => parseZeroShotLists(text, "z.py");
  const good =
    "A_T = (\n  lambda c: f'a {c}.', # one\n  lambda c: f\"the {c}'s\"\n)\nIMAGENET_CLASSNAMES = (\n'x', \"it's\", 'it\\'s',\n)\n";
  assertEquals(read(good), { templates: { A_T: ["a {}.", "the {}'s"] }, classNames: ["x", "it's", "it's"] });
  for (
    const bad of [
      "",
      "A_T = (\n  print(1),\n)\n",
      good.replace("'x'", "x()"),
      good.replace("IMAGENET_CLASSNAMES", "N"),
    ]
  ) {
    let message = "";
    try {
      read(bad);
    } catch (error) {
      assert(error instanceof SyntaxError);
      message = error.message;
    }
    assert(message.includes("z.py"), bad);
  }
});

/** Serves the published folder from loopback while `work` runs; `change` may answer otherwise. */
async function serving(
  change: (path: string) => Response | null,
  work: (from: string, asked: string[]) => Promise<void>,
): Promise<void> {
  const asked: string[] = [], zeroShot = await zeroShotText();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const path = decodeURIComponent(new URL(request.url).pathname).slice(1);
    asked.push(path);
    const changed = change(path);
    if (changed) return changed;
    if (path === "repo/metadata/zero_shot_metadata.py") return new Response(zeroShot);
    const file = path.replace(/^repo\//, `${decodeURIComponent(dataRoot.pathname)}clip-beyond-tail/`);
    return new Response(await Deno.readFile(file).catch(() => null), {
      status: path.startsWith("repo/") ? 200 : 404,
    });
  });
  try {
    await work(`http://127.0.0.1:${server.addr.port}/repo`, asked);
  } finally {
    await server.shutdown();
  }
}

async function isEmpty(folder: string): Promise<boolean> {
  return (await Array.fromAsync(Deno.readDir(folder))).length === 0;
}

Deno.test({
  name:
    "metadata fetch: all files are fetched, checked, and as published; a second time nothing is asked for",
  ignore: !shared,
  fn: () =>
    inFolder((folder) =>
      serving(() => null, async (from, asked) => {
        assertEquals(await fetchMetadata({ folder, from: from + "/" }), { fetched: 120, present: 0 });
        assertEquals(asked.length, 120);
        const findings = await checkMetadata(folder);
        assertEquals(findings.map(({ state }) => state).filter((state) => state !== "good"), []);
        assertEquals(findings.at(-1)?.found, "119 of 119 as published, 0 not there");
        assertEquals((await loadPrompts("openai80", `${folder}/zero_shot_metadata.py`)).length, 80);
        await Deno.remove(`${folder}/imagenet100_idxs.txt`);
        assertEquals(await fetchMetadata({ folder, from }), { fetched: 1, present: 119 });
        assertEquals(asked.slice(120), ["repo/metadata/imagenet100_idxs.txt"]);
        await replace(`${folder}/imagenet100_idxs.txt`, () => "1\n");
        const error = await assertRejects(
          () => fetchMetadata({ folder, from }),
          RangeError,
          "another content",
        );
        assertEquals([exitCode(error), asked.length], [2, 121]);
      })
    ),
});

Deno.test({
  name:
    "metadata fetch: a wrong byte, a long file, a missing one and no network are one line each, and nothing is left",
  ignore: !shared,
  async fn() {
    const last = "repo/metadata/zero_shot_metadata.py",
      table = "repo/metadata/freqs/class_frequency_cc12m_cub.txt";
    const content = await Deno.readTextFile(table.replace("repo/metadata", published));
    const cases: [(path: string) => Response | null, string][] = [
      [(path) => path === table ? new Response(content.replace("1", "2")) : null, "SHA-256 differs"],
      [(path) => path === table ? new Response(content + "x") : null, "larger than what was published"],
      [(path) => path === table ? new Response(content.slice(1)) : null, "SHA-256 differs"],
      [(path) => path === table ? new Response("no", { status: 404 }) : null, "answered 404"],
      [(path) => path === last ? new Response("T = (\n'x',\n)\n") : null, "SHA-256 differs"],
    ];
    for (const [change, said] of cases) {
      await inFolder((folder) =>
        serving(change, async (from) => {
          const error = await assertRejects(() => fetchMetadata({ folder, from }), Error, said);
          assertEquals([exitCode(error), await isEmpty(folder)], [1, true]);
        })
      );
    }
    await inFolder(async (folder) => {
      const closed = Deno.listen({ hostname: "127.0.0.1", port: 0 }), { port } = closed.addr;
      closed.close();
      const error = await assertRejects(
        () => fetchMetadata({ folder, from: `http://127.0.0.1:${port}` }),
        Error,
        "offline?",
      );
      assertEquals([exitCode(error), error.message.includes("\n"), await isEmpty(folder)], [1, false, true]);
      for (const from of ["ftp://x", "metadata"]) {
        await assertRejects(() => fetchMetadata({ folder, from }), RangeError, "--from");
      }
    });
  },
});
