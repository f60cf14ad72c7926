// Public names of fig_utils: figures as functions from a study's report to SVG, the local web view of its results, and
// the server that lends a checkout's modules by URL. All are plain functions, which run without a socket or a browser.

export { accuracyByFrequency } from "./figures/accuracy_by_frequency.ts";
export { svgFile } from "./figures/svg.ts";
export { createView } from "./server/view.ts";
export { serveModules } from "./server/modules.ts";
export { type Arm, readReport, readReportFile, type StudyReport } from "./report.ts";
