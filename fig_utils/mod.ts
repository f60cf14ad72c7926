// Public names of fig_utils: the local web view of a study's results, and the server that lends a checkout's
// modules by URL. Both are plain functions of a request, so they run without a socket as well.

export { createView } from "./server/view.ts";
export { serveModules } from "./server/modules.ts";
export { type Arm, readReport, type StudyReport } from "./server/report.ts";
