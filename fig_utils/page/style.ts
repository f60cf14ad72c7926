// The report's style sheet. Its rules begin with the class of the report, so that another page can take the report in.

/** Style of what {@link reportFragment} makes, for any page that holds it. */
export const reportStyle = `
.study-report {
  --report-ink: #1f2328; --report-faint: #59636e; --report-line: #d1d9e0; --report-shade: #f6f8fa; --report-link: #0a5bbd;
  --report-holds: #0a5bbd; --report-fails: #a83c00;
  color: var(--report-ink); line-height: 1.5;
}
@media (prefers-color-scheme: dark) {
  .study-report {
    --report-ink: #e6edf3; --report-faint: #9198a1; --report-line: #3d444d; --report-shade: #151b23; --report-link: #6cb0ff;
    --report-holds: #6cb0ff; --report-fails: #ff9a62;
  }
}
.study-report section { margin: 2.4rem 0 0; }
.study-report h2 { font-size: 1.25rem; margin: 0 0 0.5rem; }
.study-report h3 { font-size: 1rem; margin: 1.8rem 0 0.2rem; max-width: 48rem; }
.study-report p, .study-report li, .study-report dd { max-width: 48rem; overflow-wrap: anywhere; }
.study-report p { margin: 0.4rem 0; }
.study-report ul { margin: 0.4rem 0; padding-left: 1.2rem; }
.study-report a { color: var(--report-link); text-underline-offset: 0.15em; }
.study-report :focus-visible { outline: 3px solid var(--report-link); outline-offset: 2px; }
.study-report .contents { display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem; list-style: none; padding: 0; }
.study-report .source { color: var(--report-faint); font-size: 0.9rem; }
.study-report code { font-size: 0.85em; color: var(--report-faint); }
.study-report .scroll { overflow-x: auto; max-width: 100%; margin: 0.8rem 0; }
.study-report table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.92rem; }
.study-report caption { text-align: left; color: var(--report-faint); padding: 0 0.6rem 0.3rem 0; }
.study-report caption span { position: sticky; left: 0; display: inline-block; max-width: calc(100vw - 3rem); }
.study-report th, .study-report td {
  padding: 0.3rem 0.5rem; text-align: right; vertical-align: top; border-bottom: 1px solid var(--report-line);
  white-space: nowrap;
}
.study-report .text, .study-report tbody th { text-align: left; }
.study-report th:first-child, .study-report td:first-child { padding-left: 0; }
.study-report tbody th { font-weight: 400; white-space: normal; min-width: 12rem; max-width: 30rem; }
.study-report thead th { font-weight: 600; vertical-align: bottom; white-space: normal; min-width: 3rem; }
.study-report td.text { white-space: normal; }
.study-report .verdict {
  display: inline-block; padding: 0 0.5em; border: 1px solid currentColor; border-radius: 1em; white-space: nowrap;
  font-size: 0.9em; color: var(--report-faint);
}
.study-report .verdict.holds { color: var(--report-holds); font-weight: 600; }
.study-report .verdict.fails { color: var(--report-fails); font-weight: 600; }
.study-report .verdict.open { border-style: dashed; }
.study-report figure { margin: 1.6rem 0; }
.study-report figure svg { display: block; width: 100%; min-width: 52rem; max-width: 72rem; height: auto; }
.study-report details { margin: 0.3rem 0; }
.study-report summary { cursor: pointer; }
.study-report .settings { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: 0.4rem 1.5rem; }
.study-report .settings dt, .study-report .words dt { color: var(--report-faint); }
.study-report .settings dd { margin: 0; overflow-wrap: anywhere; }
.study-report .words { display: grid; grid-template-columns: minmax(8rem, 14rem) 1fr; gap: 0.5rem 1.2rem; }
.study-report .words dd { margin: 0; }
@media (max-width: 40rem) { .study-report .words { display: block; } .study-report .words dd { margin-bottom: 0.7rem; } }
@media print { .study-report .scroll { overflow: visible; } .study-report figure { break-inside: avoid; } }
`;

/** What a page of its own needs besides. */
export const pageStyle = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; background: #ffffff; }
@media (prefers-color-scheme: dark) { :root { background: #0d1117; } }
body { margin: 0 auto; padding: 1rem 1rem 4rem; max-width: 76rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 1rem 0 0.4rem; }
`;
