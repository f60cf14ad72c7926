// The view as a function of requests, with no socket and no browser: the list of runs, a run's page, comparisons and the
// study's report, from whole, unfinished, broken and hostile folders.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { createView } from "../../fig_utils/mod.ts";
import { openRun, RUN_FORMAT } from "../../data_utils/mod.ts";
import { exampleStudy, makeExampleReport } from "./example_study.ts";

const report = makeExampleReport({
  laws: ["ratio:10"],
  arms: ["sl_full", "clip_rich"],
  seeds: 2,
  classes: 12,
});
const [run0, run1] = ["sl_full-ratio10-seed0", "clip_rich-ratio10-seed1"];

async function get(folder: string, path: string) {
  const response = await createView(folder).request(`http://localhost${path}`);
  return { status: response.status, text: await response.text() };
}

/** The runs of the list in their order. */
async function listed(folder: string, query = "") {
  const { text } = await get(folder, `/${query}`);
  return [...text.matchAll(/<tr data-run="([^"]*)"/g)].map(([, dir]) => dir);
}

Deno.test("view: the list has every run's facts and sorts by any column in both directions", async () => {
  await using study = await exampleStudy(report);
  const { folder } = study, { status, text } = await get(folder, "/");
  assertEquals(status, 200);
  const { top1, rho_freq_pred, images_per_second } = report.arms[0];
  const row = /<tr data-run="sl_full-ratio10-seed0">[^]*?<\/tr>/.exec(text)![0];
  for (
    const shown of ["sl_full", "ratio:10", "done", "600 of 600", (top1 * 100).toFixed(1)].concat(
      [rho_freq_pred!.toFixed(2), images_per_second.toFixed(0), `href="/runs/${run0}"`],
    )
  ) assertStringIncludes(row, shown);
  assertStringIncludes(text, 'href="/report?study=."');

  const best = report.arms.toSorted((a, b) => a.top1 - b.top1).map(({ run }) => run);
  assertEquals(await listed(folder, "?sort=top1&order=asc"), best);
  assertEquals(await listed(folder, "?sort=top1&order=desc"), best.toReversed());
  assertEquals(
    await listed(folder, "?sort=run&order=desc"),
    report.arms.map(({ run }) => run).sort().reverse(),
  );
  assertEquals(await listed(folder, "?sort=nothing"), await listed(folder));
  const sorted = (await get(folder, "/?sort=top1&order=desc")).text;
  assertMatch(sorted, /aria-sort="descending">\s*<a href="\/\?sort=top1&amp;order=asc"/);
  assertEquals(sorted.match(/aria-sort/g)?.length, 1);
});

Deno.test("view: runs without a value come last in both directions; an empty folder says so", async () => {
  await using study = await exampleStudy(report);
  await (await openRun({ dir: `${study.folder}/a fresh one`, config: { steps: 5 } })).close();
  for (const order of ["asc", "desc"]) {
    assertEquals((await listed(study.folder, `?sort=loss&order=${order}`)).at(-1), "a fresh one");
  }
  assertStringIncludes((await get(study.folder, "/")).text, "0 of 5");
  assertStringIncludes((await get(`${study.folder}/not_a_run`, "/")).text, "No runs in");
  assertEquals((await get(`${study.folder}/gone`, "/")).status, 404);
});

Deno.test("view: a finished run has curves, classes by frequency, confusion and configuration", async () => {
  await using study = await exampleStudy(report);
  const { status, text } = await get(study.folder, `/runs/${run0}`);
  assertEquals(status, 200);
  for (const chart of ["loss", "accuracy", "rho"]) {
    assertMatch(text, new RegExp(`data-chart="${chart}"[^]*?class="curve colour-0" d="M[\\d. L]{40}`));
  }
  assertStringIncludes(text, 'data-events=""');
  const table = text.slice(text.indexOf('id="classes"')),
    byFrequency = report.arms[0].per_class.toSorted((a, b) => b.freq - a.freq);
  assert(table.indexOf(`>${byFrequency[0].class}<`) < table.indexOf(`>${byFrequency[1].class}<`));
  assertEquals(text.match(/<circle[^>]*><title>class \d+: \d+ in training, /g)?.length, 2 * 12);
  assertStringIncludes(text, "The most common errors");
  const data = (name: string) =>
    JSON.parse(new RegExp(`data-${name}="([^"]*)"`).exec(text)![1].replaceAll("&quot;", '"'));
  assertEquals(data("names"), byFrequency.map((row) => row.class));
  const images = data("cells").reduce((sum: number, [, , count]: number[]) => sum + count, 0);
  assertEquals(images, report.arms[0].per_class.reduce((sum, { pred }) => sum + pred, 0));
  assertMatch(text, /batchSize<\/th>\s*<td>64</);
});

Deno.test("view: a run that trains has events, what it has so far, and no table of the end", async () => {
  await using study = await exampleStudy(null);
  const dirs = [...Deno.readDirSync(study.folder)].map(({ name }) => name);
  const dir = dirs.find((name) => name.startsWith("sl_full-ratio10-seed0"))!;
  const { text } = await get(study.folder, `/runs/${dir}`);
  assertStringIncludes(text, `data-events="/runs/${dir}/events"`);
  assertStringIncludes(text, "300 of 600");
  assertStringIncludes(text, "They are known when the run is done");
  assert(!text.includes("310"), "a line still being written is not shown");
  assertEquals((await get(study.folder, "/report")).status, 404);

  // With names and frequencies in its configuration the newest evaluation is shown.
  const config = { classNames: ["oak", "yew", "elm"], frequencies: [5, 50, 500] };
  await using run = await openRun({ dir: `${study.folder}/own`, config });
  const acc = [0.25, null, 0.75];
  await Deno.writeTextFile(
    run.path("evaluations.jsonl"),
    JSON.stringify({ step: 40, acc, pred: [1, 2, 3] }) + "\n",
  );
  const own = (await get(study.folder, "/runs/own")).text;
  for (
    const shown of [
      "As evaluated after step 40",
      "oak: 5 in training, 25.0 % right",
      "yew: 50 in training, no test",
    ]
  ) {
    assertStringIncludes(own, shown);
  }
});

Deno.test("view: compares runs side by side, up to eight", async () => {
  await using study = await exampleStudy(report);
  const { status, text } = await get(study.folder, `/compare?run=${run0}&run=${run1}&run=${run0}`);
  assertEquals(status, 200);
  assertStringIncludes(text, "Comparison of 2 runs");
  for (const { top1 } of [report.arms[0], report.arms[3]]) {
    assertStringIncludes(text, (top1 * 100).toFixed(1));
  }
  assertEquals(
    text.match(/class="curve colour-1" d="M/g)?.length,
    3 + 2 + 2,
    "charts, legends and tables",
  );
  const [a, b] = [report.arms[0].per_class[3], report.arms[3].per_class[3]];
  assertStringIncludes(text, `class 3: ${a.freq} in training, ${(a.acc! * 100).toFixed(1)} % and `);
  assertStringIncludes(text, `${Math.abs((b.acc! - a.acc!) * 100).toFixed(1)} points in ${run1}`);
  const differing = text.slice(text.indexOf("Settings in which they differ"));
  for (const key of ["arm", "seed"]) assertMatch(differing, new RegExp(`>${key}</th>`));
  assert(!differing.includes(">batchSize</th>"));

  assertStringIncludes((await get(study.folder, "/compare")).text, "No run was chosen");
  assertEquals((await get(study.folder, `/compare?run=${run0}&run=nowhere`)).status, 404);
  for (let i = 0; i < 10; i++) await (await openRun({ dir: `${study.folder}/r${i}`, config: {} })).close();
  const many = Array.from({ length: 10 }, (_, i) => `run=r${i}`).join("&");
  assertStringIncludes(
    (await get(study.folder, `/compare?${many}`)).text,
    "At most 8 runs are compared; 2 more",
  );
});

Deno.test("view: the study's report, as a page and as JSON; a broken or foreign one is named", async () => {
  await using study = await exampleStudy(report);
  const { folder } = study, file = `${folder}/report.json`;
  const shown = await get(folder, "/report");
  assertEquals(shown.status, 200);
  for (const { title } of report.legend) assertStringIncludes(shown.text, title);
  assertEquals(JSON.parse((await get(folder, "/report.json")).text), JSON.parse(JSON.stringify(report)));
  const above = folder.slice(0, folder.lastIndexOf("/")), name = folder.slice(above.length + 1);
  assertEquals((await get(above, `/report?study=${encodeURIComponent(name)}`)).status, 200);

  const wrong: [string, string][] = [
    ['{"arms":[', "report.json is not JSON"],
    ['{"format":"beyond-tail-study/1"}', "has format &quot;beyond-tail-study/1&quot;, this version reads"],
    [JSON.stringify({ ...report, arms: [{}] }), "report.json: arms[0].arm is missing or of the wrong type"],
  ];
  for (const [text, problem] of wrong) {
    await Deno.writeTextFile(file, text);
    const broken = await get(folder, "/report");
    assertEquals(broken.status, 500);
    assertStringIncludes(broken.text, problem);
    assertEquals((await get(folder, "/")).status, 200);
  }
  await Deno.remove(file);
  assertEquals([(await get(folder, "/report")).status, (await get(folder, "/report.json")).status], [
    404,
    404,
  ]);
});

Deno.test("view: a broken run is listed and shown with one line, the others as ever", async () => {
  await using study = await exampleStudy(report);
  const { folder } = study,
    write = (path: string, text: string) => Deno.writeTextFile(`${folder}/${path}`, text);
  await write(`${run0}/config.json`, '{"format":"beyond-tail-run/0","config":{}}');
  await write(`${run1}/classes.tsv`, "class\tfreq\tacc\tpred\noak\tmany\t1\t2\n");
  await write(
    `${run1}/metrics.jsonl`,
    '{"step":10,"loss":1}\n?\n{"step":20,"loss":null}\n{"step":30,"loss":2}\n',
  );
  const problem = `has format &quot;beyond-tail-run/0&quot;, this version writes &quot;${RUN_FORMAT}&quot;`;
  const list = (await get(folder, "/")).text,
    row = new RegExp(`data-run="${run0}">[^]*?</tr>`).exec(list)![0];
  assertStringIncludes(row, "broken");
  assertStringIncludes(list, problem);
  assertEquals(list.match(/state-done/g)?.length, 3);
  const page = await get(folder, `/runs/${run0}`);
  assertEquals([page.status, page.text.split(problem).length], [200, 2]);

  const other = (await get(folder, `/runs/${run1}`)).text;
  assertStringIncludes(other, "classes.tsv:2 should hold a name and three numbers");
  assertStringIncludes(other, "metrics.jsonl: 1 of the lines read are no JSON object");
  assertMatch(other, /data-chart="loss"[^]*?class="curve colour-0" d="M[\d. ]+L[\d. ]+"/);
});
