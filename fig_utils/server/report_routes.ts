// A study's report within the view: as a page, and as it stands on the disk.
import { type Hono, html, raw } from "../deps.ts";
import { expectReadable, readStudyReport, REPORT_FILE, type StudyReport } from "../../data_utils/mod.ts";
import { reportFragment } from "../page/report_page.ts";
import { reportStyle } from "../page/style.ts";
import { page, problemPage } from "./pages/layout.ts";
import { folderBelow } from "./safe_path.ts";

/** Adds /report and /report.json; `?study=` names a study's folder within the view's. */
export function addReportRoutes(app: Hono, folder: string): void {
  app.get("/report", async (c) => {
    const study = c.req.query("study"), report = await reportOf(folder, study);
    if (!report) {
      return c.html(
        problemPage(folder, "There is no study report here; a study writes it when it is done"),
        404,
      );
    }
    const json = `/report.json${study === undefined ? "" : `?study=${encodeURIComponent(study)}`}`;
    const body = html`
      <h1>Study report</h1>
      <p><a href="${json}">As JSON</a></p>
      ${raw(reportFragment(report))}
    `;
    return c.html(page({ title: "Study report", folder, body, style: "/report.css" }));
  });
  app.get("/report.json", async (c) => {
    const report = await reportOf(folder, c.req.query("study"));
    return report ? c.json(report) : c.json({ error: "There is no report yet" }, 404);
  });
  app.get("/report.css", (c) => c.body(reportStyle, 200, { "content-type": "text/css; charset=utf-8" }));
}

/** A study's report, or null where there is none yet. Throws as readStudyReport for one that cannot be read. */
async function reportOf(folder: string, study = "."): Promise<StudyReport | null> {
  const dir = await folderBelow(folder, study);
  if (dir === null) return null;
  const file = `${folder}/${dir}/${REPORT_FILE}`;
  await expectReadable(file);
  try {
    return await readStudyReport(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
