// MetaCLIP's rule written plainly on strings, and captions and entries on which it is easily got wrong: what the
// byte-level matcher and the programs are compared with.
import { type CaptionArena, NULL_LENGTH, randomStream, TEXT_AT } from "../../data_utils/mod.ts";

/** The text in which an entry is looked for. */
export function spacedText(text: string): string {
  let spaced = ` ${text} `;
  for (const mark of [",", ".", ";", ":", "?", "!", "`"]) spaced = spaced.replaceAll(mark, ` ${mark} `);
  for (const blank of ["\t", "\n", "\r"]) spaced = spaced.replaceAll(blank, " ");
  return spaced;
}

/** Numbers of the entries that a caption holds. */
export function matchesOf(text: string | null, entries: readonly string[]): number[] {
  if (text === null) return [];
  const spaced = spacedText(text);
  return entries.flatMap((entry, i) => spaced.includes(` ${entry} `) ? [i] : []);
}

/** Captions that hold each entry. */
export function countsOf(captions: readonly (string | null)[], entries: readonly string[]): number[] {
  const counts = entries.map(() => 0);
  for (const caption of captions) for (const i of matchesOf(caption, entries)) counts[i]++;
  return counts;
}

const letters = [
  "a",
  "b",
  "a",
  "b",
  " ",
  " ",
  "é",
  "日",
  "𝒳",
  ",",
  ".",
  ";",
  ":",
  "?",
  "!",
  "`",
  "\t",
  "\n",
  "\r",
  "A",
  "'",
  "-",
];

/** Made-up text over few letters, so that much of it matches and every odd combination of spaces and marks occurs. */
export function oddText(draw: { int(n: number): number }, most: number, alphabet = letters): string {
  return Array.from({ length: draw.int(most + 1) }, () => alphabet[draw.int(alphabet.length)]).join("");
}

/** Entries and captions of a seed. Some entries are parts of spaced captions, so that long ones match too. */
export function oddCase(seed: number, howMany = 60): { entries: string[]; captions: (string | null)[] } {
  const draw = randomStream(seed),
    words = ["aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaab", "a".repeat(40), "b".repeat(33) + "a"];
  const text = () => {
    const plain = oddText(draw, draw.int(4) === 0 ? 60 : 12);
    return draw.int(4) === 0 ? `${plain} ${words[draw.int(4)]} ${oddText(draw, 5)}` : plain;
  };
  const captions = Array.from({ length: howMany }, () => draw.int(15) === 0 ? null : text());
  const entries = new Set<string>(draw.int(2) ? ["", " ", "a"] : []);
  while (entries.size < howMany) {
    const spaced = spacedText(captions[draw.int(howMany)] ?? "").slice(1, -1).split(" ");
    const from = draw.int(spaced.length), part = spaced.slice(from, from + 1 + draw.int(5)).join(" ");
    entries.add([part, text(), part + " ", " " + part][draw.int(4)]);
  }
  return { entries: [...entries], captions };
}

/** Lays captions into an arena as a reader does, with other text between them. Returns how many. */
export function fillArena(arena: CaptionArena, captions: readonly (string | null | Uint8Array)[]): number {
  const spans = arena.spans(), bytes = arena.bytes();
  let at = TEXT_AT;
  captions.forEach((caption, i) => {
    const text = typeof caption === "string"
      ? new TextEncoder().encode(caption)
      : caption ?? new Uint8Array();
    bytes.set(text, at);
    spans[2 * i] = at;
    spans[2 * i + 1] = caption === null ? NULL_LENGTH : text.length;
    bytes.set([97, 32, 98], at + text.length);
    at += text.length + 3;
  });
  return captions.length;
}
