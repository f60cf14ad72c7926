/** `freq compare`: which tables agree on what is frequent, as numbers and as a picture. */
import { type Command, describeFlags, parseFlags, writeTextAtomically } from "../../data_utils/mod.ts";
import { correlationMatrix } from "../tables/correlate.ts";
import { type FrequencyTable, readFrequencyTable } from "../tables/frequency_table.ts";
import { type JoinedTables, joinTables } from "../tables/join_tables.ts";
import { csvTable, grouped, shortNames, textTable } from "../tables/text_table.ts";

/**
 * Draws tables as curves over the rank of their classes, in the table of that place or in each its own; the result is
 * an SVG file's text. Drawing lives in another folder, so the program hands it in.
 */
export type DrawCurves = (
  curves: readonly { readonly name: string; readonly counts: readonly number[] }[],
  rankBy: number | "own",
) => string;

const flagTable = {
  json: { kind: "switch", help: "tables, matrix and number of classes as JSON" },
  csv: { kind: "switch", help: "the matrix as CSV, with all digits" },
  common: {
    kind: "switch",
    help: "compare the classes that all tables have; default: all must have the same",
  },
  figure: { kind: "text", value: "FILE.svg", help: "draw each table as a curve over its ranked classes" },
  "rank-by": {
    kind: "text",
    value: "TABLE",
    help:
      "with --figure: rank the classes by this table, a name as printed, its number or its path, or each by its " +
      "`own` counts (default: the first table)",
  },
  help: { kind: "switch", help: "this text" },
} as const;

const help = `Prints Spearman's rank correlation (average ranks) of every two frequency tables.

Usage: deno task freq compare FILE FILE... [--figure FILE.svg] [--rank-by TABLE|own] [--json|--csv]

${describeFlags(flagTable)}

Rows are joined by name, so the tables may be in different orders. Where a name stands more than once, its n-th row in
one table belongs to its n-th row in the others: that is the same class in tables in class order (_ori), and need not be
in sorted ones, about which a line on standard error warns.

Exit codes: 0 done, 1 failed while running, 2 bad input.

Example: deno task freq compare freqs/class_frequency_laion400m_imagenet.txt \\
  freqs/class_frequency_cc12m_imagenet.txt --figure curves.svg`;

/** The command, with what draws its figure. It throws RangeError for tables of other classes and for a bad flag. */
export function compareCommand(draw: DrawCurves): Command {
  return {
    name: "compare",
    summary: "rank correlations of frequency tables, and their curves as a figure",
    help,
    async run(args) {
      const { values, positional: paths } = parseFlags(args, flagTable);
      if (values.help) return console.log(help);
      if (paths.length < 2) {
        throw new RangeError("freq compare needs two tables or more: freq compare FILE FILE...");
      }
      if (values.json && values.csv) {
        throw new RangeError("--json and --csv contradict each other: give one of them");
      }
      if (values["rank-by"] !== undefined && values.figure === undefined) {
        throw new RangeError("--rank-by goes with --figure");
      }
      if (values.figure !== undefined && !values.figure.endsWith(".svg")) {
        throw new RangeError(`--figure ${values.figure} does not end in .svg: the picture is one`);
      }
      const names = shortNames(paths), rankBy = rankingOf(values["rank-by"], names, paths);
      const tables = await Promise.all(paths.map(readFrequencyTable)),
        joined = joinTables(tables, values.common);
      noteDoubts(joined);
      const matrix = correlationMatrix(joined.counts);
      if (values.figure !== undefined) {
        const curves = names.map((name, t) => ({ name, counts: joined.counts[t] }));
        await writeTextAtomically(values.figure, draw(curves, rankBy));
        console.error(`Drawn: ${values.figure}`);
      }
      if (values.json) console.log(asJson(tables, names, joined, matrix));
      else if (values.csv) Deno.stdout.writeSync(new TextEncoder().encode(asCsv(names, matrix)));
      else console.log(asText(names, joined, matrix));
    },
  };
}

function rankingOf(
  asked: string | undefined,
  names: readonly string[],
  paths: readonly string[],
): number | "own" {
  if (asked === undefined) return 0;
  if (asked === "own") return "own";
  const numbers = paths.map((_, t) => String(t + 1));
  for (const list of [paths, names, numbers]) if (list.includes(asked)) return list.indexOf(asked);
  throw new RangeError(`--rank-by ${asked} is none of own, ${names.join(", ")}`);
}

function noteDoubts({ leftOut, ambiguous }: JoinedTables): void {
  if (leftOut > 0) console.error(`Left out: ${grouped(leftOut)} rows that not all tables have`);
  if (ambiguous.length === 0) return;
  console.error(
    `${
      ambiguous.length === 1 ? "A name stands" : `${ambiguous.length} names stand`
    } more than once in tables of ` +
      `different order (${
        JSON.stringify(ambiguous[0])
      }): their rows may be confused; compare tables in class order (_ori)`,
  );
}

function asText(
  names: readonly string[],
  joined: JoinedTables,
  matrix: readonly (readonly (number | null)[])[],
) {
  const head = ["", ...names.map((_, t) => String(t + 1))], width = String(names.length).length;
  const rows = matrix.map((row, t) => [
    `${String(t + 1).padStart(width)} ${names[t]}`,
    ...row.map((rho) => rho === null ? "-" : rho.toFixed(4)),
  ]);
  return `Spearman's rank correlation over ${grouped(joined.names.length)} classes\n${
    textTable([head, ...rows])
  }`;
}

function asCsv(names: readonly string[], matrix: readonly (readonly (number | null)[])[]): string {
  return csvTable([
    ["", ...names],
    ...matrix.map((row, t) => [names[t], ...row.map((rho) => String(rho ?? ""))]),
  ]);
}

function asJson(
  tables: readonly FrequencyTable[],
  names: readonly string[],
  { names: classes, leftOut, ambiguous }: JoinedTables,
  spearman: readonly (readonly (number | null)[])[],
): string {
  const about = tables.map(({ path, rows }, t) => ({ name: names[t], path, rows: rows.length }));
  return JSON.stringify(
    { tables: about, classes: classes.length, left_out: leftOut, ambiguous, spearman },
    null,
    2,
  );
}
