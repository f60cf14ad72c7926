/**
 * CLIP's byte-pair tokenizer (Radford et al. 2021), read from a copy of `bpe_simple_vocab_16e6.txt.gz` that the user
 * names; the file is not part of this project. A word starts as its bytes; the pair that stands first in the file's
 * list is joined again and again.
 */
import { cleanCaption } from "./repair.ts";
import type { Tokenizer } from "./tokens.ts";

/** Length of the rows that CLIP's text model reads. */
export const CLIP_CONTEXT = 77;

const MERGES = 49_408 - 512 - 2; // the vocabulary is 256 bytes, twice (within a word, ending one), merges, two marks
const MARKS = ["<start_of_text>", "<end_of_text>"];
const WORDS = new RegExp(
  `${MARKS.join("|")}|'s|'t|'re|'ve|'m|'ll|'d|\\p{L}+|\\p{N}|[^\\p{White_Space}\\p{L}\\p{N}]+`,
  "giu",
);
const END = "</w>";

/** The character that stands for each byte in the file: itself where it is printable, else one from U+0100 upwards. */
function byteCharacters(): { order: number[]; character: string[] } {
  const inRange = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const printable = [...inRange(0x21, 0x7e), ...inRange(0xa1, 0xac), ...inRange(0xae, 0xff)];
  const others = inRange(0, 255).filter((byte) => !printable.includes(byte));
  const character: string[] = [];
  for (const byte of printable) character[byte] = String.fromCharCode(byte);
  others.forEach((byte, i) => character[byte] = String.fromCharCode(256 + i));
  return { order: [...printable, ...others], character };
}

async function unzip(bytes: Uint8Array<ArrayBuffer>, source: string): Promise<string> {
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return await new Response(stream).text();
  } catch {
    throw new SyntaxError(`${source} is not a gzip file: name a copy of bpe_simple_vocab_16e6.txt.gz`);
  }
}

/**
 * Loads CLIP's tokenizer from `bpe_simple_vocab_16e6.txt.gz`.
 * Throws SyntaxError naming the file when it is not gzip or not that list of merges.
 */
export async function loadClipTokenizer(path: string): Promise<Tokenizer> {
  return clipTokenizer(await unzip(await Deno.readFile(path), path), path);
}

/** CLIP's tokenizer from the unzipped text of the file of merges. Throws SyntaxError naming `source`. */
export function clipTokenizer(text: string, source: string): Tokenizer {
  const merges = text.split("\n").slice(1, MERGES + 1).map((line) => line.trimEnd().split(" "));
  const odd = merges.findIndex((pair) => pair.length !== 2);
  if (merges.length < MERGES || odd >= 0) {
    throw new SyntaxError(
      odd >= 0
        ? `${source}:${odd + 2} is not a pair of tokens`
        : `${source} has ${merges.length} merges instead of ${MERGES}`,
    );
  }
  const { order, character } = byteCharacters();
  const symbols = order.map((byte) => character[byte]);
  const tokens = [
    ...symbols,
    ...symbols.map((s) => s + END),
    ...merges.map((pair) => pair.join("")),
    ...MARKS,
  ];
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const ranks = new Map(merges.map((pair, rank) => [pair.join(" "), rank]));
  const byteOf = new Map(character.map((c, byte) => [c, byte]));
  const cache = new Map<string, number[]>();

  const encodeWord = (word: string): number[] => {
    const known = MARKS.includes(word) ? [ids.get(word)!] : cache.get(word);
    if (known) return known;
    const parts = Array.from(new TextEncoder().encode(word), (byte) => character[byte]);
    parts[parts.length - 1] += END;
    const result = joinPairs(parts, ranks).map((part) => ids.get(part)!);
    if (cache.size < 200_000) cache.set(word, result);
    return result;
  };
  return {
    vocabSize: tokens.length,
    sot: tokens.length - 2,
    eot: tokens.length - 1,
    encode: (caption) => (cleanCaption(caption).match(WORDS) ?? []).flatMap(encodeWord),
    decode: (list) => {
      const text = Array.from(list, (id) => tokens[id]).join("").replaceAll(END, " ");
      return new TextDecoder().decode(Uint8Array.from(text, (c) => byteOf.get(c) ?? c.charCodeAt(0)));
    },
  };
}

/** Joins the neighbouring pair of lowest rank, everywhere it stands, until no pair is in the list. */
function joinPairs(parts: string[], ranks: ReadonlyMap<string, number>): string[] {
  for (;;) {
    let best = Infinity, first = "", second = "";
    for (let i = 0; i + 1 < parts.length; i++) {
      const rank = ranks.get(`${parts[i]} ${parts[i + 1]}`) ?? Infinity;
      if (rank < best) [best, first, second] = [rank, parts[i], parts[i + 1]];
    }
    if (best === Infinity) return parts;
    const joined: string[] = [];
    for (let i = 0; i < parts.length; i++) {
      const isPair = parts[i] === first && parts[i + 1] === second;
      joined.push(isPair ? first + second : parts[i]);
      if (isPair) i++;
    }
    parts = joined;
  }
}
