// Tokenizers, text repair and prompts: exact small cases, CLIP's published ids where its file is present, bad input.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  buildVocabulary,
  cleanCaption,
  CLIP_CONTEXT,
  clipTokenizer,
  fillPrompts,
  loadClipTokenizer,
  loadPrompts,
  PROMPT_SETS,
  type PromptSet,
  repairText,
  splitWords,
  tokenize,
  vocabularyFromJson,
  vocabularyToJson,
  wordVocabulary,
} from "../../data_utils/text/mod.ts";
import { CAPTION_LEVELS, makeWorld, makeWorldSet, worldCaption } from "../../data_utils/world/mod.ts";

const shared = (path: string) =>
  decodeURIComponent(new URL(`../../../shared/${path}`, import.meta.url).pathname);
const BPE_FILE = shared("data/clip/bpe_simple_vocab_16e6.txt.gz");
const GOLDEN = shared("golden/g_text/tokenizer.json");
const TEMPLATES = shared("data/classlists/imagenet_zeroshot_templates.json");

function isPresent(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    console.warn(`skipped: ..${path.slice(path.indexOf("/shared/"))} is absent`);
    return false;
  }
}

Deno.test("words: split at spaces and signs, in lower case", () => {
  assertEquals(splitWords("Look : the DOG's ball,  2 cafés!"), [
    ..."look : the dog's ball , 2 cafés !".split(" "),
  ]);
  assertEquals(splitWords(" \t\n"), []);
});

Deno.test("vocabulary: words by count then alphabet, end mark highest, unknown words marked", async () => {
  const vocabulary = await buildVocabulary(["b a", "a red b", "blue"]);
  assertEquals(vocabulary.words, ["a", "b", "blue", "red"]);
  assertEquals([vocabulary.vocabSize, vocabulary.sot, vocabulary.eot], [8, 6, 7]);
  assertEquals(vocabulary.encode("A green red"), [2, 1, 5]);
  assertEquals(vocabulary.decode([6, 2, 1, 5, 7]), "<start_of_text> a <unk> red <end_of_text>");
  const again = vocabularyFromJson(vocabularyToJson(vocabulary), "file");
  assertEquals(again.encode("blue b"), vocabulary.encode("blue b"));
  assertEquals((await buildVocabulary(["b a", "a b c"], { minCount: 2 })).words, ["a", "b"]);
  assertEquals((await buildVocabulary(["b a", "a b c"], { maxWords: 1 })).words, ["a"]);
});

Deno.test("vocabulary: bad files and words are refused", () => {
  for (
    const json of ["", "[]", "null", '{"format":"other","words":[]}', '{"format":"beyond-tail-words/1"}']
  ) {
    assertThrows(() => vocabularyFromJson(json, "here.json"), SyntaxError, "here.json");
  }
  assertThrows(() => wordVocabulary(["a", "a"]), TypeError, "twice");
  assertThrows(() => wordVocabulary(["two words"]), TypeError, "two words");
  assertThrows(() => wordVocabulary(["Upper"]), TypeError, "Upper");
});

Deno.test("vocabulary: the built-in world's captions need few words and are short", async () => {
  const options = { seed: 0, split: "train" as const, counts: new Array<number>(64).fill(8) };
  for (const [names, most, longest] of [["K", 90, 20], ["N", 220, 23]] as const) {
    const world = makeWorld({ names });
    const { records } = makeWorldSet({ world, ...options });
    const captions = CAPTION_LEVELS.flatMap((level) =>
      records.map((record, i) => worldCaption({ world, ...options }, i, record, level))
    );
    const vocabulary = await buildVocabulary(captions);
    assert(vocabulary.vocabSize <= most, `world ${names} has ${vocabulary.vocabSize} words`);
    assert(captions.every((caption) => vocabulary.encode(caption).length <= longest));
    assertEquals(vocabulary.decode(vocabulary.encode(captions.at(-1)!)), captions.at(-1));
  }
});

Deno.test("tokenize: rows have one length, the end mark is the maximum and is kept when cut", () => {
  const vocabulary = wordVocabulary(["a", "b"]);
  const { data, shape, dtype, eot } = tokenize(vocabulary, ["a", "", "a b a b"], 4);
  assertEquals([...data], [4, 2, 5, 0, 4, 5, 0, 0, 4, 2, 3, 5]);
  assertEquals({ shape, dtype, eot: [...eot] }, { shape: [3, 4], dtype: "i32", eot: [2, 1, 3] });
  assertEquals(tokenize(vocabulary, [], 4).shape, [0, 4]);
  for (const context of [1, 2.5, NaN]) assertThrows(() => tokenize(vocabulary, ["a"], context), RangeError);
});

Deno.test("repair: wrong decoding, entities, look-alikes and controls", () => {
  const cases: [string, string][] = [
    ["l’été “ici”", 'l\'été "ici"'],
    ["donâ€™t", "don't"],
    ["PÃ¡gina", "Página"],
    ["Ð\u009cÐ¾Ñ\u0081ÐºÐ²Ð°", "Москва"],
    ["ðŸ˜€ &amp; ﬁne ｗｉｄｅ", "😀 & fine wide"],
    ["São Paulo, Ångström, Ñandú", "São Paulo, Ångström, Ñandú"],
    ["ÀÉÎ ÖÄÜ", "ÀÉÎ ÖÄÜ"],
    ["a\u0000b\u001b[31mc\ufeff\ud800", "abc\ufffd"],
    ["&lt;b&gt; &copy;", "<b> ©"],
    ["1 < 2 &amp; 3", "1 < 2 &amp; 3"], // ftfy leaves entities alone in what may be HTML
  ];
  for (const [damaged, repaired] of cases) assertEquals(repairText(damaged), repaired);
  assertEquals(cleanCaption("  1 < 2 &amp;amp;\u00a0 THREE\n"), "1 < 2 & three");
});

Deno.test({
  name: "golden text: all cases of CLIP's tokenizer",
  ignore: !(isPresent(GOLDEN) && isPresent(BPE_FILE)),
  async fn() {
    const tokenizer = await loadClipTokenizer(BPE_FILE);
    assertEquals([tokenizer.vocabSize, tokenizer.sot, tokenizer.eot], [49408, 49406, 49407]);
    const { cases } = JSON.parse(await Deno.readTextFile(GOLDEN));
    assert(cases.length > 0);
    for (const { text, cleaned, ids, full_length: length, decoded, truncated } of cases) {
      assertEquals(cleanCaption(text), cleaned);
      const encoded = tokenizer.encode(text);
      assertEquals([encoded.length, encoded.length > CLIP_CONTEXT - 2], [length, truncated], text);
      assertEquals(tokenizer.decode(encoded), decoded);
      const { data, eot } = tokenize(tokenizer, [text], CLIP_CONTEXT);
      assertEquals([...data.slice(0, eot[0] + 1)], ids, text);
      assert(data.slice(eot[0] + 1).every((id) => id === 0));
    }
  },
});

Deno.test("CLIP tokenizer: files that are not its list of merges are named", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/plain.txt`, "not gzip");
    await assertRejects(() => loadClipTokenizer(`${dir}/plain.txt`), SyntaxError, "plain.txt is not a gzip");
    await assertRejects(() => loadClipTokenizer(`${dir}/none`), Deno.errors.NotFound);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
  assertThrows(() => clipTokenizer("version\na b\n", "short"), SyntaxError, "short");
  assertThrows(
    () => clipTokenizer("version\na b\na b c\n" + "a b\n".repeat(50_000), "odd"),
    SyntaxError,
    "odd:3",
  );
});

Deno.test("prompts: short sets are built in, others need a file, names go in as they are", async () => {
  assertEquals(await loadPrompts("a+cname"), ["a {}"]);
  assertEquals(await loadPrompts("photo"), ["a photo of a {}"]);
  assertEquals(PROMPT_SETS.toSorted(), ["a+cname", "cname", "openai80", "photo", "simple7"]);
  assertEquals(fillPrompts(["a {}", "{} {}"], ["x", "$&"]), ["a x", "x x", "a $&", "$& $&"]);
  await assertRejects(() => loadPrompts("poem" as PromptSet), RangeError, "poem");
  await assertRejects(() => loadPrompts("toString" as PromptSet), RangeError, "toString");
  await assertRejects(() => loadPrompts("openai80"), RangeError, "OPENAI_IMAGENET_TEMPLATES");
  const file = await Deno.makeTempFile();
  try {
    for (const text of ["", "{}", "null", '{"SIMPLE_IMAGENET_TEMPLATES":["no place"]}']) {
      await Deno.writeTextFile(file, text);
      await assertRejects(() => loadPrompts("simple7", file), SyntaxError, file);
    }
  } finally {
    await Deno.remove(file);
  }
});

Deno.test({
  name: "prompts: the published sets of 80 and 7 from their file",
  ignore: !isPresent(TEMPLATES),
  async fn() {
    assertEquals((await loadPrompts("openai80", TEMPLATES)).length, 80);
    assertEquals((await loadPrompts("simple7", TEMPLATES))[0], "itap of a {}.");
  },
});
