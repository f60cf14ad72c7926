/** `data metadata freqs`: the frequency tables of a folder, listed and drawn. */
import { type ListedTable, listFrequencyTables } from "../../metadata/frequency_folder.ts";
import { describeFlags, readFlags } from "../../program/flags.ts";
import { writeTextAtomically } from "../../runs/atomic.ts";

/**
 * Draws tables as curves over the rank of their classes, in the table of that place or in each its own; the result is
 * an SVG file's text. Drawing lives in another folder, so the program hands it in.
 */
export type DrawCurves = (
  curves: readonly { readonly name: string; readonly counts: readonly number[] }[],
  rankBy: number | "own",
) => string;

const flagTable = {
  dir: { kind: "text", value: "DIR", default: "metadata", help: "the folder whose freqs/ is listed" },
  set: {
    kind: "text",
    help: "only tables of this concept set; a figure is of `imagenet` where none is named",
  },
  table: { kind: "texts", value: "NAME", help: "only this data set, such as laion400m; may be repeated" },
  figure: {
    kind: "text",
    value: "FILE.svg",
    help: "draw them as curves, each over its own ranks; tables in two orders are drawn once",
  },
  json: { kind: "switch", help: "the list as JSON" },
} as const;

/** Its part of the command's help. */
export const freqsHelp =
  `metadata freqs: lists the tables freqs/class_frequency_*.txt with the sum of their counts, classes without
captions, lowest and highest count. Exit codes: 0 done, 2 bad input.

${describeFlags(flagTable)}

Example: deno task data metadata freqs --dir metadata --set imagenet --figure frequencies.svg`;

/** Chosen tables. Throws RangeError for a set or name that no table has. */
function chosen(
  tables: readonly ListedTable[],
  set: string | undefined,
  names: readonly string[],
): ListedTable[] {
  const ofSet = tables.filter((table) => set === undefined || table.set === set);
  if (ofSet.length === 0) {
    throw new RangeError(
      `No table is of the set ${set}, only of ${[...new Set(tables.map((t) => t.set))].join(", ")}`,
    );
  }
  const odd = names.find((name) => !ofSet.some((table) => table.name === name));
  if (odd !== undefined) {
    throw new RangeError(
      `--table ${odd} is none of ${[...new Set(ofSet.map(({ name }) => name))].join(", ")}`,
    );
  }
  return ofSet.filter(({ name }) => names.length === 0 || names.includes(name));
}

const factsOf = ({ path, name, set, order, rows }: ListedTable) => {
  const counts = rows.map(({ count }) => count);
  return {
    ...{ path, name, set, order },
    classes: counts.length,
    sum: counts.reduce((sum, count) => sum + count, 0),
    zeros: counts.filter((count) => count === 0).length,
    min: Math.min(...counts),
    max: Math.max(...counts),
  };
};

/** Lines with columns as wide as their widest cell; the first three stand left. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, c) => Math.max(...rows.map((row) => row[c].length)));
  return rows.map((row) =>
    row.map((cell, c) => c < 3 ? cell.padEnd(widths[c]) : cell.padStart(widths[c])).join("  ")
  ).join("\n");
}

/** Runs it with the arguments behind `freqs`. Throws RangeError for bad flags, SyntaxError for a malformed table. */
export async function runFreqs(args: readonly string[], draw: DrawCurves): Promise<void> {
  const { dir, set, table, figure, json } = readFlags(args, flagTable);
  if (figure !== undefined && !figure.endsWith(".svg")) {
    throw new RangeError(`--figure ${figure} does not end in .svg: the picture is one`);
  }
  const all = await listFrequencyTables(dir), tables = chosen(all, set, table), facts = tables.map(factsOf);
  if (figure !== undefined) {
    const drawn = new Map(chosen(all, set ?? "imagenet", table).map((each) => [each.name, each]));
    const curves = [...drawn.values()].map(({ name, rows }) => ({
      name,
      counts: rows.map(({ count }) => count),
    }));
    await writeTextAtomically(figure, draw(curves, "own"));
    console.error(`Drawn: ${figure}`);
  }
  if (json) return console.log(JSON.stringify(facts, null, 2));
  const shown = (value: number) => value.toLocaleString("en-US");
  console.log(columns([
    ["data set", "set", "order", "classes", "sum", "zeros", "min", "max"],
    ...facts.map(({ name, set, order, classes, sum, zeros, min, max }) => [
      ...[name, set, order],
      ...[classes, sum, zeros, min, max].map(shown),
    ]),
  ]));
}
