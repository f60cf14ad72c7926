// The local view of run folders as a Hono application: the list of runs, one run while it trains and afterwards, chosen
// runs beside each other, and the report of a study. Pages are made on the server from the files as they stand, and
// can be read without the script, which adds what moves.
import { type Context, Hono } from "../deps.ts";
import { readCatalogue, RUN_FILES } from "../../data_utils/mod.ts";
import { clientScript } from "./client_files.ts";
import { type EventOptions, runEvents } from "./events.ts";
import { guard } from "./guard.ts";
import { COMPARED, comparePage } from "./pages/compare.ts";
import { page, problemPage } from "./pages/layout.ts";
import { listPage } from "./pages/list.ts";
import { runPage } from "./pages/run.ts";
import { addReportRoutes } from "./report_routes.ts";
import { readRunDetails } from "./run_details.ts";
import { decodedPath, folderBelow } from "./safe_path.ts";
import { icon, style } from "./style.ts";

/** How the view behaves; the times are those of the event streams. */
export interface ViewOptions extends Partial<EventOptions> {
  /** Ends the event streams that are open, so that a server can end. */
  readonly signal?: AbortSignal;
}

/** The view of all runs and studies in `folder`. */
export function createView(folder: string, options: ViewOptions = {}): Hono {
  const app = new Hono(), signal = options.signal ?? new AbortController().signal;
  app.use(guard);
  app.get("/", async (c) => {
    const catalogue = await readCatalogue(folder), { sort, order } = c.req.query();
    return c.html(
      page({ title: `Runs in ${folder}`, folder, body: listPage(catalogue, folder, { sort, order }) }),
    );
  });
  app.get("/runs/*", async (c) => {
    const path = decodedPath(new URL(c.req.url).pathname.slice("/runs/".length));
    if (path === null) return problem(c, "The address is malformed", 400);
    const dir = await runFolder(folder, path);
    if (dir !== null) {
      const name = dir === "." ? folder : dir, body = runPage(await readRunDetails(folder, dir), name);
      return c.html(page({ title: name, folder, body }));
    }
    const parent = /^(?:(.*)\/)?events$/.exec(path),
      watched = parent && await runFolder(folder, parent[1] ?? "");
    if (watched === null) return problem(c, `There is no run ${path} in ${folder}`, 404);
    return runEvents(folder, watched, { ...options, signal });
  });
  app.get("/compare", async (c) => {
    const chosen = [...new Set(c.req.queries("run") ?? [])], runs = [];
    for (const path of chosen.slice(0, COMPARED)) {
      const dir = await runFolder(folder, path);
      if (dir === null) return problem(c, `There is no run ${path} in ${folder}`, 404);
      runs.push(await readRunDetails(folder, dir));
    }
    const body = comparePage(runs, Math.max(0, chosen.length - COMPARED));
    return c.html(page({ title: "Comparison", folder, body }));
  });
  addReportRoutes(app, folder);
  app.get("/style.css", (c) => c.body(style, 200, { "content-type": "text/css; charset=utf-8" }));
  app.get("/icon.svg", (c) => c.body(icon, 200, { "content-type": "image/svg+xml" }));
  app.get("/client/:name", async (c) => {
    const text = await clientScript(c.req.param("name"));
    return text === null
      ? c.notFound()
      : c.body(text, 200, { "content-type": "text/javascript; charset=utf-8" });
  });
  app.notFound((c) => problem(c, "There is no such page", 404));
  app.onError((error, c) => {
    if (error instanceof Deno.errors.NotFound) return problem(c, `${folder} is not there any more`, 404);
    return problem(c, error.message, 500);
  });

  function problem(c: Context, text: string, status: 400 | 404 | 500) {
    return c.html(problemPage(folder, text), status);
  }
  return app;
}

/** The run that a path names, relative to the folder; null where there is none. */
async function runFolder(folder: string, path: string): Promise<string | null> {
  const dir = await folderBelow(folder, path);
  if (dir === null) return null;
  try {
    return (await Deno.lstat(`${folder}/${dir}/${RUN_FILES.config}`)).isFile ? dir : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
