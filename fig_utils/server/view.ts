// The local page of a study: a table of its arms and their figure, one arm's classes from the most to the least
// frequent, and its run folders. Plain HTML made on the server from the files as they stand, with no script; the
// policy sent with it lets nothing in but the style sheet and the icon. It reads the study's folder and nothing else.
import { Hono, html, raw } from "../deps.ts";
import type { MiddlewareHandler } from "../deps.ts";
import { listRuns, type RunSummary } from "../../data_utils/mod.ts";
import { accuracyByFrequency } from "../figures/accuracy_by_frequency.ts";
import { isLoopback } from "./loopback.ts";
import { type Arm, readReport, type StudyReport } from "../report.ts";

const policy = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const style = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.scroll { overflow-x: auto; }
figure { margin: 2rem 0 0; }
figure svg { display: block; min-width: 46rem; max-width: 100%; height: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 0.2rem 0.8rem; text-align: right; border-bottom: 1px solid #8884; }
th:first-child, td:first-child { text-align: left; }
tr[aria-current] { background: #8882; }
meter { width: 8rem; }
`;

// A long tail in four bars.
const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="#3b7ddd">
<path d="M1 1h3v14H1zM5 8h3v7H5zM9 12h3v3H9zM13 14h2v1h-2z"/></svg>`;

/** The view of the study in `folder`, as a Hono application. */
export function createView(folder: string): Hono {
  const app = new Hono();
  app.use(guard);
  app.get("/", async (c) => {
    const [report, runs] = await Promise.all([readReport(folder), listRuns(folder)]);
    const chosen = report?.arms.find((arm) => c.req.query("arm") === armKey(arm)) ?? report?.arms[0];
    return c.html(page(folder, report, runs, chosen));
  });
  app.get("/style.css", (c) => c.body(style, 200, { "content-type": "text/css; charset=utf-8" }));
  app.get("/icon.svg", (c) => c.body(icon, 200, { "content-type": "image/svg+xml" }));
  app.get("/report.json", async (c) => {
    const report = await readReport(folder);
    return report ? c.json(report) : c.json({ error: "No report yet" }, 404);
  });
  app.onError((error, c) => {
    if (error instanceof Deno.errors.NotFound) return c.text(`${folder} is not there\n`, 404);
    return c.text(`${error.message}\n`, 500);
  });
  return app;
}

const guard: MiddlewareHandler = async (c, next) => {
  if (isLoopback(c.req.raw)) await next();
  else c.res = c.text("This view answers on loopback only\n", 403);
  c.header("content-security-policy", policy);
  c.header("x-content-type-options", "nosniff");
  c.header("referrer-policy", "no-referrer");
  c.header("cache-control", "no-store");
};

function page(folder: string, report: StudyReport | null, runs: RunSummary[], chosen: Arm | undefined) {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    ${report ? "" : html`<meta http-equiv="refresh" content="10">`}
    <title>beyond-tail: ${folder}</title>
    <link rel="stylesheet" href="/style.css">
    <link rel="icon" href="/icon.svg">
  </head>
  <body>
    <h1>${folder}</h1>
    ${report ? armTable(report, chosen) : html`<p>No report yet; this page looks again every 10 seconds.</p>`}
    ${report ? figure(report) : ""} ${chosen ? classTable(chosen) : ""}
    ${runTable(runs)}
  </body>
</html>`;
}

function armTable({ arms, seconds }: StudyReport, chosen: Arm | undefined) {
  const rows = arms.map((arm) =>
    html`
      <tr${arm === chosen
        ? html`
          aria-current="true"
        `
        : ""}>
        <td><a href="/?arm=${encodeURIComponent(armKey(arm))}">${arm.arm}</a></td>
        <td>${arm.seed}</td>
        <td>${percent(arm.top1)}</td>
        <td>${percent(arm.top5)}</td>
        <td>${percent(arm.head)}</td>
        <td>${percent(arm.middle)}</td>
        <td>${percent(arm.tail)}</td>
        <td>${fixed(arm.rho_freq_acc)}</td>
        <td>${fixed(arm.rho_freq_pred)}</td>
        </tr>
    `
  );
  return html`
    <h2>Arms</h2>
    <p>Accuracy in percent; ρ is the rank correlation of a class's frequency in training with its accuracy, and
        with how often it is predicted.${seconds === undefined
          ? ""
          : ` Trained in ${Math.round(seconds)} s.`}</p>
    <div class="scroll">
      <table id="arms">
        <thead>
          <tr>
            <th>arm</th>
            <th>seed</th>
            <th>top-1</th>
            <th>top-5</th>
            <th>head</th>
            <th>middle</th>
            <th>tail</th>
            <th>ρ accuracy</th>
            <th>ρ predicted</th>
          </tr>
        </thead>
        <tbody>${rows}</tbody>
      </table>
    </div>
  `;
}

/** Hovering over a dot names the class. */
function figure(report: StudyReport) {
  if (report.arms.every(({ per_class }) => per_class.length === 0)) return "";
  return html`
    <figure class="scroll" tabindex="0">${raw(accuracyByFrequency(report))}</figure>
  `;
}

function classTable(arm: Arm) {
  const rows = arm.per_class.toSorted((a, b) => b.freq - a.freq).map((row) =>
    html`
      <tr>
        <td>${row.class}</td>
        <td>${share(row.freq)}</td>
        <td>${percent(row.acc)}</td>
        <td><meter min="0" max="1" value="${row.acc ?? 0}"></meter></td>
        <td>${share(row.pred)}</td>
      </tr>
    `
  );
  return html`
    <h2>Classes of ${arm.arm}, seed ${arm.seed}, by frequency</h2>
    <div class="scroll">
      <table id="classes">
        <thead>
          <tr>
            <th>class</th>
            <th>frequency</th>
            <th>accuracy</th>
            <th></th>
            <th>predicted</th>
          </tr>
        </thead>
        <tbody>${rows}</tbody>
      </table>
    </div>
  `;
}

function runTable(runs: RunSummary[]) {
  const rows = runs.map(({ dir, last, problem }) =>
    html`
      <tr>
        <td>${dir}</td>
        <td>${problem ?? (last ? JSON.stringify(last) : "no metrics yet")}</td>
      </tr>
    `
  );
  return html`
    <h2>Run folders</h2>
    <div class="scroll">
      <table id="runs">
        <thead>
          <tr>
            <th>run</th>
            <th>latest metrics</th>
          </tr>
        </thead>
        <tbody>${rows}</tbody>
      </table>
    </div>
  `;
}

function armKey({ arm, seed }: Arm): string {
  return `${arm}:${seed}`;
}

function percent(value: number | null): string {
  return value === null ? "–" : (value * 100).toFixed(1);
}

function fixed(value: number | null): string {
  return value === null ? "–" : value.toFixed(2);
}

// Frequencies and predictions come as counts or as shares.
function share(value: number): string {
  return Number.isInteger(value) ? String(value) : percent(value);
}
