// Lemmas and their inverse: the reference's habits, every noun of WordNet against the slow reference, and that no form
// is missing, by trying all words there are.
import { assert, assertEquals } from "@std/assert";
import { type Lemmatiser, nounLemmatiser } from "../../concept_freq/language/lemmas.ts";
import { lemmasOf, tokens } from "../../concept_freq/language/tokens.ts";
import type { WordNetNouns } from "../../data_utils/text/wordnet/wordnet.ts";
import { loadWordNet } from "../../data_utils/text/wordnet/wordnet_source.ts";
import { dataRoot, present } from "../data_utils/golden_files.ts";
import { sharedPath } from "./language_made.ts";
import { referenceLemma, referenceLemmas, referenceWords } from "./reference.ts";

const shared = present(dataRoot);

/** Few letters, so that all words of six letters can be tried; "fess" and "sexes" have several rules. */
const few: WordNetNouns = {
  lemmas: [
    "e",
    "ef",
    "es",
    "ex",
    "fee",
    "fes",
    "fess",
    "fesse",
    "s",
    "se",
    "sef",
    "seve",
    "sex",
    "sexe",
    "xes",
  ],
  senses: [1, 2, 1, 1, 3, 1, 2, 2, 4, 1, 1, 2, 3, 3, 1],
  exceptions: [["fefe", ["ef", "se", "nowhere"]], ["xxe", ["xes", "sef"]], ["vevs", ["vex"]], ["ses", [
    "es",
  ]]],
};

function* wordsUpTo(length: number, letters: string): Generator<string> {
  for (let words = [""]; words.length > 0;) {
    words = words.flatMap((word) => word.length < length ? [...letters].map((letter) => word + letter) : []);
    yield* words;
  }
}

/** Every word is among the forms of its lemma, and every form leads to its lemma. */
function checkInverse(lemmatiser: Lemmatiser, words: Iterable<string>): void {
  const byLemma = new Map<string, string[]>();
  for (const word of words) {
    const lemma = lemmatiser.lemma(word), others = byLemma.get(lemma);
    if (others) others.push(word);
    else byLemma.set(lemma, [word]);
  }
  for (const [lemma, words] of byLemma) {
    const forms = new Set(lemmatiser.formsOf(lemma));
    for (const word of words) assert(forms.has(word), `${word} is no form of ${lemma}`);
    for (const form of forms) assertEquals([form, lemmatiser.lemma(form)], [form, lemma]);
  }
}

for (const modern of [false, true]) {
  Deno.test(`lemmas: all forms of a lemma are found, of all words of few letters (modern: ${modern})`, () => {
    const lemmatiser = nounLemmatiser(few, { modern });
    checkInverse(lemmatiser, wordsUpTo(7, "sefvx"));
  });

  Deno.test({
    name:
      `lemmas: all forms of a lemma are found, of WordNet's nouns and what looks like their plurals (modern: ${modern})`,
    ignore: !shared,
    fn: async () => {
      const nouns = await loadWordNet({ folder: sharedPath("wordnet") });
      checkInverse(nounLemmatiser(nouns, { modern }), plurals(nouns));
    },
  });
}

/** Nouns, irregular forms, bases, and each with every ending that a rule takes away. */
function plurals(nouns: WordNetNouns): Set<string> {
  const words = new Set([...nouns.lemmas, ...nouns.exceptions.flatMap(([form, bases]) => [form, ...bases])]);
  const endings = [["", "s"], ["", "es"], ["f", "ves"], ["man", "men"], ["y", "ies"]];
  for (const word of [...words]) {
    for (const [end, plural] of endings) {
      if (word.endsWith(end)) words.add(word.slice(0, word.length - end.length) + plural);
    }
  }
  return new Set([...words].filter((word) => /^[a-z]+$/.test(word)));
}

Deno.test("lemmas: the shortest of the word and its bases, the first of equals, unknown words unchanged", () => {
  const { lemma } = nounLemmatiser(few);
  assertEquals(lemma("sexes"), "sex"); // sexe by "s", sex by "xes"
  assertEquals(lemma("seves"), "sef"); // seve by "s", sef by "ves"
  assertEquals(lemma("fess"), "fes");
  assertEquals(lemma("fefe"), "ef"); // irregular: ef before se
  assertEquals(lemma("ses"), "es"); // irregular: not se, not s
  assertEquals(lemma("vevs"), "vevs"); // irregular, but its base is no noun
  assertEquals(lemma("vvv"), "vvv");
});

Deno.test({
  name: "lemmas: as the slow reference has them, for WordNet's nouns and what looks like their plurals",
  ignore: !shared,
  fn: async () => {
    const nouns = await loadWordNet({ folder: sharedPath("wordnet") });
    const { lemma } = nounLemmatiser(nouns), words = await referenceWords();
    const differing = [...plurals(nouns)].filter((word) => lemma(word) !== referenceLemma(words, word));
    assertEquals(differing, []);
    const known = { as: "a", was: "wa", has: "ha", us: "u", men: "men", vases: "vas", glasses: "glass" };
    for (const [word, expected] of Object.entries(known)) assertEquals([word, lemma(word)], [word, expected]);
  },
});

Deno.test("words: letters after lower-casing, all else separates, contractions are taken apart", () => {
  assertEquals(tokens("Don't  PANIC: café-2go\n\u{1f600}x"), ["don", "t", "panic", "caf", "go", "x"]);
  assertEquals(tokens("\u0130stanbul 5\u212a"), ["i", "stanbul", "k"]);
  assertEquals(
    tokens("Cannot gimme gonna gotta lemme wanna tis cannots"),
    "can not gim me gon na got ta lem me wan na tis cannots".split(" "),
  );
  assertEquals(tokens("  42 — "), []);
});

Deno.test({
  name: "words: with lemmas, as the slow reference has them for captions",
  ignore: !shared,
  fn: async () => {
    const words = await referenceWords(),
      lemmatiser = nounLemmatiser(
        await loadWordNet({ folder: sharedPath("wordnet") }),
      );
    const captions = [
      "We gotta see dogs' houses, was it \u0130?",
      "Wolves\tand\u00a0sheep; the women’s boxes",
    ];
    for (const caption of captions) {
      assertEquals(lemmasOf(caption, lemmatiser), referenceLemmas(words, caption));
    }
  },
});
