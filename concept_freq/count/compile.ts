/**
 * From phrases to the image that the byte-level matcher works on. Only the lemmas that occur in phrases matter, and each
 * is the lemma of finitely many words; so all of these are listed beforehand, and counting lemmatises nothing.
 */
import { createHash } from "node:crypto";

/** Classes and what mentions them: tokens are lemmas, as the same rules make them of a caption. */
export interface Concepts {
  readonly classNames: readonly string[];
  /** By class: its phrases, each a list of tokens. A caption mentions the class when it holds all tokens of one. */
  readonly phrases: readonly (readonly (readonly string[])[])[];
  /** By class: phrases that rule a caption out when it holds all of their tokens. */
  readonly vetoes: readonly (readonly (readonly string[])[])[];
}

/** How words become lemmas. */
export interface WordForms {
  lemma(word: string): string;
  /** All words of letters a-z whose lemma this is. */
  formsOf(lemma: string): Iterable<string>;
  /** Words that are two: cannot, gonna. */
  readonly contractions: Iterable<readonly [word: string, parts: readonly [string, string]]>;
  /** Letters that stand for others, by code point from U+00C0 to U+017F: one or two letters a-z; none by default. */
  readonly fold?: ReadonlyMap<number, string>;
}

/** Compiled concepts: plain data, to be posted to workers. */
export interface CompiledConcepts {
  readonly classNames: readonly string[];
  /** What the matcher loads. */
  readonly image: Uint8Array<ArrayBuffer>;
  /** SHA-256 (hex) of names and image: equal digests count equally. */
  readonly digest: string;
  /** Different tokens, and words that lead to them. */
  readonly tokens: number;
  readonly surfaces: number;
}

const NONE = 0xffff_ffff, HEADER = 16;
const FOLD_FROM = 0xc0, FOLD_TO = 0x17f;

/** Lists that lie behind each other, with the places where they begin and end. */
class Lists {
  readonly items: number[] = [];
  readonly starts: number[] = [0];
  push(items: Iterable<number>): void {
    for (const item of items) this.items.push(item);
  }
  close(): void {
    this.starts.push(this.items.length);
  }
}

/**
 * Compiles concepts for counting. Throws RangeError for lists of other lengths than the class names, and for a token
 * that is no word of letters a-z.
 */
export function compileConcepts(concepts: Concepts, forms: WordForms): CompiledConcepts {
  const { classNames, phrases, vetoes } = concepts, ids = new Map<string, number>();
  if (phrases.length !== classNames.length || vetoes.length !== classNames.length) {
    throw new RangeError(
      `${classNames.length} classes have ${phrases.length} lists of phrases, ${vetoes.length} of vetoes`,
    );
  }
  const idOf = (token: string) => {
    if (!/^[a-z]+$/.test(token)) throw new RangeError(`"${token}" is no word of letters a-z`);
    const known = ids.get(token) ?? ids.size;
    ids.set(token, known);
    return known;
  };
  const numbered = (list: readonly (readonly string[])[]) => {
    const sets = list.map((tokens) => [...new Set(tokens)].map(idOf).sort((a, b) => a - b));
    return [...new Map(sets.map((set) => [set.join(), set])).values()];
  };
  const sets = phrases.map(numbered), vetoSets = vetoes.map(numbered);
  const every = sets.flatMap((list, index) => list.some((set) => set.length === 0) ? [index] : []);

  const byToken = keyPhrases(sets, [...ids.keys()]);
  const veto = new Lists();
  for (const list of vetoSets) {
    for (const set of list) if (set.length > 0) veto.push([set.length, ...set]);
    veto.close();
  }
  const surfaces = surfaceForms(ids, forms);
  const image = writeImage(
    [ids.size, classNames.length, surfaces.records.length / 4, every.length],
    [
      surfaces.records,
      byToken.single.starts,
      byToken.single.items,
      byToken.keyed.starts,
      byToken.keyed.items,
      veto.starts,
      veto.items,
      every,
    ],
    surfaces.letters,
    foldTable(forms.fold),
  );
  const digest = createHash("sha256").update(JSON.stringify(classNames)).update(image).digest("hex");
  return { classNames, image, digest, tokens: ids.size, surfaces: surfaces.records.length / 4 };
}

/**
 * Phrases under the token by which they are found: those of one token under it, longer ones under the token that the
 * fewest phrases have, with the others behind it.
 */
function keyPhrases(sets: readonly number[][][], tokens: readonly string[]): { single: Lists; keyed: Lists } {
  const uses = new Uint32Array(tokens.length);
  for (const set of sets.flat()) for (const token of set) uses[token]++;
  const singleOf = tokens.map((): number[] => []), keyedOf = tokens.map((): number[] => []);
  sets.forEach((list, index) =>
    list.forEach((set) => {
      if (set.length === 0) return;
      if (set.length === 1) return void singleOf[set[0]].push(index);
      const key = set.reduce((best, token) =>
        uses[token] < uses[best] || (uses[token] === uses[best] && tokens[token].length > tokens[best].length)
          ? token
          : best
      );
      keyedOf[key].push(index, set.length - 1, ...set.filter((token) => token !== key));
    })
  );
  const single = new Lists(), keyed = new Lists();
  tokens.forEach((_, token) => {
    single.push(singleOf[token]);
    single.close();
    keyed.push(keyedOf[token]);
    keyed.close();
  });
  return { single, keyed };
}

/** Every word that leads to a token: place and length of its letters, its token, and a second one for a contraction. */
function surfaceForms(ids: ReadonlyMap<string, number>, forms: WordForms) {
  const contractions = new Map(forms.contractions), found = new Map<string, [number, number]>();
  for (const [token, id] of ids) {
    for (const word of forms.formsOf(token)) if (!contractions.has(word)) found.set(word, [id, NONE]);
  }
  for (const [word, parts] of contractions) {
    const tokens = parts.map((part) => ids.get(forms.lemma(part))).filter((id) => id !== undefined);
    if (tokens.length > 0) found.set(word, [tokens[0], tokens[1] ?? NONE]);
  }
  const words = [...found.keys()].sort(), letters = new TextEncoder().encode(words.join(""));
  const records: number[] = [];
  let at = 0;
  for (const word of words) {
    records.push(at, word.length, ...found.get(word)!);
    at += word.length;
  }
  return { records, letters };
}

function foldTable(fold: WordForms["fold"]): Uint16Array<ArrayBuffer> | null {
  if (!fold) return null;
  const table = new Uint16Array(FOLD_TO - FOLD_FROM + 1);
  for (const [code, letters] of fold) {
    if (code < FOLD_FROM || code > FOLD_TO || !/^[a-z]{1,2}$/.test(letters)) {
      throw new RangeError(`U+${code.toString(16).padStart(4, "0")} cannot stand for "${letters}"`);
    }
    table[code - FOLD_FROM] = letters.charCodeAt(0) | (letters.charCodeAt(1) || 0) << 8;
  }
  return table;
}

/** The header with the sizes and the places of all parts, then the parts, each at a multiple of four bytes. */
function writeImage(
  sizes: readonly number[],
  lists: readonly (readonly number[])[],
  letters: Uint8Array,
  fold: Uint16Array<ArrayBuffer> | null,
): Uint8Array<ArrayBuffer> {
  const words = HEADER + lists.reduce((sum, list) => sum + list.length, 0);
  const lettersAt = 4 * words, foldAt = lettersAt + Math.ceil((letters.length + 16) / 4) * 4;
  const image = new Uint8Array(foldAt + (fold?.byteLength ?? 0)),
    numbers = new Uint32Array(image.buffer, 0, words);
  const places: number[] = [];
  let at = HEADER;
  for (const list of lists) {
    places.push(4 * at);
    numbers.set(list, at);
    at += list.length;
  }
  numbers.set([...sizes, ...places, lettersAt, fold ? foldAt : 0]);
  image.set(letters, lettersAt);
  if (fold) image.set(new Uint8Array(fold.buffer), foldAt);
  return image;
}
