// The report's per-class tables, one per arm and law, closed until they are asked for.
import type { ReportedRun, StudyReport } from "../../data_utils/mod.ts";
import { armsOf, lawsOf } from "../figures/arms.ts";
import { lawTitle } from "../figures/words.ts";
import { type Markup, markup } from "./markup.ts";
import { type Column, table } from "./tables.ts";

export function classesSection(report: StudyReport): Markup {
  const tables = lawsOf(report).flatMap((law) =>
    armsOf(report, law).map(({ title, runs }) =>
      markup`<details><summary>${title}, ${lawTitle(law)}</summary>${classTable(title, law, runs)}</details>
`
    )
  );
  return markup`<section id="classes"><h2>Classes</h2>
<p>Of each class: its training images, its accuracy in percent, and how often it was predicted; the most frequent of the
first seed first.</p>${tables}</section>`;
}

function classTable(title: string, law: string, runs: readonly ReportedRun[]): Markup {
  const [first] = runs, names = first.per_class.map((row) => row.class), order = names.map((_, c) => c);
  order.sort((a, b) => first.per_class[b].freq - first.per_class[a].freq || a - b);
  const columns: Column<number>[] = [
    { head: "class", text: true, cell: (c) => names[c] },
    ...runs.flatMap(({ seed, per_class }): Column<number>[] => {
      const of = runs.length === 1 ? "" : `, seed ${seed}`;
      return [
        { head: `images${of}`, cell: (c) => per_class[c]?.freq ?? "–" },
        { head: `accuracy${of}`, cell: (c) => percent(per_class[c]?.acc ?? null) },
        { head: `predicted${of}`, cell: (c) => per_class[c]?.pred ?? "–" },
      ];
    }),
  ];
  return table(`Classes of ${title}, ${lawTitle(law)}`, columns, order);
}

function percent(value: number | null): string {
  return value === null ? "–" : (value * 100).toFixed(1);
}
