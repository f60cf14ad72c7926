/** `freq stats`: what frequency tables look like as distributions. */
import { type Command, describeFlags, parseFlags } from "../../data_utils/mod.ts";
import { readFrequencyTable } from "../tables/frequency_table.ts";
import { grouped, shortNames, textTable } from "../tables/text_table.ts";
import { type TableStats, tableStats } from "../tables/table_stats.ts";

const flagTable = {
  json: { kind: "switch", help: "the numbers of all tables as one JSON array" },
  help: { kind: "switch", help: "this text" },
} as const;

const help = `Prints what frequency tables look like: lines of a name, a tab and a count, in any order.

Usage: deno task freq stats FILE... [--json]

${describeFlags(flagTable)}

  classes   rows of the table               min > 0   lowest count above zero
  total     sum of the counts               zeros     rows with a count of zero
  max       highest count                   top 10 %  share of the total in the most frequent tenth of the rows
  median    the middle count                          (rounded up to whole rows)
  gini      Gini coefficient over all rows: 0 where all are equal, 1 - 1/classes where one has everything
  zipf      s of count ~ rank^-s: least squares of ln(count) on ln(rank) over the rows above zero, ranks from 1

A dash stands for what is not defined, such as the Gini coefficient where the total is zero.

Exit codes: 0 done, 2 bad input.

Example: deno task freq stats freqs/class_frequency_cc12m_imagenet.txt freqs/class_frequency_laion400m_imagenet.txt`;

/** Prints tables' statistics on standard output. Throws SyntaxError, naming file and line, for what is no table. */
export const statsCommand: Command = {
  name: "stats",
  summary: "total, median, zeros, Gini, head share and Zipf exponent of frequency tables",
  help,
  async run(args) {
    const { values, positional: paths } = parseFlags(args, flagTable);
    if (values.help) return console.log(help);
    if (paths.length === 0) throw new RangeError("freq stats needs a table: freq stats FILE...; see --help");
    const all: TableStats[] = [];
    for (const path of paths) all.push(tableStats((await readFrequencyTable(path)).rows));
    if (values.json) {
      return console.log(JSON.stringify(all.map((stats, i) => ({ path: paths[i], ...stats })), null, 2));
    }
    const head = [
      "table",
      "classes",
      "total",
      "max",
      "median",
      "min > 0",
      "zeros",
      "top 10 %",
      "gini",
      "zipf",
    ];
    const names = shortNames(paths), rows = all.map((stats, i) => [names[i], ...cells(stats)]);
    console.log(textTable([head, ...rows]));
  },
};

function cells(stats: TableStats): string[] {
  const { classes, total, max, median, min_above_zero, zeros, top_tenth_share, gini, zipf_exponent } = stats;
  const orDash = (value: number | null, digits: number) => value === null ? "-" : value.toFixed(digits);
  return [
    ...[classes, total, max, median].map(grouped),
    min_above_zero === null ? "-" : grouped(min_above_zero),
    grouped(zeros),
    top_tenth_share === null ? "-" : `${(100 * top_tenth_share).toFixed(1)} %`,
    orDash(gini, 3),
    orDash(zipf_exponent, 3),
  ];
}
