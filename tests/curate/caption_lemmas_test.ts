// The rule of caption-cls: lemmas as whole words, as Python's re finds them, and as one slow expression a class does.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type CaptionArena, captionArena, TEXT_AT } from "../../data_utils/captions/arena.ts";
import { foldedByte } from "../../data_utils/curate/caption_cls/fold.ts";
import { type LemmaMatcher, lemmaMatcher } from "../../data_utils/curate/caption_cls/lemma_matcher.ts";
import { slowRule, tryingCaptions } from "./caption_cls_made.ts";

/**
 * Whether CPython 3.11 finds the lemma in the caption: re.search(r"\\b(" + re.escape(lemma) + r")\\b", caption, flags) with
 * flags re.IGNORECASE, and with none.
 */
const foundByPython: readonly [lemma: string, caption: string, anyCase: 0 | 1, sameCase: 0 | 1][] = [
  ["kit fox", "a kit fox.", 1, 1],
  ["kit fox", "a Kit Fox", 1, 0],
  ["kit fox", "kit_fox", 0, 0],
  ["kit fox", "akit fox", 0, 0],
  ["kit fox", "kit foxes", 0, 0],
  ["kit fox", "kit  fox", 0, 0],
  ["kit fox", "kit\tfox", 0, 0],
  ["kit fox", "\u212aIT FOX", 1, 0],
  ["kit fox", "k\u0131t fox", 1, 0],
  ["kit fox", "K\u0130t FOX", 1, 0],
  ["kit fox", "kit fo\u0445", 0, 0],
  ["kit fox", "(kit fox)", 1, 1],
  ["kit fox", "kit fox\u00e9", 0, 0],
  ["kit fox", "\u00e9kit fox", 0, 0],
  ["kit fox", "kit fox\u00b2", 0, 0],
  ["kit fox", "kit fox\u0301", 1, 1],
  ["kit fox", "kit fox\u4e2d", 0, 0],
  ["kit fox", "\u4e2d kit fox", 1, 1],
  ["kit fox", "kit fox\ud835\udc00", 0, 0],
  ["kit fox", "kit fox\ud83d\ude00", 1, 1],
  ["kit fox", "kit fox\u200d", 1, 1],
  ["kit fox", "kit-kit fox", 1, 1],
  ["kit fox", "kit fox's", 1, 1],
  ["R.V.", "an R.V.", 0, 0],
  ["R.V.", "an R.V. here", 0, 0],
  ["R.V.", "R.V.x", 1, 1],
  ["R.V.", "r.v.1 r", 1, 0],
  ["R.V.", "R.V.\u00e9", 1, 1],
  ["R.V.", "xR.V.x", 0, 0],
  ["R.V.", "RxVxx", 0, 0],
  ["R.V.", " r.v._", 1, 0],
  ["jack-o'-lantern", "JACK-O'-LANTERN", 1, 0],
  ["jack-o'-lantern", "a \u212aack", 0, 0],
  ["jack-o'-lantern", "jac\u212a-o'-lantern", 1, 0],
  ["jack-o'-lantern", "jack-o\u2019-lantern", 0, 0],
  ["jack-o'-lantern", "jack-o'-lanterns", 0, 0],
  ["bass", "ba\u017f\u017f", 1, 0],
  ["bass", "BA\u017fS", 1, 0],
  ["bass", "ba\u00df", 0, 0],
  ["bass", "bass", 1, 1],
  ["bass", "BASS\u00e9", 0, 0],
  ["bass", "bas\u017f_", 0, 0],
  ["bass", "\u0431ass", 0, 0],
  [".22", "a.22", 1, 1],
  [".22", "a .22", 0, 0],
  [".22", ".22", 0, 0],
  [".22", "1.22 x", 1, 1],
  [".22", "x.22x", 0, 0],
  [".22", "\u00b2.22", 1, 1],
  ["ibis", "\u0130bis", 1, 0],
  ["ibis", "\u0131b\u0131s", 1, 0],
  ["ibis", "i\u0307bis", 0, 0],
  ["ibis", "IB\u0130\u017f", 1, 0],
];

/** Labels of a caption that stands amid bytes which are not to be looked at. */
function labelsOf(matcher: LemmaMatcher, arena: CaptionArena, caption: string | Uint8Array): number[] {
  const bytes = typeof caption === "string" ? new TextEncoder().encode(caption) : caption, at = TEXT_AT + 5;
  arena.bytes().fill(0x61, TEXT_AT, TEXT_AT + bytes.length + 100).set(bytes, at);
  return [...matcher.found(matcher.match(at, bytes.length))].sort((a, b) => a - b);
}

/** A matcher with its arena. */
function matching(lemmas: readonly (readonly string[])[], caseSensitive = false) {
  const arena = captionArena(), matcher = lemmaMatcher(lemmas, { caseSensitive, arena });
  return (caption: string | Uint8Array) => labelsOf(matcher, arena, caption);
}

Deno.test("caption lemmas: boundaries, dots and cases are Python's", () => {
  for (const [lemma, caption, anyCase, sameCase] of foundByPython) {
    for (const [caseSensitive, expected] of [[false, anyCase], [true, sameCase]] as const) {
      const labels = matching([[lemma]], caseSensitive)(caption);
      assertEquals(labels.length, expected, JSON.stringify({ lemma, caption, caseSensitive }));
      assertEquals(
        slowRule([lemma], caseSensitive).test(caption),
        expected === 1,
        "the slow rule of these tests",
      );
    }
  }
});

Deno.test("caption lemmas: of all code points, those fold that Python's re.IGNORECASE folds", () => {
  const folded = new Map<string, string>();
  for (let point = 128; point < 0x110000; point++) {
    if (point >= 0xd800 && point < 0xe000) continue;
    const letter = String.fromCodePoint(point),
      byte = foldedByte(point, false),
      exact = foldedByte(point, true);
    assertEquals(exact, /[\p{L}\p{N}]/u.test(letter) ? 0x80 : 0x81, letter);
    if (byte < 128) folded.set(letter, String.fromCharCode(byte));
    else assertEquals(byte, exact, letter);
  }
  assertEquals([...folded], [["\u0130", "i"], ["\u0131", "i"], ["\u017f", "s"], ["\u212a", "k"]]);
});

Deno.test("caption lemmas: bytes that are no UTF-8 are no part of a word", () => {
  const labels = matching([["ox"]]), ox = new TextEncoder().encode("ox");
  for (
    const bad of [
      [0x80],
      [0xff],
      [0xc3],
      [0xc0, 0x80],
      [0xe4, 0xb8],
      [0xed, 0xa0, 0x80],
      [0xf0, 0x9f, 0x98],
      [
        0xf5,
        0x80,
        0x80,
        0x80,
      ],
      [0xe0, 0x80, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xf0, 0x80, 0x80, 0x80],
    ]
  ) {
    assertEquals(labels(Uint8Array.from([...bad, ...ox])), [0], `${bad}`);
    assertEquals(labels(Uint8Array.from([...ox, ...bad])), [0], `${bad}`);
  }
  assertEquals(labels(Uint8Array.from([...ox, 0xc3, 0xa9])), []);
});

Deno.test("caption lemmas: several classes, lemmas that begin or contain others, each class once", () => {
  const lemmas = [["crane"], ["crane", "crane fly"], ["fly"], ["a"], ["fly a"], [], ["ox", "OX"]];
  const labels = matching(lemmas);
  assertEquals(labels("Crane fly"), [0, 1, 2]);
  assertEquals(labels("a fly a fly a OX ox"), [2, 3, 4, 6]);
  assertEquals(labels("cranes flya"), []);
  assertEquals(labels(""), []);
  assertEquals(labels("o"), []);
  assertEquals(lemmaMatcher(lemmas).labelsOf("Crane \u212a fly"), [0, 1, 2]);
  assertEquals(labels(`${"x ".repeat(100_000)}crane`), [0, 1]);
  assertThrows(() => lemmaMatcher([["ox"], [""]]), RangeError, 'Lemma "" of class 1: only ASCII');
  assertThrows(() => lemmaMatcher([["\u00e9"]]), RangeError, "only ASCII");
});

Deno.test("caption lemmas: as one expression a class finds them, on captions that try the rule", () => {
  const lemmas = [
    ...[["tench", "Tinca tinca"], ["T-shirt", "jersey", "tee shirt"], ["R.V.", "RV", "recreational vehicle"]],
    ...[
      ["jack-o'-lantern"],
      ["kite"],
      ["crane"],
      ["crane"],
      ["pug", "pug-dog"],
      ["ibis"],
      ["kit fox", "fox"],
      ["s"],
    ],
    [".22", "'hood", "2 by 4", "counterintelligence agent", "counterintelligence_agency"],
  ];
  const flat = lemmas.flat();
  for (const caseSensitive of [false, true]) {
    const labels = matching(lemmas, caseSensitive);
    const rules = lemmas.map((ofClass) => slowRule(ofClass, caseSensitive));
    let found = 0;
    for (
      const caption of tryingCaptions(flat, [
        "",
        "a fox",
        "Kites by a recreational-vehicle-with-a-long-name_of_27",
        "Kites by RV",
        "1.22 R.V.s",
        "bass",
      ], 20_000)
    ) {
      if (caption === null) continue;
      const expected = rules.flatMap((rule, label) => rule.test(caption) ? [label] : []);
      assertEquals(labels(caption), expected, JSON.stringify({ caption, caseSensitive }));
      found += expected.length;
    }
    assert(found > 10_000, `${found}`);
  }
});
