/**
 * A small font of pixels for the labels of the contact sheet: lower-case letters, digits and a little punctuation, all
 * that names and captions of the world hold.
 */
import type { RgbImage } from "../images/png.ts";

/** Height of a line of text in pixels, with the space below it. */
export const LINE_HEIGHT = 11;

// Characters, then nine rows of their glyphs in cells of five columns. Two rows hold ascenders, two descenders.
const ART: readonly string[][] = [
  [
    "abcdefghijklm",
    "..... #.... ..... ...#. ..... .##.. ..... #.... #.... .#... #.... #.... .....",
    "..... #.... ..... ...#. ..... #.... ..... #.... ..... ..... #.... #.... .....",
    "###.. ###.. .##.. .###. .##.. ###.. .###. ###.. #.... .#... #..#. #.... ####.",
    "...#. #..#. #.... #..#. #..#. #.... #..#. #..#. #.... .#... #.#.. #.... #.#.#",
    ".###. #..#. #.... #..#. ####. #.... #..#. #..#. #.... .#... ##... #.... #.#.#",
    "#..#. #..#. #.... #..#. #.... #.... #..#. #..#. #.... .#... #.#.. #.... #.#.#",
    ".###. ###.. .##.. .###. .###. #.... .###. #..#. #.... .#... #..#. #.... #.#.#",
    "..... ..... ..... ..... ..... ..... ...#. ..... ..... .#... ..... ..... .....",
    "..... ..... ..... ..... ..... ..... .##.. ..... ..... #.... ..... ..... .....",
  ],
  [
    "nopqrstuvwxyz",
    "..... ..... ..... ..... ..... ..... #.... ..... ..... ..... ..... ..... .....",
    "..... ..... ..... ..... ..... ..... #.... ..... ..... ..... ..... ..... .....",
    "###.. .##.. ###.. .###. #.#.. .###. ###.. #..#. #...# #...# #...# #..#. ####.",
    "#..#. #..#. #..#. #..#. ##... #.... #.... #..#. #...# #.#.# .#.#. #..#. ...#.",
    "#..#. #..#. #..#. #..#. #.... .##.. #.... #..#. .#.#. #.#.# ..#.. #..#. .##..",
    "#..#. #..#. #..#. #..#. #.... ...#. #.... #..#. .#.#. #.#.# .#.#. #..#. #....",
    "#..#. .##.. ###.. .###. #.... ###.. .##.. .###. ..#.. .#.#. #...# .###. ####.",
    "..... ..... #.... ...#. ..... ..... ..... ..... ..... ..... ..... ...#. .....",
    "..... ..... #.... ...#. ..... ..... ..... ..... ..... ..... ..... .##.. .....",
  ],
  [
    "0123456789:=.,-",
    ".##.. .#... .##.. ###.. ...#. ####. .##.. ####. .##.. .##.. ..... ..... ..... ..... .....",
    "#..#. ##... #..#. ...#. ..##. #.... #.... ...#. #..#. #..#. ..... ..... ..... ..... .....",
    "#..#. .#... ...#. ...#. .#.#. ###.. ###.. ...#. #..#. #..#. ..... ..... ..... ..... .....",
    "#..#. .#... ..#.. .##.. #..#. ...#. #..#. ..#.. .##.. .###. #.... ###.. ..... ..... .....",
    "#..#. .#... .#... ...#. ####. ...#. #..#. ..#.. #..#. ...#. ..... ..... ..... ..... ###..",
    "#..#. .#... #.... ...#. ...#. #..#. #..#. .#... #..#. ...#. ..... ###.. ..... ..... .....",
    ".##.. ###.. ####. ###.. ...#. .##.. .##.. .#... .##.. .##.. #.... ..... #.... .#... .....",
    "..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .#... .....",
    "..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... #.... .....",
  ],
];

const CELL = 6, SPACE = 3;

/** Columns of a glyph from left to right, each a list of the rows that are inked. */
const glyphs = new Map<string, number[][]>(
  ART.flatMap(([characters, ...rows]) =>
    [...characters].map((character, i): [string, number[][]] => {
      const columns = Array.from({ length: CELL - 1 }, (_, x) =>
        rows.flatMap((row, y) => row[i * CELL + x] === "#" ? [y] : []));
      return [
        character,
        columns.slice(
          0,
          columns.findLastIndex((inked) =>
            inked.length > 0
          ) + 1,
        ),
      ];
    })
  ),
);

const columnsOf = (character: string): number[][] => glyphs.get(character) ?? new Array(SPACE).fill([]);

/** Width of a text in pixels. A character the font lacks counts as a space. */
export function textWidth(text: string): number {
  return [...text].reduce((sum, character) => sum + columnsOf(character).length + 1, -1);
}

/** Breaks a text between words into lines of at most `width` pixels; a longer word stays whole. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && textWidth(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** Draws one line of text with its upper left corner at (left, top), in a grey of 0 to 255; what is outside is cut. */
export function drawText(
  image: RgbImage,
  text: string,
  at: { left: number; top: number; grey: number },
): void {
  let x = at.left;
  for (const character of text) {
    for (const inked of columnsOf(character)) {
      for (const y of inked) {
        const place = 3 * ((at.top + y) * image.width + x);
        if (x < image.width && at.top + y < image.height) image.data.fill(at.grey, place, place + 3);
      }
      x++;
    }
    x++;
  }
}
