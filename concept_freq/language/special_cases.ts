/**
 * Classes whose names mean something else as well, as data: words beside which a mention does not count, and phrases
 * that stand in for a name. These are the reference's; a user's file of the same shape (`--rules`) goes before them.
 */

/** In `set`, a class that has the phrase is not counted in a caption with one of the words. */
export interface NegativeRule {
  readonly set: string;
  readonly phrase: string;
  readonly words: readonly string[];
}

/** In `set`, a class that has the phrase is mentioned by these phrases instead of all of its own. */
export interface ReplacementRule {
  readonly set: string;
  readonly phrase: string;
  readonly phrases: readonly string[];
}

/** Rules in order: of those for a class, the first counts. */
export interface SpecialCases {
  readonly negatives: readonly NegativeRule[];
  readonly replacements: readonly ReplacementRule[];
}

const imagenet = (phrase: string, ...words: string[]): NegativeRule => ({ set: "imagenet", phrase, words });

/** The special cases of the reference (calc_class_frequency). */
export const referenceCases: SpecialCases = {
  negatives: [
    imagenet("sorrel", "plant", "herb", "flower", "leaf"),
    imagenet("horizontal bar", "chart", "plot", "graph", "diagram"),
    imagenet("impala", "car", "automobile", "vehicle", "chevy"),
    imagenet("bow", "tie"),
    imagenet("ringlet", "hair"),
    imagenet(
      "ram",
      "car",
      "truck",
      "automobile",
      "vehicle",
      "dodge",
      "logo",
      "computer",
      "memory",
      "random access",
      "chip",
      "review",
    ),
    imagenet("crane", "bird", "fish", "water", "wing", "leg", "zoo"),
    imagenet("sub", "sandwich", "bread", "italian", "meatball", "grill", "menu"),
    imagenet("sidewinder", "missile", "army", "military", "resort", "park"),
  ],
  replacements: [
    {
      set: "places365",
      phrase: "arcade",
      phrases: ["arcade passageway", "arcade walkway", "arcade hallway", "arcade corridor"],
    },
    {
      set: "places365",
      phrase: "lock_chamber",
      phrases: ["lock chamber canal", "lock chamber waterway", "lock chamber water"],
    },
    { set: "cub", phrase: "cardinal", phrases: ["cardinal bird", "northern cardinal", "red cardinal"] },
  ],
};

/** What one kind of rule holds, by field. */
const shapes = { negatives: "words", replacements: "phrases" } as const;
const holdsLetter = (text: unknown): text is string => typeof text === "string" && /\p{L}/u.test(text);

/**
 * Special cases from the text of a `--rules` file, `{"negatives": [{"set", "phrase", "words": []}], "replacements":
 * [{"set", "phrase", "phrases": []}]}`. Throws SyntaxError naming the file and the field that is not so. `words` may
 * be empty: then the class has no negative words.
 */
export function parseSpecialCases(text: string, file: string): SpecialCases {
  const wrong = (place: string, what: string) => new SyntaxError(`${file}: ${place} ${what}`);
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw wrong("is not JSON:", (error as Error).message);
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw wrong("must be an object", "with the lists negatives and replacements");
  }
  for (const name of Object.keys(content)) {
    if (!(name in shapes)) throw wrong(name, "is unknown: the lists are called negatives and replacements");
  }
  const listOf = (kind: keyof typeof shapes) => {
    const list = (content as Record<string, unknown>)[kind] ?? [];
    if (!Array.isArray(list)) throw wrong(kind, "must be a list");
    for (const [i, rule] of list.entries()) {
      const at = `${kind}[${i}]`, texts = shapes[kind];
      if (typeof rule !== "object" || rule === null || Array.isArray(rule)) {
        throw wrong(at, `must be {"set", "phrase", "${texts}"}`);
      }
      for (const name of Object.keys(rule)) {
        if (!["set", "phrase", texts].includes(name)) {
          throw wrong(`${at}.${name}`, `is unknown: a rule has set, phrase and ${texts}`);
        }
      }
      if (typeof rule.set !== "string" || rule.set === "") {
        throw wrong(`${at}.set`, "must name a concept set");
      }
      if (!holdsLetter(rule.phrase)) throw wrong(`${at}.phrase`, "must be one of a class's phrases");
      const entries: unknown = rule[texts];
      if (
        !Array.isArray(entries) || !entries.every(holdsLetter) || (kind === "replacements" && !entries.length)
      ) {
        throw wrong(`${at}.${texts}`, "must be a list of texts with letters in them");
      }
    }
    return list;
  };
  return { negatives: listOf("negatives"), replacements: listOf("replacements") };
}
