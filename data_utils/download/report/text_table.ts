/** Tables for the eye: columns as wide as their widest cell, and a last one whose text is broken to fit the line. */
import { wrap } from "../../program/wrap.ts";

/** How a column stands. */
export type Side = "left" | "right";

/** A text of at most so many letters; what is left out of its middle is shown as "...". */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const head = Math.max(0, Math.ceil((most - 3) / 2)), tail = Math.max(0, most - 3 - head);
  return `${text.slice(0, head)}...${tail === 0 ? "" : text.slice(-tail)}`;
}

/** What a table has in a line; and how wide it is without the text behind. */
function columnWidths(rows: readonly (readonly string[])[], columns: number): number[] {
  return Array.from({ length: columns }, (_, c) => Math.max(...rows.map((row) => row[c]?.length ?? 0)));
}

/**
 * Lines of a table of at most `width` letters. There is a side for each column; cells beyond these are text, broken
 * over lines of at least 20 letters.
 */
export function tableLines(
  rows: readonly (readonly string[])[],
  sides: readonly Side[],
  width: number,
): string[] {
  const widths = columnWidths(rows, sides.length);
  const indent = widths.reduce((sum, wide) => sum + wide + 2, 0), room = Math.max(20, width - indent);
  return rows.flatMap((row) => {
    const cells = sides.map((side, c) =>
      side === "left" ? row[c].padEnd(widths[c]) : row[c].padStart(widths[c])
    );
    const [first, ...rest] = wrap(row[sides.length] ?? "", room);
    return [[...cells, first].join("  ").trimEnd(), ...rest.map((line) => " ".repeat(indent) + line)];
  });
}
