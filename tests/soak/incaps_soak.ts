// ImageNet-Captions at its size: 449,345 items, as many as the public file is said to have with the few of no class, made of
// real captions where they are there; variants and a subset of rows, byte for byte what the rules on plain arrays give.
import { assertEquals } from "@std/assert";
import { incapsSubsetCommand } from "../../data_utils/curate/incaps/subset_command.ts";
import { incapsVariantsCommand } from "../../data_utils/curate/incaps/variants_command.ts";
import { printedBy } from "../concept_freq/printed.ts";
import {
  madeItems,
  madeMetadata,
  names,
  type Row,
  slowCounts,
  slowTsv,
  slowVariant,
  templates,
  type Use,
} from "../curate/incaps_made.ts";
import { withFolder } from "../data_utils/made_files.ts";
import { randomState } from "../../data_utils/random/mod.ts";

const ITEMS = 449_345, ROWS = 44_548;

const cases: [flags: string[], use: Use, name: string][] = [
  [
    ["--use-title", "--use-tags", "--use-description", "--append-cname"],
    { title: true, tags: true, description: true, templates: ["{}"] },
    "title_tags_description_cname",
  ],
  [["--use-description"], { description: true }, "description"],
  [
    ["--use-title", "--append-cname", "--mode", "openai80", "--shuffle"],
    { title: true, templates, shuffle: true },
    "title_openai80",
  ],
];

/** Rows in the order of their paths by code point, equal ones as they were. */
function byPath(rows: readonly Row[]): Row[] {
  const bytes = new TextEncoder();
  const keys = new Map(rows.map((row) => [row, bytes.encode(row[0])]));
  return rows.toSorted((a, b) => {
    const [x, y] = [keys.get(a)!, keys.get(b)!];
    for (let i = 0; i < x.length && i < y.length; i++) if (x[i] !== y[i]) return x[i] - y[i];
    return x.length - y.length;
  });
}

Deno.test("incaps-variants, incaps-subset: 449,345 items", () =>
  withFolder(async (folder) => {
    const items = await madeItems(ITEMS, 1), metadata = await madeMetadata(folder), root = `${folder}/root`;
    const out = `${root}/imagenet-captions`;
    await Deno.mkdir(out, { recursive: true });
    await Deno.writeTextFile(`${out}/imagenet_captions.json`, JSON.stringify(items));
    let whole: Row[] = [];
    for (const [flags, use, name] of cases) {
      const began = performance.now(), freqs = `${folder}/freqs_${name}`;
      const fixed = ["--root", root, "--metadata", metadata, "--templates", `${folder}/templates.json`];
      await printedBy(incapsVariantsCommand, [...fixed, "--freqs", freqs, ...flags]);
      console.log(`soak: incaps-variants ${name}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
      const want = slowVariant(items, root, use);
      assertEquals(
        await Deno.readTextFile(`${out}/incaps_${name}_${want.length}.tsv`) === slowTsv(want),
        true,
      );
      const [table] = [...Deno.readDirSync(freqs)];
      const counts = slowCounts(want.map(([, label]) => label), names);
      assertEquals(await Deno.readTextFile(`${freqs}/${table.name}`), counts);
      if (use.tags) whole = want;
    }
    const path = `${out}/incaps_title_tags_description_cname_${whole.length}.tsv`;
    await printedBy(incapsSubsetCommand, [
      ...["--df-path", path, "--n", String(ROWS), "--metadata", metadata],
      ...["--freq-path", `${folder}/freqs_${cases[0][2]}/class_frequency_incaps_imagenet_ori.txt`],
    ]);
    const sorted = byPath(whole);
    const drawn = Array.from(randomState(42).permutation(whole.length).subarray(0, ROWS), (i) => sorted[i]);
    const subset = await Deno.readTextFile(`${out}/incaps_title_tags_description_cname_${ROWS}.tsv`);
    assertEquals(subset === slowTsv(drawn), true);
  }));
