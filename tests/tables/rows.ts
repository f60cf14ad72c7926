// Frames as plain arrays, to compare them with what a slow reader or writer has.
import { type Column, type Frame, NO_TEXT, rowsOf, textAt } from "../../data_utils/tables/mod.ts";

export type Value = string | number | bigint | boolean | null;

export function valuesOf(column: Column): Value[] {
  return Array.from({ length: rowsOf(column) }, (_, row) => {
    if (column.kind === "text") return column.lengths[row] === NO_TEXT ? null : textAt(column, row);
    if (column.kind === "boolean") return [false, true, null][column.values[row]];
    return Number.isNaN(column.values[row]) ? null : column.values[row];
  });
}

/** Rows of a frame, each a list of values. */
export function rowsOfFrame(frame: Frame): Value[][] {
  const columns = frame.names.map((name) => valuesOf(frame.column(name)));
  return Array.from({ length: frame.rows }, (_, row) => columns.map((values) => values[row]));
}

/** Runs `write` on a file and returns its text. */
export async function written(path: string, write: (file: Deno.FsFile) => Promise<void>): Promise<string> {
  {
    using file = await Deno.open(path, { write: true, create: true, truncate: true });
    await write(file);
  }
  return new TextDecoder().decode(await Deno.readFile(path));
}

/** Numbers from a seed (a multiplicative generator), for made cases. */
export function draws(seed: number): (below: number) => number {
  let state = seed + 1;
  return (below) => Math.floor((state = state * 48271 % 2147483647) / 2147483647 * below);
}
