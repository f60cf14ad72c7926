/**
 * Frequency tables as files: a name, a tab and a count on each line, without a header, as the reference writes them.
 * They are read for statistics and comparisons, and written by every program that counts.
 */

/** A name and how often it was counted. */
export interface FrequencyRow {
  readonly name: string;
  readonly count: number;
}

/** A table in the order of its file. */
export interface FrequencyTable {
  readonly path: string;
  readonly rows: readonly FrequencyRow[];
}

/**
 * Reads a table. Line ends may be those of Windows, and a byte order mark is passed over. Throws SyntaxError, naming file and
 * line, for a line that is not a name, a tab and a whole number up to 2^53 - 1, and for a table without a line.
 */
export async function readFrequencyTable(path: string): Promise<FrequencyTable> {
  return { path, rows: parseFrequencyTable(await Deno.readTextFile(path), path) };
}

/** Reads a table's text; `path` is what errors call it. Throws as {@link readFrequencyTable}. */
export function parseFrequencyTable(text: string, path: string): FrequencyRow[] {
  const lines = text.replace(/^\uFEFF/, "").split("\n");
  if (lines[lines.length - 1] === "") lines.pop();
  if (lines.length === 0) {
    throw new SyntaxError(`${path} is empty: a table has lines of a name, a tab and a count`);
  }
  return lines.map((line, i) => {
    const [, name, digits] = /^([^\t]*)\t(\d+)\r?$/.exec(line) ?? [], count = Number(digits);
    if (name === undefined || !Number.isSafeInteger(count)) {
      const shown = JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}...` : line);
      throw new SyntaxError(`${path}, line ${i + 1}: ${shown} is no name, tab and whole number`);
    }
    return { name, count };
  });
}

/**
 * The table's text, in the order of `rows`. Throws RangeError for a name that a line cannot hold or a count that is not
 * a whole number up to 2^53 - 1.
 */
export function frequencyTableText(rows: readonly FrequencyRow[]): string {
  return rows.map(({ name, count }) => {
    if (/[\t\r\n]/.test(name)) {
      throw new RangeError(
        `${JSON.stringify(name)} holds a tab or line end, which a table cannot: rename it`,
      );
    }
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new RangeError(`${count} of ${name} is not a whole number up to 2^53 - 1`);
    }
    return `${name}\t${count}\n`;
  }).join("");
}

/** The rows by count, the highest first; equal counts keep their order. */
export function byCount(rows: readonly FrequencyRow[]): FrequencyRow[] {
  return [...rows].sort((a, b) => b.count - a.count);
}
