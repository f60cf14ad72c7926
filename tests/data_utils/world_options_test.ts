// What can be turned on the built-in world: the grammar of captions, named levels from a list or a file, and laws from
// frequency files, the reference's own among them.
import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import {
  ATTRIBUTE_GRAMMAR,
  CAPTION_LEVELS,
  checkGrammar,
  contactSheet,
  decodeImage,
  encodePng,
  IMAGE_BYTES,
  makeWorld,
  makeWorldSet,
  readLevels,
  renderWorldImage,
  RICH_GRAMMAR,
  tailShape,
  worldCaption,
  worldCounts,
  worldLaw,
} from "../../data_utils/mod.ts";
import { withFolder } from "./made_files.ts";

const world = makeWorld(), nounWorld = makeWorld({ names: "N" });
const place = { world, seed: 0, split: "train" as const };
const set = makeWorldSet({ ...place, counts: new Array(64).fill(4) });

Deno.test("grammar: entries replace those of the level, and only there", () => {
  const texts = (level: "templates" | "attributes" | "rich" | "mix", grammar?: Record<string, number>) =>
    set.records.map((record, i) => worldCaption(place, i, record, level, 0, grammar));
  const share = (list: string[], test: RegExp) => list.filter((text) => test.test(text)).length / list.length;
  const scene = /\b(sky|grass|sand|snow|night|water|wall|wood)\b/;
  assertAlmostEquals(share(texts("rich"), scene), 0.4, 0.1);
  assertEquals(share(texts("rich", { scene: 1 }), scene), 1);
  assertEquals(share(texts("rich", { scene: 0 }), scene), 0);
  assertEquals(share(texts("attributes"), scene), 0);
  assertEquals(share(texts("attributes", { scene: 1 }), scene), 1);
  assertAlmostEquals(share(texts("mix", { scene: 1 }), scene), 0.5, 0.12); // the other half are templates
  assertEquals(texts("templates", { scene: 1 }), texts("templates"));
  assertEquals(texts("rich", { ...RICH_GRAMMAR.K }), texts("rich"));
});

Deno.test("grammar: unknown entries and what is no probability are refused", () => {
  checkGrammar({ ...RICH_GRAMMAR.N }, "N");
  checkGrammar({ scene: 0, clutter: 1 }, "K");
  assertThrows(() => checkGrammar({ fog: 0.1 }, "K"), RangeError, '"fog"');
  assertThrows(() => checkGrammar({ shape: 0.4 }, "K"), RangeError, '"shape"');
  for (const bad of [-0.1, 1.1, NaN]) {
    assertThrows(() => checkGrammar({ scene: bad }, "N"), RangeError, "scene must be a probability");
  }
});

Deno.test("grammar: the design's numbers, and a vocabulary of its words only", () => {
  const { prefix, colour, texture, scene, clutter, size, shuffle } = RICH_GRAMMAR.K; // design/world.md, section B
  assertEquals([scene, clutter, size, shuffle, colour, texture, prefix], [
    0.4,
    0.4,
    0.2,
    0.2,
    0.85,
    0.85,
    0.3,
  ]);
  const n = RICH_GRAMMAR.N;
  assertEquals([n.colour, n.texture, n.synonym, n.shape, n.scene, n.clutter, n.shuffle], [
    ...[0.5, 0.5, 0.15, 0.4, 0.25, 0.2, 0.2],
  ]);
  assertEquals(ATTRIBUTE_GRAMMAR.N.shape, 0.5);
  const wordsOf = (chosen: typeof world) => {
    const words = new Set<string>();
    let longest = 0;
    for (const level of CAPTION_LEVELS.filter((level) => level !== "synonyms")) {
      for (let epoch = 0; epoch < 20; epoch++) {
        set.records.forEach((record, i) => {
          const text = worldCaption({ ...place, world: chosen }, i, record, level, epoch).split(" ");
          text.forEach((word) => words.add(word));
          longest = Math.max(longest, text.length);
        });
      }
    }
    return { words: words.size, longest };
  };
  assertEquals(wordsOf(world).words, 59); // 34 names of parts, 11 words of prompts, 14 of descriptions
  assertEquals(wordsOf(nounWorld).words, 59 + 64 + 64 + 3 - 2); // nouns, synonyms, "shaped like form", no sizes
  assert(wordsOf(world).longest <= 24);
});

Deno.test("levels: lists and files of named numbers", () =>
  withFolder(async (folder) => {
    assertEquals(readLevels(" noise=0.5, clutter=0"), { noise: 0.5, clutter: 0 });
    const path = `${folder}/levels.json`;
    await Deno.writeTextFile(path, '{"scene": 0.25}');
    assertEquals(readLevels(path), { scene: 0.25 });
    for (const bad of ["", "noise", "noise=", "noise=lots", "noise=1;clutter=0", "noise=1,,"]) {
      assertThrows(() => readLevels(bad), SyntaxError, "is not NAME=NUMBER");
    }
    assertThrows(() => readLevels("noise=1,noise=2"), SyntaxError, "noise is given twice");
    for (
      const [text, line] of [["{", "is not JSON"], ["[1]", "one JSON object"], [
        '{"a":"1"}',
        "a is not a number",
      ]]
    ) {
      await Deno.writeTextFile(path, text);
      assertThrows(() => readLevels(path), SyntaxError, line);
    }
    assertThrows(() => readLevels(`${folder}/none.json`), Deno.errors.NotFound);
  }));

Deno.test("law: the shape of a tail keeps its thirds whatever the number of classes", () => {
  assertEquals(tailShape([1, 9, 5, 3], 2), [7, 2]);
  assertEquals(tailShape([6, 2], 4), [6, 6, 2, 2]);
  assertEquals(tailShape([4, 2, 0], 2), [(4 + 0.5 * 2) / 1.5, (0.5 * 2) / 1.5]);
  const counts = Array.from({ length: 1000 }, (_, k) => Math.round(1e6 / (k + 1)));
  const third = (list: number[]) =>
    list.slice(0, list.length / 3).reduce((a, b) => a + b) / list.reduce((a, b) => a + b);
  assertAlmostEquals(third(tailShape(counts, 63)), third(tailShape(counts, 999)), 0.001);
});

Deno.test("law: a file of the world's own classes gives them these counts; of others, the shape; of some, an error", () =>
  withFolder(async (folder) => {
    const path = `${folder}/counts.txt`, names = world.classNames;
    const lines = (list: readonly (readonly [string, number])[]) =>
      list.map((row) => row.join("\t")).join("\n") + "\n";
    await Deno.writeTextFile(path, lines(names.map((name, c) => [name, c + 1] as const)));
    const images = 64 * 65 / 2, own = worldLaw(path, names);
    assertEquals([...worldCounts(world, { law: own, images, seed: 5 })], names.map((_, c) => c + 1));

    await Deno.writeTextFile(path, lines([["cat", 100], ["dog", 900]]));
    const foreign = worldLaw(path, names),
      counts = worldCounts(world, { law: foreign, images: 6400, seed: 5 });
    assertEquals([...counts].sort((a, b) => b - a), [...new Array(32).fill(180), ...new Array(32).fill(20)]);
    assertNotEquals(counts, worldCounts(world, { law: foreign, images: 6400, seed: 6 }));

    await Deno.writeTextFile(path, lines([[names[0], 100], ["dog", 900]]));
    assertThrows(() => worldLaw(path, names), SyntaxError, "line 2: dog is none of the 64 classes");
    await Deno.writeTextFile(path, lines([["cat", 0], ["dog", 0]]));
    assertThrows(() => worldLaw(path, names), RangeError, "gives no class any image");
    await Deno.writeTextFile(path, "cat 100\n");
    assertThrows(() => worldLaw(path, names), SyntaxError, "line 1: expected name<TAB>count");
    assertThrows(() => worldLaw("steep", names), SyntaxError, "Unknown law steep");
    assertEquals(worldLaw("ratio:10", names).weights.length, 64);
  }));

const freqs = new URL("../../../shared/data/clip-beyond-tail/metadata/freqs/", import.meta.url);
const present = await Deno.stat(freqs).then(() => true, () => false);
if (!present) console.warn("skipped: ../shared/data/clip-beyond-tail is absent");

Deno.test({
  name: "law: every frequency file of the reference gives a law for the world",
  ignore: !present,
  fn: () => {
    const files = [...Deno.readDirSync(freqs)].map(({ name }) =>
      decodeURIComponent(new URL(name, freqs).pathname)
    );
    assert(files.length >= 90);
    for (const file of files) {
      const { by, weights } = worldLaw(file, world.classNames);
      assertEquals([by, weights.length], ["rank", 64]);
      assert(weights.every((weight, k) => weight >= 0 && (k === 0 || weight <= weights[k - 1] + 1e-6)), file);
    }
  },
});

Deno.test("contact sheet: names, counts and examples take their room, and the same options make the same bytes", () => {
  const plain = contactSheet(world, { perClass: 1, zoom: 1 });
  const full = () =>
    contactSheet(world, { perClass: 1, zoom: 1, labelled: true, counts: new Array(64).fill(7), examples: 4 });
  const sheet = full(), dark = (image: typeof sheet) => image.data.filter((value) => value === 0).length;
  assertEquals(sheet.width, plain.width);
  assert(sheet.height > plain.height && dark(sheet) > dark(plain) + 5000);
  assertEquals(encodePng(sheet), encodePng(full()));
});

Deno.test("contact sheet: the picture in the READMEs is what the command draws today", async () => {
  const counts = worldCounts(world, { law: worldLaw("ratio:10", world.classNames), images: 20_000, seed: 0 });
  const order = [...counts.keys()].sort((a, b) => counts[b] - counts[a] || a - b);
  const sheet = contactSheet(world, { perClass: 1, zoom: 3, labelled: true, counts, order, examples: 2 });
  const file = new URL("../../data_utils/world/contact_sheet.png", import.meta.url);
  const picture = await decodeImage(await Deno.readFile(file));
  assertEquals([picture.width, picture.height], [sheet.width, sheet.height]);
  assertEquals(picture.pixels, sheet.data);
});

Deno.test("world: scenes, objects behind and sizes come at the design's rates", () => {
  const pixels = new Uint8Array(IMAGE_BYTES), images = 3200; // standard deviation of a rate of .5: .009
  const seen = { preferred: 0, large: 0, partner: 0, behind: 0, clutter: [0, 0, 0] };
  for (let i = 0; i < images; i++) {
    const record = renderWorldImage(place, i, i % 64, pixels), kind = world.classes[record.label];
    if (record.scene === kind.scene) seen.preferred++;
    if (record.large) seen.large++;
    seen.clutter[record.clutter.length]++;
    seen.behind += record.clutter.length;
    seen.partner += record.clutter.filter((label) => kind.partners.includes(label)).length;
    assert(!record.clutter.includes(record.label));
  }
  [0.3, 0.4, 0.3].forEach((rate, n) => assertAlmostEquals(seen.clutter[n] / images, rate, 0.03));
  assertAlmostEquals(seen.preferred / images, 0.5 + 0.5 / 8, 0.03);
  assertAlmostEquals(seen.partner / seen.behind, 0.7 + 0.3 * 4 / 63, 0.03);
  assertAlmostEquals(seen.large / images, 0.5, 0.03);
});
