/**
 * The list of class names of a data set, from the files in which they come.
 */

/**
 * Reads class names, one a line; the line number is the label. A tab-separated list `label  id  synonyms` is taken
 * too: the name is the first of its comma-separated synonyms.
 * Throws SyntaxError for an empty list, a repeated name, or labels that do not run 0, 1, 2 ...
 */
export async function readClassNames(path: string): Promise<string[]> {
  const lines = (await Deno.readTextFile(path)).split(/\r?\n/);
  while (lines.at(-1)?.trim() === "") lines.pop();
  if (lines.length === 0) throw new SyntaxError(`${path} names no class`);
  const names = lines.map((line, row) => {
    const fields = line.split("\t");
    if (fields.length > 1 && fields[0].trim() !== String(row)) {
      throw new SyntaxError(`${path} line ${row + 1}: label ${fields[0]} should be ${row}`);
    }
    return (fields.length > 1 ? fields.at(-1)!.split(",")[0] : line).trim();
  });
  names.forEach((name, row) => {
    if (name === "") throw new SyntaxError(`${path} line ${row + 1}: empty class name`);
    const first = names.indexOf(name);
    if (first < row) {
      throw new SyntaxError(`${path} line ${row + 1}: ${name} stands in line ${first + 1} already`);
    }
  });
  return names;
}
