/**
 * The list of class names of a data set and the frequencies of its classes, from the files in which they come.
 */
import { folderClasses } from "./tables.ts";

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

/**
 * The class names of a user's data: those in `file`, else the subfolders of an image folder, else `count` numbers.
 * Throws RangeError when none of them is there.
 */
export async function classNamesFor(
  source: string | readonly string[],
  { file, count }: { file?: string; count?: number },
): Promise<string[]> {
  if (file !== undefined) return await readClassNames(file);
  if (count !== undefined) return Array.from({ length: count }, (_, c) => String(c));
  const [first] = [source].flat();
  const isFolder = await Deno.stat(first).then((info) => info.isDirectory, () => false);
  if (isFolder) return await folderClasses(first);
  throw new RangeError(`The classes of ${first} are not known: name them with --classes FILE, one a line`);
}

/**
 * Frequencies of classes from a file of lines `name TAB count` in class order, as the metadata's files are.
 * Throws SyntaxError for another number of lines or a line that is none.
 */
export async function readFrequencies(path: string, classes: number): Promise<number[]> {
  const lines = (await Deno.readTextFile(path)).trimEnd().split(/\r?\n/);
  if (lines.length !== classes) {
    throw new SyntaxError(`${path} has ${lines.length} lines for ${classes} classes`);
  }
  return lines.map((line, row) => {
    const cells = line.split("\t");
    if (cells.length !== 2 || !/^\d+$/.test(cells[1].trim())) {
      throw new SyntaxError(`${path} line ${row + 1}: expected name<TAB>count`);
    }
    return Number(cells[1]);
  });
}
