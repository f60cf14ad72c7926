/**
 * Imbalance laws for the built-in world. A frequency file of another data set (the counts of ImageNet classes in some
 * collection, say) names none of the world's classes, yet the shape of its tail is worth training on.
 */
import { type Law, parseLaw } from "../loader/law.ts";

/**
 * Shares of `ranks` frequency ranks that follow the tail of `counts`: sorted, cut into that many equally wide pieces,
 * each rank given the mean of its piece. Hence the head, middle and tail third have the shares they have in `counts`,
 * whatever the two numbers of classes are.
 */
export function tailShape(counts: readonly number[], ranks: number): number[] {
  const sorted = counts.toSorted((a, b) => b - a), width = sorted.length / ranks;
  return Array.from({ length: ranks }, (_, rank) => {
    const from = rank * width, to = from + width;
    let sum = 0;
    for (let i = Math.floor(from); i < sorted.length && i < to; i++) {
      sum += sorted[i] * (Math.min(i + 1, to) - Math.max(i, from));
    }
    return sum / width;
  });
}

/** Rows of a file of lines name TAB count, or null when it is none of that kind. */
function readRows(path: string): { name: string; count: number }[] | null {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch {
    return null;
  }
  const rows = text.split(/\r?\n/).filter((line) => line.trim() !== "").map((line) => line.split("\t"));
  const wellFormed = rows.length > 0 &&
    rows.every((cells) => cells.length === 2 && /^\d+$/.test(cells[1].trim()));
  return wellFormed ? rows.map(([name, count]) => ({ name: name.trim(), count: Number(count) })) : null;
}

/**
 * A law for the world's classes: all that `parseLaw` takes, and a frequency file of quite other classes, which is then
 * a law by rank with the shape of that file's tail ({@link tailShape}).
 * Throws SyntaxError and RangeError as `parseLaw`, so also for a file that names only some of the world's classes.
 */
export function worldLaw(text: string, classNames: readonly string[]): Law {
  const rows = /^(uniform$|ratio:|zipf:)/.test(text) ? null : readRows(text);
  if (rows === null || rows.some(({ name }) => classNames.includes(name))) return parseLaw(text, classNames);
  const counts = rows.map(({ count }) => count);
  if (!counts.some((count) => count > 0)) throw new RangeError(`The law ${text} gives no class any image`);
  return { text, by: "rank", weights: tailShape(counts, classNames.length) };
}
