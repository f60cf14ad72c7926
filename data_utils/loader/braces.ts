/**
 * Lists of files as WebDataset's users write them: `{00000..00458}` and `{a,b}`, expanded as a shell does. A range names
 * its files, so one that is missing is noticed; a glob would quietly go on without it.
 */

const mostWords = 1_000_000;

/** The words of a range `00008..12` or `3..1`, or null when it is none. Leading zeros give the least width. */
function rangeWords(body: string): string[] | null {
  const [, first, last] = /^(\d+)\.\.(\d+)$/.exec(body) ?? [];
  if (first === undefined) return null;
  const from = Number(first), to = Number(last), count = Math.abs(to - from) + 1;
  if (count > mostWords) throw new RangeError(`{${body}} names ${count} files, more than ${mostWords}`);
  const padded = [first, last].some((text) => text.length > 1 && text.startsWith("0"));
  const width = padded ? Math.max(first.length, last.length) : 0;
  return Array.from(
    { length: count },
    (_, i) => String(from + (to < from ? -i : i)).padStart(width, "0"),
  );
}

/** The choices between commas outside of inner braces; one only where there is no comma. */
function choices(body: string): string[] {
  const parts = [""];
  let depth = 0;
  for (const letter of body) {
    depth += letter === "{" ? 1 : letter === "}" ? -1 : 0;
    if (letter === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += letter;
  }
  return parts;
}

/** Place of the brace that closes the one at `open`, or -1. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === "{") depth++;
    if (text[at] === "}" && --depth === 0) return at;
  }
  return -1;
}

/**
 * All words of a pattern, in order: `a{1..3}{x,y}` gives a1x, a1y, a2x ... Braces without a range or a comma, or that are
 * not closed, stand for themselves. Throws RangeError for more than a million words.
 */
export function expandBraces(pattern: string): string[] {
  for (let open = pattern.indexOf("{"); open >= 0; open = pattern.indexOf("{", open + 1)) {
    const close = closing(pattern, open);
    if (close < 0) continue;
    const body = pattern.slice(open + 1, close), parts = choices(body);
    const words = rangeWords(body) ?? (parts.length > 1 ? parts.flatMap(expandBraces) : null);
    if (words === null) continue;
    const before = pattern.slice(0, open), rest = expandBraces(pattern.slice(close + 1));
    if (words.length * rest.length > mostWords) {
      throw new RangeError(`${pattern} names ${words.length * rest.length} files, more than ${mostWords}`);
    }
    return words.flatMap((word) => rest.map((end) => before + word + end));
  }
  return [pattern];
}
