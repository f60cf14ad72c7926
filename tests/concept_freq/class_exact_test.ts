// Class counts are the reference's to the last digit: over all captions beside the checkout by the program, and over random bytes by the
// matcher, class by class and caption by caption.
import { assert, assertEquals } from "@std/assert";
import {
  type CaptionArena,
  captionArena,
  captionStrings,
  MOST_SPANS,
  NULL_LENGTH,
  randomStream,
  TEXT_AT,
  TEXT_BYTES,
} from "../../data_utils/mod.ts";
import {
  compileConcepts,
  conceptSet,
  loadConceptSet,
  loadWordNet,
  nounLemmatiser,
} from "../../concept_freq/mod.ts";
import { classCommand } from "../../concept_freq/commands/class_command.ts";
import { type ConceptMatcher, conceptMatcher } from "../../concept_freq/count/matcher.ts";
import { dataRoot, present } from "../data_utils/golden_files.ts";
import { captionMaker } from "./made_captions.ts";
import { printedBy } from "./printed.ts";
import {
  conceptSets,
  gunzippedText,
  metadataFolder,
  type ReferenceClass,
  referenceClass,
  referenceClasses,
  referenceHit,
  referenceSet,
  type ReferenceWords,
  referenceWords,
} from "./reference.ts";

const ignore = !present(dataRoot);
const path = (name: string) => decodeURIComponent(new URL(name, dataRoot).pathname);
const files = [
  "captions/cc3m_val_part.tsv.gz",
  "captions/coco_val2017_captions.jsonl.gz",
  "captions/laion_sample",
  "coco-mini/coco-mini-pairs.tar",
].map(path);

/** All captions of the files; TSV and JSONL in the simplest way there is, which does for these. */
async function* allCaptions(): AsyncGenerator<string | null> {
  const [tsv, jsonl] = await Promise.all(
    files.slice(0, 2).map((file) => gunzippedText(new URL(`file://${file}`))),
  );
  for (const line of tsv.trimEnd().split("\n").slice(1)) yield line.split("\t")[0];
  for (const line of jsonl.trimEnd().split("\n")) yield JSON.parse(line).caption;
  for (const part of [0, 1, 2]) yield* captionStrings(`${files[2]}/part-0000${part}.parquet`);
  yield* captionStrings(files[3]);
}

Deno.test({
  name: "class counts: the program gives the reference's, of all caption files and all concept sets",
  ignore,
  async fn() {
    const words = await referenceWords(), sets: Set<string>[] = [], out = await Deno.makeTempDir();
    for await (const caption of allCaptions()) sets.push(referenceSet(words, caption));
    assertEquals(sets.length, 10_000 + 25_014 + 7_000 + 51);
    for (const set of conceptSets) {
      const classes = await referenceClasses(words, set),
        flags = ["--concept-set", set, "--metadata", decodeURIComponent(metadataFolder.pathname)];
      const inputs = files.flatMap((file) => ["--captions", file]);
      await printedBy(classCommand, [
        ...inputs,
        ...flags,
        "--wordnet",
        path("wordnet"),
        "--out",
        out,
        "--name",
        "all",
      ]);
      const counts = classes.map((one) =>
        sets.reduce((sum, caption) => sum + (referenceHit(one, caption) ? 1 : 0), 0)
      );
      const lines = classes.map(({ name }, c) => `${name}\t${counts[c]}\n`);
      assertEquals(await Deno.readTextFile(`${out}/class_frequency_all_${set}_ori.txt`), lines.join(""), set);
      const order = counts.map((_, c) => c).sort((a, b) => counts[b] - counts[a] || a - b);
      const sorted = order.map((c) => lines[c]).join("");
      assertEquals(await Deno.readTextFile(`${out}/class_frequency_all_${set}.txt`), sorted, set);
    }
    await Deno.remove(out, { recursive: true });
  },
});

/** Bytes that are no UTF-8, or look like the beginning or the end of the two characters that become letters. */
const bad = [
  [0xff],
  [0x80],
  [0xc3],
  [0xc4],
  [0xb0],
  [0xe2],
  [0xe2, 0x84],
  [0x84, 0xaa],
  [0xaa],
  [0xc0, 0xe1],
  [0xed, 0xa0, 0x80],
  [0xf0, 0x9f],
  [0xc1, 0x81],
  [0xe0, 0x81, 0x81],
  [0xf5],
  [0xc4, 0xb1],
  [0xe2, 0x84, 0xab],
  [0xe3, 0x84, 0xaa],
  [0xc5, 0xb0],
];

/** The bytes of a text, some trials with a few of {@link bad} among them, at the ends too. */
function damaged(text: string, int: (below: number) => number): Uint8Array {
  let bytes = [...new TextEncoder().encode(text)];
  for (let n = int(3) === 0 ? 1 + int(4) : 0; n > 0; n--) {
    const at = [0, bytes.length, int(bytes.length + 1)][int(3)];
    bytes = [...bytes.slice(0, at), ...bad[int(bad.length)], ...bytes.slice(at + int(2))];
  }
  return Uint8Array.from(bytes);
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

interface Matching {
  readonly arena: CaptionArena;
  readonly matcher: ConceptMatcher;
}

/** The matcher of a shipped set, or of classes with their entries. */
async function matcherOf(set: string | readonly (string | readonly string[])[]): Promise<Matching> {
  const lemmatiser = nounLemmatiser(await loadWordNet({ folder: path("wordnet") })), arena = captionArena();
  const concepts = typeof set === "string"
    ? await loadConceptSet(set, { lemmatiser, metadata: decodeURIComponent(metadataFolder.pathname) })
    : conceptSet("made", set.map((_, c) => `class ${c}`), set, lemmatiser);
  return { arena, matcher: conceptMatcher(compileConcepts(concepts, lemmatiser), arena) };
}

const hitsOf = (classes: readonly ReferenceClass[], caption: ReadonlySet<string>) =>
  classes.flatMap((one, c) => referenceHit(one, caption) ? [c] : []);

/** Compares random captions one by one, and then all of them as one batch. */
function compareRandomly(
  words: ReferenceWords,
  classes: readonly ReferenceClass[],
  { arena, matcher }: Matching,
  [seed, trials]: readonly [number, number],
): void {
  const make = captionMaker(seed, words, classes), { int } = randomStream(seed, 1);
  const counts = classes.map(() => 0), batch: (Uint8Array | null)[] = [];
  let at = TEXT_AT, hits = 0;
  for (let trial = 0; trial < trials; trial++) {
    const bytes = damaged(make(), int), text = decoder.decode(bytes);
    const expected = hitsOf(classes, referenceSet(words, text));
    arena.bytes().set(bytes, TEXT_AT);
    const found = matcher.match(bytes.length).sort((a, b) => a - b);
    assertEquals(found, expected, `${JSON.stringify(text)}: ${[...bytes]}`);
    for (const c of expected) counts[c]++;
    hits += expected.length;
    batch.push(bytes);
    if (int(20) === 0) batch.push(null);
  }
  assert(hits > trials / 8, `only ${hits} classes in ${trials} captions`);
  // Nothing stands between the captions of the batch that could keep their words apart.
  matcher.take();
  batch.forEach((bytes, i) => {
    if (bytes) arena.bytes().set(bytes, at);
    arena.spans().set([at, bytes ? bytes.length : NULL_LENGTH], 2 * i);
    at += bytes?.length ?? 0;
  });
  assert(at < TEXT_AT + TEXT_BYTES && batch.length <= MOST_SPANS);
  matcher.add(batch.length);
  assertEquals([...matcher.take()], counts);
}

/** Compares captions one by one; some must be of a class. */
function assertClasses(
  words: ReferenceWords,
  classes: readonly ReferenceClass[],
  { arena, matcher }: Matching,
  captions: Iterable<string>,
): void {
  let hits = 0;
  for (const caption of captions) {
    const { written } = new TextEncoder().encodeInto(caption, arena.bytes().subarray(TEXT_AT));
    const expected = hitsOf(classes, referenceSet(words, caption));
    hits += expected.length;
    assertEquals(matcher.match(written).sort((a, b) => a - b), expected, caption);
  }
  assert(hits > 100, `only ${hits} classes`);
}

for (const [seed, set] of conceptSets.entries()) {
  Deno.test({
    name: `class counts: the classes of random captions are the reference's (${set})`,
    ignore,
    async fn() {
      const words = await referenceWords(), classes = await referenceClasses(words, set);
      compareRandomly(words, classes, await matcherOf(set), [seed, set === "imagenet" ? 6000 : 2000]);
    },
  });
}

Deno.test({
  name:
    "class counts: contractions, irregular forms and what the rules make of small words, as classes of their own",
  ignore,
  async fn() {
    const words = await referenceWords(), { int } = randomStream(21);
    const nouns = [...words.nouns].filter((noun) => /^[a-z_]+$/.test(noun)),
      noun = () => nouns[int(nouns.length)];
    const several = [...words.exceptions].filter(([, bases]) => bases.length > 1);
    const entries: (string | string[])[] = [
      ...[
        "can",
        "not",
        "gim",
        "me",
        "gon",
        "na",
        "got",
        "ta",
        "lem",
        "wan",
        "cannot",
        "gotta",
        "me / not or us",
      ],
      ...["was", "has", "as", "wa", "ha", "a", "men", "s", "U.S.", "can't", "bus (vehicle)", "kits", "i"],
      ...several.map(([form]) => form),
      ...Array.from({ length: 300 }, () => [`${noun()} na`, noun()]),
    ];
    const classes = entries.map((entry, c) => referenceClass(words, `class ${c}`, entry, "made"));
    const matching = await matcherOf(entries);
    compareRandomly(words, classes, matching, [31, 3000]);
    const irregular = several.flatMap(([form, bases]) => [form, ...bases, `${form}s`]);
    assertClasses(words, classes, matching, [
      ...irregular,
      ...nouns.filter((_, i) => i % 20 === 0).map((one) => `${one}s`),
    ]);
  },
});

Deno.test({
  name:
    "class counts: every word that ends as a plural, or is irregular, has the reference's lemma in a phrase",
  ignore,
  async fn() {
    const words = await referenceWords(), set = "imagenet", classes = await referenceClasses(words, set);
    const single = new Set(classes.flatMap(({ phrases }) => phrases.flat()));
    const forms = new Set([...single, ...words.exceptions.keys()]);
    for (const word of single) {
      for (
        const ending of ["s", "es", "ses", "xes", "zes", "ches", "shes", "ies", "ves", "men", "ss", "eses"]
      ) {
        for (const cut of [0, 1, 2, 3]) forms.add(word.slice(0, word.length - cut) + ending);
      }
    }
    assertClasses(words, classes, await matcherOf(set), forms);
  },
});
