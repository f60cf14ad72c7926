// Public names of fig_utils: figures as functions from a study's report to SVG, the report as a page, the local web view
// of results, and the server that lends a checkout's modules by URL. All are plain functions, which run without a socket
// or a browser.

export { accuracyByFrequency, type Chosen } from "./figures/accuracy_by_frequency.ts";
export { type Figure, figuresOf } from "./figures/all.ts";
export { biasFigure } from "./figures/bias.ts";
export { type FrequencyCurve, frequencyCurves, type RankBy } from "./figures/frequency_curves.ts";
export { hypothesisFigure } from "./figures/hypotheses.ts";
export { matchedFigure } from "./figures/matched.ts";
export { svgFile } from "./figures/svg.ts";
export { REPORT_PAGE, reportFragment, reportPage, studyFiles } from "./page/report_page.ts";
export { reportStyle } from "./page/style.ts";
export { serveModules } from "./server/modules.ts";
export { createView } from "./server/view.ts";
