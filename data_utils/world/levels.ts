/**
 * Options that are a few named numbers (nuisance levels, a caption grammar), as a command line gives them: a list
 * "noise=0.5,clutter=0", or a JSON file with one object.
 */

/**
 * Reads numbers by name. Whether the names are known and the numbers in range is for the caller to check.
 * Throws SyntaxError for what is no such list or file, or names an entry twice; Deno.errors.NotFound for no file.
 */
export function readLevels(text: string): Record<string, number> {
  if (/\.json$/i.test(text)) return levelsFromFile(text);
  const levels: Record<string, number> = {};
  for (const part of text.split(",")) {
    const [, key, value] = /^\s*([A-Za-z_]+)\s*=\s*(\S+)\s*$/.exec(part) ?? [];
    if (key === undefined || !Number.isFinite(Number(value))) {
      throw new SyntaxError(`"${part.trim()}" is not NAME=NUMBER (or name a file that ends in .json)`);
    }
    if (Object.hasOwn(levels, key)) throw new SyntaxError(`${key} is given twice in "${text}"`);
    levels[key] = Number(value);
  }
  return levels;
}

function levelsFromFile(path: string): Record<string, number> {
  const text = Deno.readTextFileSync(path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new SyntaxError(`${path} is not JSON`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SyntaxError(`${path} does not hold one JSON object of numbers`);
  }
  for (const [key, level] of Object.entries(value)) {
    if (typeof level !== "number") throw new SyntaxError(`${path}: ${key} is not a number`);
  }
  return value as Record<string, number>;
}
