// The report's page as text: every number and verdict of the report is in it, names from files are escaped, it asks for
// nothing and runs nothing, and reports at the edge of what can be shown.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { StudyReport } from "../../data_utils/mod.ts";
import {
  figuresOf,
  reportFragment,
  reportPage,
  reportStyle,
  studyFiles,
  svgFile,
} from "../../fig_utils/mod.ts";
import { intervalText, meanText } from "../../fig_utils/figures/words.ts";
import {
  exampleReport,
  makeExampleReport,
  oneSeedReport,
  twoClassReport,
  withNullRho,
} from "./example_study.ts";

const page = reportPage(exampleReport);
const count = (text: string, part: string) => text.split(part).length - 1;
const escaped = (text: string) => text.replaceAll("'", "&#39;");

Deno.test("report page: arms, verdicts, intervals and classes of the report", () => {
  for (
    const { law, arm, title } of exampleReport.summary.map((row) => ({ ...row, title: titleOf(row.arm) }))
  ) {
    const runs = exampleReport.arms.filter((run) => run.law === law && run.arm === arm);
    assertStringIncludes(page, title);
    assertStringIncludes(page, `<td>${meanText(runs.map((run) => run.rho_freq_pred))}</td>`);
    assertStringIncludes(page, `<td>${meanText(runs.map((run) => run.rho_freq_acc))}</td>`);
  }
  for (const { statement, source, because, contrasts } of exampleReport.hypotheses) {
    for (const text of [statement, source, because]) assertStringIncludes(page, escaped(text));
    for (const { estimate, interval, accuracy } of contrasts) {
      assertStringIncludes(page, `<td>${intervalText(estimate, interval)}</td>`);
      assertStringIncludes(page, `<td>${intervalText(accuracy.estimate, accuracy.interval)}</td>`);
    }
  }
  const verdicts = exampleReport.hypotheses.flatMap(({ verdict, contrasts }) => [
    ...[verdict, verdict],
    ...contrasts.map((contrast) => contrast.verdict),
  ]);
  for (const [verdict, mark] of [["holds", "holds"], ["does not hold", "fails"]]) {
    const shown = count(page, `<span class="verdict ${mark}">${verdict}</span>`);
    assertEquals(shown, verdicts.filter((v) => v === verdict).length);
  }
  const groups = exampleReport.summary.length;
  assertEquals(count(page, "<details>"), groups + 1);
  const first = exampleReport.arms[0].per_class.toSorted((a, b) => b.freq - a.freq)[0];
  const cells = `<tr><th scope="row">${first.class}</th><td>${first.freq}</td>` +
    `<td>${(first.acc! * 100).toFixed(1)}</td><td>${first.pred}</td>`;
  assertStringIncludes(page, cells);
  assertStringIncludes(page, "cos_W_nearest");
  for (const note of exampleReport.notes) assertStringIncludes(page, note);
  assertStringIncludes(page, "<dt>data.testPerClass</dt><dd>20</dd>");
});

function titleOf(arm: string): string {
  return exampleReport.legend.find((about) => about.arm === arm)!.title;
}

Deno.test("report page: loads nothing, runs nothing, and is the same each time", () => {
  assertEquals(page, reportPage(structuredClone(exampleReport)));
  assert(!/<script|<link|<img|<iframe|\son\w+=|@import|url\(|javascript:/i.test(page));
  const addresses = [...page.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, address]) => address);
  assert(addresses.length > 5 && addresses.every((address) => address.startsWith("#")), addresses.join(" "));
  for (const address of addresses) assertEquals(count(page, ` id="${address.slice(1)}"`), 1, address);
  assertStringIncludes(page, `content="default-src 'none'; style-src 'unsafe-inline'; img-src data:;`);
  assertEquals(count(page, ' role="img"'), figuresOf(exampleReport).length);
});

Deno.test("report page: the fragment is the page's content, under classes of its own style", () => {
  const fragment = reportFragment(exampleReport);
  assert(!/<html|<body|<h1|<style|style="/.test(fragment));
  const body = fragment.slice(fragment.indexOf("<nav"), fragment.lastIndexOf("</div>"));
  assertStringIncludes(page, body);
  const selectors = reportStyle.replace(/@media[^{]*\{/g, "").match(/[^{}]+(?=\{)/g)!.map((rule) =>
    rule.trim()
  );
  for (const selector of selectors.flatMap((rule) => rule.split(","))) {
    assert(selector.trim().startsWith(".study-report"), selector);
  }
});

Deno.test("report page: names from files are text", () => {
  const evil = `<img src=x onerror=alert(1)>"'&`;
  const report: StudyReport = {
    ...oneSeedReport,
    settings: { [evil]: evil },
    notes: [evil],
    legend: [{ ...oneSeedReport.legend[0], title: evil }],
    hypotheses: exampleReport.hypotheses.slice(0, 1).map((hypothesis) => ({
      ...hypothesis,
      ...{ statement: evil, source: evil, because: evil, verdict: evil as "holds" },
      contrasts: hypothesis.contrasts.map((contrast) => ({
        ...contrast,
        statement: evil,
        weights: { [evil]: 1 },
      })),
    })),
    skipped: { train: [{ reason: evil, count: 2, example: evil }], test: [] },
    arms: oneSeedReport.arms.map((run) => ({
      ...run,
      law: evil,
      per_class: run.per_class.map((row) => ({ ...row, class: evil })),
    })),
  };
  const text = reportPage({ ...report, summary: report.summary.map((row) => ({ ...row, law: evil })) });
  assert(!text.includes("<img") && !/="[^"]*"'/.test(text));
  assert(count(text, "&lt;img") > 20);
  assertStringIncludes(text, "2 training samples left out: ");
});

Deno.test("report page: a missing correlation is a dash with its reason", () => {
  const report = withNullRho(
    makeExampleReport({ laws: ["ratio:10"], arms: ["sl_full", "sl_sub"], seeds: 2 }),
  );
  const text = reportPage(report);
  assertStringIncludes(text, "<td>–</td>");
  const reason = "ρ(freq, pred) of SL, full vocabulary, ratio 10, seed 1: all classes have the same value.";
  assertStringIncludes(text, reason);
  assert(!page.includes("A dash stands"));
});

Deno.test("report page: one seed, two classes, no hypotheses, no runs", () => {
  const one = reportPage(oneSeedReport);
  assertStringIncludes(one, "No hypothesis was put to this study");
  assertStringIncludes(one, "2 models of 12 classes: 2 arms, 1 law of imbalance (ratio 10), 1 seed;");
  assert(!one.includes('href="#hypotheses"') && one.includes('href="#figures"'));
  const two = reportPage(twoClassReport);
  assertStringIncludes(two, "not tested here");
  const bare = {
    ...twoClassReport,
    arms: twoClassReport.arms.map((run) => ({ ...run, collapse: null, curve: [] })),
  };
  assert(!reportPage(bare).includes('id="collapse"'));
  const none = reportPage({ ...oneSeedReport, arms: [], summary: [], legend: [] });
  assert(!none.includes("<svg") && none.includes("0 models"));
  for (const text of [one, two, none, page]) assert(!/NaN|Infinity|\[object|>null/.test(text));
});

Deno.test("study files: the page and each figure as a file of its own", () => {
  const files = studyFiles(exampleReport);
  assertEquals([...files.keys()], [
    "report.html",
    ...[
      "bias",
      "hypotheses",
      "matched_accuracy",
      "accuracy_by_frequency-ratio10",
      "accuracy_by_frequency-ratio50",
    ]
      .map((name) => `figures/${name}.svg`),
  ]);
  assertEquals(files.get("report.html"), page);
  for (const { name, svg } of figuresOf(exampleReport)) {
    assertEquals(files.get(`figures/${name}.svg`), svgFile(svg));
  }
});
