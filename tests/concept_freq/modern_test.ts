// --modern: words keep their form, marks and possessives, and the matcher over bytes does with nasty captions what the
// normalisation over strings does.
import { assert, assertEquals } from "@std/assert";
import { compileConcepts } from "../../concept_freq/count/compile.ts";
import { conceptMatcher } from "../../concept_freq/count/matcher.ts";
import { nounLemmatiser } from "../../concept_freq/language/lemmas.ts";
import { latinFold, lemmasOf, tokens } from "../../concept_freq/language/tokens.ts";
import { parseWordNet } from "../../data_utils/text/wordnet/wordnet.ts";
import { loadWordNet } from "../../data_utils/text/wordnet/wordnet_source.ts";
import { captionArena, TEXT_AT } from "../../data_utils/mod.ts";
import { dataRoot, present } from "../data_utils/golden_files.ts";
import { madeExceptions, madeIndex, sharedPath } from "./language_made.ts";

Deno.test("modern: marks, ligatures and possessives", () => {
  const words = (text: string) => tokens(text, { modern: true }).join(" ");
  assertEquals(words("Café CAFÉ cafe\u0301 \u0130stanbul"), "cafe cafe cafe istanbul");
  assertEquals(words("Straße Æsir œuvre Þór Łódź ſilly ŉ ĳs"), "strasse aesir oeuvre thor lodz silly n ijs");
  assertEquals(words("the dog's dogs’ DOG’S 1950's bone, it's"), "the dog dogs dog bone it");
  assertEquals(words("o'sé o'sullivan 's 'sam rock 'n's"), "o se o sullivan sam rock n");
  assertEquals(words("2×4÷8 naïve–élan 猫 \u212a"), "naive elan k");
});

Deno.test("modern: every letter from U+00C0 to U+017F has letters, and only letters have", () => {
  const codes = Array.from({ length: 0xc0 }, (_, i) => 0xc0 + i);
  assertEquals(codes.filter((code) => !latinFold.has(code)), [0xd7, 0xf7]); // the signs of multiplication and division
  for (const letters of latinFold.values()) assert(/^[a-z]{1,2}$/.test(letters));
  for (const code of codes.filter((code) => latinFold.has(code))) {
    const lower = String.fromCodePoint(code).toLowerCase().normalize("NFC");
    if (lower.length === 1 && latinFold.has(lower.charCodeAt(0))) {
      assertEquals(latinFold.get(code), latinFold.get(lower.charCodeAt(0)), lower);
    }
  }
});

Deno.test("modern: of several bases the one of most senses, then the first rule's", () => {
  const { lemma } = nounLemmatiser(parseWordNet(madeIndex, madeExceptions), { modern: true });
  assertEquals(["lenses", "collies", "cats", "wolves"].map(lemma), ["lens", "collie", "cat", "wolf"]);
  assertEquals(["as", "has", "aas"].map(lemma), ["as", "has", "aas"]);
});

Deno.test({
  name: "modern: words that the reference takes for another noun's plural",
  ignore: !present(dataRoot),
  fn: async () => {
    const nouns = await loadWordNet({ folder: sharedPath("wordnet") });
    const strict = nounLemmatiser(nouns), modern = nounLemmatiser(nouns, { modern: true });
    const table: [word: string, reference: string, modern: string][] = [
      ["as", "a", "as"],
      ["was", "wa", "was"],
      ["has", "ha", "has"],
      ["us", "u", "us"],
      ["its", "it", "its"],
      ["his", "his", "his"],
      ["does", "doe", "does"],
      ["mrs", "mr", "mrs"],
      ["tvs", "tv", "tv"],
      ["gs", "g", "gs"],
      ["ads", "ad", "ads"],
      ["boss", "bos", "boss"],
      ["pass", "pas", "pass"],
      ["vases", "vas", "vase"],
      ["cookies", "cooky", "cookie"],
      ["uses", "us", "use"],
      ["men", "men", "man"],
      ["teeth", "teeth", "tooth"],
      ["glass", "glass", "glass"],
      ["buses", "bus", "bus"],
      ["lenses", "lens", "lens"],
      ["taxis", "taxi", "taxi"],
      ["dogs", "dog", "dog"],
    ];
    for (const row of table) assertEquals([row[0], strict.lemma(row[0]), modern.lemma(row[0])], row);
  },
});

for (const modern of [false, true]) {
  Deno.test(`modern: ${modern}: the matcher over bytes finds what normalisation over strings finds`, () => {
    const lemmatiser = nounLemmatiser(parseWordNet(madeIndex, madeExceptions), { modern });
    const letters = [
      ..."aeiks",
      "ss",
      "ae",
      "th",
      "as",
      "ks",
      "sa",
      "cat",
      "wolf",
      "lens",
      "can",
      "not",
      "catss",
    ];
    const concepts = {
      classNames: letters,
      phrases: letters.map((word) => [[lemmatiser.lemma(word)]]),
      vetoes: letters.map(() => []),
    };
    const arena = captionArena(), matcher = conceptMatcher(compileConcepts(concepts, lemmatiser), arena);
    const pieces = [
      ..."aeiksSK'' -7éÉßÆþ\u2019\u2018\u212a\u0130\u0131\u017f\u0149\u0301\u036f\u0370\u02ff×ð\u0180猫\u{1f600}",
      ...["'s", "’S", "cats", "wolves", "lenses", "cannot", "'s\u0301", "s’s", "e\u0301"],
    ];
    let state = 7;
    const roll = (n: number) => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % 65521 % n;
    for (let round = 0; round < 20_000; round++) {
      const caption = Array.from({ length: roll(9) }, () => pieces[roll(pieces.length)]).join("");
      const bytes = new TextEncoder().encode(caption), lemmas = new Set(lemmasOf(caption, lemmatiser));
      arena.bytes().set(bytes, TEXT_AT);
      arena.bytes().fill(0x61, TEXT_AT + bytes.length, TEXT_AT + bytes.length + 64); // what lies behind is not read
      const found = matcher.match(bytes.length).sort((a, b) => a - b);
      const expected = letters.flatMap((word, i) => lemmas.has(lemmatiser.lemma(word)) ? [i] : []);
      assertEquals([caption, found], [caption, expected]);
    }
  });
}
