/** Which column or key of a file holds its captions. */

/** Names that captions go by, in order of preference. */
export const CAPTION_NAMES: readonly string[] = ["TEXT", "caption", "text"];

/**
 * The number of the caption's column among `names`: the one asked for by name or by number from 0, else the first of
 * {@link CAPTION_NAMES}. Throws SyntaxError listing the columns there are.
 */
export function chooseColumn(path: string, names: readonly string[], asked?: string): number {
  const wanted = asked === undefined ? CAPTION_NAMES : [asked];
  for (const name of wanted) if (names.includes(name)) return names.indexOf(name);
  if (asked !== undefined && /^\d+$/.test(asked) && Number(asked) < names.length) return Number(asked);
  const listed = names.slice(0, 20).join(", ") + (names.length > 20 ? `, ... (${names.length})` : "");
  throw new SyntaxError(
    `${path} has no column ${wanted.join(", ")}, but ${listed || "none at all"}: name one with --caption-col`,
  );
}
