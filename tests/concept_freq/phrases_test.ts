// Phrases of classes and special cases: how a name becomes phrases, which rule applies, and what a rules file may hold.
import { assertEquals, assertThrows } from "@std/assert";
import { applyRules, phrasesOf } from "../../concept_freq/language/phrases.ts";
import { parseSpecialCases, referenceCases } from "../../concept_freq/language/special_cases.ts";

Deno.test("phrases: of a name, without groups, split and trimmed; of a list, neither split nor trimmed", () => {
  assertEquals(phrasesOf("Crane (bird)"), ["crane"]);
  assertEquals(phrasesOf("T-shirt or Hoodie / door orchid/rose"), ["t-shirt", "hoodie", "door orchid/rose"]);
  assertEquals(phrasesOf("a (x (y) z) b"), ["a  z) b"]); // a group ends at the first parenthesis
  assertEquals(phrasesOf(["Impala (antelope)", "this or that"]), ["impala ", "this or that"]);
  assertEquals(phrasesOf("(all of it)"), [""]);
});

Deno.test("rules: the first of a set whose phrase is a whole phrase of the class, compared before trimming", () => {
  const of = (set: string, ...phrases: string[]) => applyRules(set, phrases, referenceCases);
  assertEquals(of("imagenet", "longbow", "bow").negatives, ["tie"]);
  assertEquals(of("imagenet", "bow", "sorrel").negatives, ["plant", "herb", "flower", "leaf"]);
  assertEquals(of("imagenet", "bow ").negatives, []);
  assertEquals(of("imagenet", "bow tie").negatives, []);
  assertEquals(of("imagenet100", "bow").negatives, []);
  assertEquals(of("cub", "cardinal").phrases, ["cardinal bird", "northern cardinal", "red cardinal"]);
  assertEquals(of("places365", "arcade").phrases.length, 4);
  assertEquals(of("pets", "cardinal"), { phrases: ["cardinal"], negatives: [], rules: [] });
});

Deno.test("rules file: what it may hold", () => {
  const text = `{"negatives": [{"set": "mine", "phrase": "bat", "words": ["ball game"]}]}`;
  assertEquals(parseSpecialCases(text, "r.json"), {
    negatives: [{ set: "mine", phrase: "bat", words: ["ball game"] }],
    replacements: [],
  });
  const none = parseSpecialCases(`{"negatives": [{"set": "mine", "phrase": "bat", "words": []}]}`, "r.json");
  assertEquals(none.negatives[0].words, []);
});

for (
  const [text, message] of [
    ["{", "r.json: is not JSON: "],
    ["[]", "r.json: must be an object with the lists negatives and replacements"],
    [`{"negative": []}`, "r.json: negative is unknown: the lists are called negatives and replacements"],
    [`{"negatives": {}}`, "r.json: negatives must be a list"],
    [`{"negatives": [1]}`, 'r.json: negatives[0] must be {"set", "phrase", "words"}'],
    [`{"negatives": [["a"]]}`, 'r.json: negatives[0] must be {"set", "phrase", "words"}'],
    [
      `{"negatives": [{"set": "a", "phrase": "b", "phrases": ["c"]}]}`,
      "r.json: negatives[0].phrases is unknown: a rule has set, phrase and words",
    ],
    [`{"negatives": [{"phrase": "b", "words": []}]}`, "r.json: negatives[0].set must name a concept set"],
    [`{"negatives": [{"set": "a", "phrase": "2", "words": []}]}`, "r.json: negatives[0].phrase must be"],
    [
      `{"negatives": [{"set": "a", "phrase": "b", "words": "c"}]}`,
      "r.json: negatives[0].words must be a list",
    ],
    [
      `{"negatives": [{"set": "a", "phrase": "b", "words": ["7"]}]}`,
      "r.json: negatives[0].words must be a list",
    ],
    [
      `{"replacements": [{"set": "a", "phrase": "b", "phrases": []}]}`,
      "r.json: replacements[0].phrases must be a list of texts with letters in them",
    ],
  ]
) {
  Deno.test(`rules file: ${text} is refused by its field`, () => {
    assertThrows(() => parseSpecialCases(text, "r.json"), SyntaxError, message);
  });
}
