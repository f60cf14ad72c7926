/** Which columns of a table are wanted, where one may go by several names. */

/** A column's name; or several by which it may go, of which the first that is there is taken and named as the first. */
export type ColumnWish = string | readonly string[];

/**
 * For each wish the column that is there and what to call it; without wishes all columns. Throws SyntaxError listing the
 * columns there are when one is missing.
 */
export function wishedColumns(
  path: string,
  names: readonly string[],
  wishes?: readonly ColumnWish[],
): { name: string; from: string }[] {
  if (!wishes) return names.map((name) => ({ name, from: name }));
  return wishes.map((wish) => {
    const choices = typeof wish === "string" ? [wish] : wish;
    const from = choices.find((name) => names.includes(name));
    if (from !== undefined) return { name: choices[0], from };
    const more = names.length > 20 ? `, ... (${names.length})` : "";
    const listed = names.slice(0, 20).join(", ") || "none at all";
    throw new SyntaxError(`${path} has no column ${choices.join(" or ")}, but ${listed}${more}`);
  });
}
