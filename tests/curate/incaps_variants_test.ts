// `data incaps-variants` against its rule on plain arrays, and what it says of bad input.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { countVariant } from "../../data_utils/curate/incaps/variants.ts";
import { incapsVariantsCommand } from "../../data_utils/curate/incaps/variants_command.ts";
import { readClassMetadata } from "../../data_utils/metadata/mod.ts";
import { errorLine, exitCode } from "../../data_utils/program/mod.ts";
import { printedBy } from "../concept_freq/printed.ts";
import { withFolder } from "../data_utils/made_files.ts";
import {
  lemmas,
  madeItems,
  madeMetadata,
  names,
  slowCounts,
  slowTsv,
  slowVariant,
  templates,
  type Use,
  wnids,
} from "./incaps_made.ts";

const made = await madeItems(3000, 8);

async function withItems(
  content: unknown,
  body: (run: (...flags: string[]) => Promise<string>, root: string, folder: string) => Promise<void>,
) {
  await withFolder(async (folder) => {
    const root = `${folder}/data sets`, metadata = await madeMetadata(folder);
    await Deno.mkdir(`${root}/imagenet-captions`, { recursive: true });
    const text = typeof content === "string" ? content : JSON.stringify(content);
    await Deno.writeTextFile(`${root}/imagenet-captions/imagenet_captions.json`, text);
    const fixed = ["--root", `${root}/`, "--metadata", metadata, "--templates", `${folder}/templates.json`];
    await body((...flags) => printedBy(incapsVariantsCommand, [...fixed, ...flags]), root, folder);
  });
}

const filesIn = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(folder)).catch(() => [])).map(({ name }) => name).sort();

const cases: [flags: string[], use: Use, table: string, frequencies: string][] = [
  [["--use-title"], { title: true }, "title", "title_only_imagenet"],
  [["--use_tags"], { tags: true }, "tags", "tags_only_imagenet"],
  [["--use-description"], { description: true }, "description", "description_only_imagenet"],
  [["--use-title", "--use-tags"], { title: true, tags: true }, "title_tags", "no_description_imagenet"],
  [
    ["--use-title", "--use-description"],
    { title: true, description: true },
    "title_description",
    "no_tags_imagenet",
  ],
  [
    ["--use-tags", "--use-description"],
    { tags: true, description: true },
    "tags_description",
    "no_title_imagenet",
  ],
  [
    ["--use-tags", "--use-description", "--use-title"],
    { title: true, tags: true, description: true },
    "title_tags_description",
    "full_text_imagenet",
  ],
  [["--append-cname"], { templates: ["{}"] }, "cname", "imagenet"],
  [["--append_cname", "--mode", "a+cname"], { templates: ["a {}"] }, "a+cname", "imagenet"],
  [
    ["--append-cname", "--mode=photo", "--use-tags", "--shuffle", "--seed", "3"],
    { templates: ["a photo of a {}"], tags: true, shuffle: true, seed: 3 },
    "tags_photo",
    "imagenet",
  ],
  [
    ["--append-cname", "--mode", "openai80", "--use-title", "--shuffle"],
    { templates, title: true, shuffle: true },
    "title_openai80",
    "imagenet",
  ],
  [["--append-cname", "--mode", "openai80"], { templates }, "openai80", "imagenet"],
];

Deno.test("incaps-variants: captions, order, names and counts are the rule's, to the byte, twice alike", () =>
  withItems(made, async (run, root, folder) => {
    for (const [flags, use, name, freq] of cases) {
      const want = slowVariant(made, root, use), tsv = `incaps_${name}_${want.length}.tsv`;
      const freqs = `${folder}/freqs ${name}`, out = `${root}/imagenet-captions`, contents: string[][] = [];
      for (let run1 = 0; run1 < 2; run1++) {
        await run(...flags, "--freqs", freqs);
        assertEquals(await filesIn(out), ["imagenet_captions.json", tsv, `${tsv}.provenance.json`]);
        assertEquals(await filesIn(freqs), [`class_frequency_incaps_${freq}_ori.txt`]);
        contents.push(
          await Promise.all(
            [
              `${out}/${tsv}`,
              `${out}/${tsv}.provenance.json`,
              `${freqs}/class_frequency_incaps_${freq}_ori.txt`,
            ]
              .map((path) => Deno.readTextFile(path)),
          ),
        );
        await Deno.remove(`${out}/${tsv}`);
        await Deno.remove(`${out}/${tsv}.provenance.json`);
      }
      assertEquals(contents[0][0], slowTsv(want), name);
      assertEquals(contents[0][2], slowCounts(want.map(([, label]) => label), names), name);
      assertEquals(contents[1], contents[0], "another run, other bytes");
      const facts = JSON.parse(contents[0][1]);
      assertEquals([facts.rows, facts.items, facts.classes.zeros], [want.length, made.length, 1]);
      assertEquals(facts.of_unknown_class, made.filter(({ wnid }) => !wnids.includes(wnid)).length);
      assert(facts.without_caption === made.length - facts.of_unknown_class - want.length);
      assertEquals(facts.without_caption > 0, !use.templates, "the case shows nothing");
    }
  }));

Deno.test("incaps-variants: a template and a name of the synset are drawn for each, in this order", () =>
  withItems(made, async (_, root, folder) => {
    const metadata = await readClassMetadata(`${folder}/metadata`);
    for (const shuffle of [false, true]) {
      const className = { mode: "openai80", templates, names: lemmas, drawn: true };
      const variant = await countVariant({
        captions: `${root}/imagenet-captions/imagenet_captions.json`,
        ...{ root, metadata, shuffle, seed: 11 },
        rule: { title: true, tags: false, description: false, className },
      });
      const path = `${folder}/drawn.tsv`;
      using file = await Deno.open(path, { write: true, create: true, truncate: true });
      await variant.write(file);
      const want = slowVariant(made, root, { title: true, templates, synsets: true, shuffle, seed: 11 });
      assertEquals(await Deno.readTextFile(path), slowTsv(want));
    }
  }));

// The captions are what CPython 3.11's json, random and csv made of these items with the same rule.
Deno.test("incaps-variants: a few captions as Python makes them", () =>
  withItems([
    { wnid: wnids[0], filename: "a.JPEG", title: 'A "fish"', tags: ["x\ty", "z"], description: "no\nend" },
    { wnid: wnids[1], filename: "b.JPEG", title: null },
    { wnid: wnids[1], filename: "a.JPEG", title: "", tags: [], description: "\r\n" },
    { wnid: "n02112837", filename: "c.JPEG", title: "no class of these" },
    { wnid: wnids[2], filename: "d.JPEG", title: "NA", tags: [""], description: "ü" },
  ], async (run, root) => {
    await run("--use-title", "--use-tags", "--use-description", "--shuffle");
    assertEquals(
      await Deno.readTextFile(`${root}/imagenet-captions/incaps_title_tags_description_2.tsv`),
      "filepath\tlabel\tcaption\n" +
        `${root}/imagenet/train/${wnids[0]}/a.JPEG\t0\t"A ""fish"" x y z no end"\n` +
        `${root}/imagenet/train/${wnids[2]}/d.JPEG\t2\tNA ü\n`,
    );
  }));

Deno.test("incaps-variants: a dry run says names and counts and writes nothing", () =>
  withItems(made, async (run, root, folder) => {
    const printed = JSON.parse(await run("--append-cname", "--use-title", "--dry-run", "--json"));
    const rows = slowVariant(made, root, { templates: ["{}"], title: true }).length;
    assertEquals([printed.rows, printed.written, printed.seed], [rows, false, null]);
    assertEquals(printed.outputs.map(({ path }: { path: string }) => path), [
      `${root}/imagenet-captions/incaps_title_cname_${rows}.tsv`,
      `${folder}/metadata/freqs/class_frequency_incaps_imagenet_ori.txt`,
    ]);
    assert(printed.notes.some((note: string) => note.includes(`incaps_title+cname_${rows}.tsv`)));
    assertEquals(await filesIn(`${root}/imagenet-captions`), ["imagenet_captions.json"]);
    assertEquals(await filesIn(`${folder}/metadata/freqs`), []);
  }));

Deno.test("incaps-variants: bad input is one line, code 2, and nothing is written", async () => {
  const good = { wnid: wnids[0], filename: "a.JPEG", title: "t" }, title = ["--use-title"];
  const bad: [unknown, string[], string][] = [
    [[good], [], "need one of --use-title"],
    [[good], ["--use-title", "--use-synset"], "--use-synset is about class names: it needs --append-cname"],
    [[good], ["--use-title", "--mode", "photo"], "--mode photo is about class names"],
    [[good], ["--append-cname", "--mode", "sketch"], "--mode sketch is none of cname"],
    [[good, { ...good, wnid: undefined }], title, "item 2: wnid is missing, not a name"],
    [[good, { ...good, filename: 7 }], title, "item 2: filename is 7, not a name"],
    [[good, { ...good, title: 7 }], title, "item 2: title is 7, not text"],
    [[good, { ...good, tags: "a b" }], title, 'item 2: tags are "a b", not a list of texts'],
    [[good, { ...good, tags: [null] }], title, "not a list of texts"],
    [[good, "text"], title, "item 2 is no object"],
    [[good, { ...good, description: {} }], title, "item 2: description is {}, not text"],
    [[], title, "none of its 0 items"],
    [[{ ...good, wnid: "n00000001" }], title, "none of its 1 items"],
    [[{ ...good, title: "  " }], title, "none of its 1 items"],
    [JSON.stringify([good, good]).slice(0, -20), title, "is cut short at item 2"],
    [`[${JSON.stringify(good)}, {"wnid": nan}]`, title, "item 2 is no JSON"],
    [JSON.stringify({ items: [good] }), title, "no JSON array"],
    ["", title, "is cut short at item 1"],
  ];
  for (const [content, flags, line] of bad) {
    await withItems(content, async (run, root, folder) => {
      const error = await assertRejects(() => run(...flags));
      assert(errorLine(error).includes(line), `${errorLine(error)}, wanted ${line}`);
      assertEquals(exitCode(error), 2, line);
      assertEquals(await filesIn(`${root}/imagenet-captions`), ["imagenet_captions.json"]);
      assertEquals(await filesIn(`${folder}/metadata/freqs`), []);
    });
  }
  await withItems([good], async (run, root, folder) => {
    const counts = `${folder}/metadata/freqs/class_frequency_incaps_title_only_imagenet_ori.txt`;
    await Deno.mkdir(`${folder}/metadata/freqs`);
    await Deno.writeTextFile(counts, "other\t1\n");
    const error = await assertRejects(() => run(...title), RangeError, "with other counts");
    assertEquals(exitCode(error), 2);
    assertEquals(await Deno.readTextFile(counts), "other\t1\n");
    await Deno.writeTextFile(
      `${folder}/templates.json`,
      JSON.stringify({ OPENAI_IMAGENET_TEMPLATES: ["a {}"] }),
    );
    await assertRejects(
      () => run("--append-cname", "--mode", "openai80"),
      SyntaxError,
      "1 OPENAI_IMAGENET_TEMPLATES",
    );
    await Deno.remove(`${folder}/templates.json`);
    await assertRejects(() => run("--append-cname", "--mode", "openai80"), RangeError, "with --templates");
    await Deno.remove(`${root}/imagenet-captions/imagenet_captions.json`);
    await assertRejects(() => run("--use-tags"), Deno.errors.NotFound);
  });
});
