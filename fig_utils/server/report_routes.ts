// A study's report within the view, as a page and as it stands on the disk.
import type { Hono } from "../deps.ts";
import { expectReadable, readStudyReport, REPORT_FILE, type StudyReport } from "../../data_utils/mod.ts";
import { folderBelow } from "./safe_path.ts";

/** Adds /report and /report.json; `?study=` names a study's folder within the view's. */
export function addReportRoutes(app: Hono, folder: string): void {
  app.get("/report.json", async (c) => {
    const report = await reportOf(folder, c.req.query("study"));
    return report ? c.json(report) : c.json({ error: "There is no report yet" }, 404);
  });
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
