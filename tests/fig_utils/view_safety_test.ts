// What the view does with hostile requests and folders: other sites' names, other methods, paths that lead out, markup in
// names, and files too large to be read.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createView } from "../../fig_utils/mod.ts";
import { openRun, writeClassTable } from "../../data_utils/mod.ts";
import { exampleStudy, makeExampleReport } from "./example_study.ts";

const report = makeExampleReport({
  laws: ["ratio:10"],
  arms: ["sl_full", "clip_rich"],
  seeds: 1,
  classes: 6,
});
const run = "sl_full-ratio10-seed0";

function ask(folder: string, path: string, init?: RequestInit, host = "localhost") {
  return createView(folder).request(`http://${host}${path}`, init);
}

Deno.test("view: a strict policy on every answer; loopback names, GET and HEAD only", async () => {
  await using study = await exampleStudy(report);
  const paths = [
    ...["/", `/runs/${run}`, "/compare", "/report", "/report.json", "/report.css"],
    ...["/style.css", "/icon.svg", "/client/view.js", "/none", "/client/none.js"],
  ];
  for (const path of paths) {
    const answers = [
      await ask(study.folder, path),
      await ask(study.folder, path, { method: "HEAD" }),
      await ask(study.folder, path, { method: "POST" }),
      await ask(study.folder, path, {}, "results.example"),
    ];
    const found = path.includes("none") ? 404 : 200;
    assertEquals(answers.map(({ status }) => status), [found, found, 405, 403], path);
    for (const { headers } of answers) {
      const policy = headers.get("content-security-policy") ?? "";
      assertStringIncludes(policy, "default-src 'none'; script-src 'self'; style-src 'self'");
      assert(!policy.includes("unsafe") && !policy.includes("*") && !policy.includes("http"), policy);
      assertEquals(headers.get("x-content-type-options"), "nosniff");
    }
    assertEquals((await answers[1].text()).length, 0);
    assert(!(await answers[3].text()).includes("sl_full"));
    for (const answer of [answers[0], answers[2]]) await answer.body?.cancel();
  }
  for (const host of ["127.0.0.1:99", "[::1]"]) {
    const answer = await ask(study.folder, "/", {}, host);
    assertEquals(answer.status, 200);
    await answer.body?.cancel();
  }
});

Deno.test("view: no path leads out of the folder, none shows what is no run", async () => {
  await using study = await exampleStudy(report);
  await using outside = await exampleStudy(report);
  const { folder } = study, secret = `${outside.folder}/${run}`;
  await Deno.symlink(secret, `${folder}/leads_out`);
  await Deno.symlink(folder, `${folder}/round`);
  await Deno.rename(`${folder}/clip_rich-ratio10-seed0`, `${folder}/.hidden`);
  await Deno.mkdir(`${folder}/linked`);
  await Deno.symlink(`${secret}/config.json`, `${folder}/linked/config.json`);
  const up = secret.split("/").map(encodeURIComponent).join("%2f");
  const tries = [
    ...[
      `..%2f${outside.folder.split("/").at(-1)}%2f${run}`,
      "..",
      "../..",
      "%2e%2e/%2e%2e",
      "..%5c..",
      `.%2f${run}`,
    ],
    ...[up, `%2f${up}`, `/${secret}`, encodeURIComponent(secret), "leads_out", "leads_out/events", "linked"],
    ...[
      ".hidden",
      `${run}%00`,
      `${run}/config.json`,
      "not_a_run",
      `not_a_run/../${run}%2f..`,
      `${run}//`,
      "events",
    ],
    "a".repeat(300),
  ];
  for (const path of tries) {
    const places = [`/runs/${path}`, `/compare?run=${path}`, `/report?study=${path}`];
    for (const place of places) {
      const answer = await ask(folder, place), text = await answer.text();
      const own = new URL(`http://localhost${place}`).pathname === "/"; // the address itself went to the list
      if (own) continue;
      assert([400, 404].includes(answer.status), `${place}: ${answer.status}`);
      assert(!text.includes("batchSize"), place);
    }
  }
  for (const malformed of ["/runs/%", "/runs/%ff", "/runs/a%2fb"]) {
    assertEquals((await ask(folder, malformed)).status, 400, malformed);
  }
  // A link that stays within is followed.
  assertEquals((await ask(folder, `/runs/round/${run}`)).status, 200);
});

Deno.test("view: names of runs and classes are text on every page", async () => {
  await using study = await exampleStudy(report);
  const evil = `<img src=x onerror=alert(1)>"'& <script>`,
    dir = `${study.folder}/${evil.replaceAll("/", "")}`;
  await Deno.rename(`${study.folder}/${run}`, dir);
  const classes = report.arms[0].per_class.map((row, c) => ({ ...row, class: `${evil}${c}` }));
  await writeClassTable(`${dir}/classes.tsv`, classes);
  await Deno.writeTextFile(
    `${dir}/config.json`,
    JSON.stringify({ format: "beyond-tail-run/1", config: { arm: evil, law: evil, [evil]: [evil] } }),
  );
  await Deno.writeTextFile(
    `${study.folder}/report.json`,
    JSON.stringify({
      ...report,
      notes: [evil],
      arms: [{ ...report.arms[0], per_class: classes }, report.arms[1]],
    }),
  );
  const name = encodeURIComponent(evil), other = "clip_rich-ratio10-seed0";
  for (
    const path of ["/", `/runs/${name}`, `/compare?run=${name}&run=${other}`, "/report", `/runs/${name}x`]
  ) {
    const text = await (await ask(study.folder, path)).text();
    assertStringIncludes(text, "&lt;img src=x onerror=alert(1)&gt;", path);
    assert(!text.includes("<img"), path);
    assertEquals(text.match(/<script/g)?.length, 1, "the view's own");
    assert(!/\son\w+=["']/.test(text), path);
  }
});

Deno.test("view: files that are too large are read in part or not at all", async () => {
  await using study = await exampleStudy(report);
  const dir = `${study.folder}/${run}`, grow = (name: string) => Deno.truncate(`${dir}/${name}`, 2 ** 30);
  await grow("classes.tsv");
  await grow("confusion.tsv");
  const line = JSON.stringify({ step: 7, loss: 1.5, pad: "x".repeat(200) }) + "\n";
  await Deno.writeTextFile(`${dir}/metrics.jsonl`, line.repeat(60_000));
  await grow("metrics.jsonl");
  const before = Deno.memoryUsage().rss, text = await (await ask(study.folder, `/runs/${run}`)).text();
  assert(Deno.memoryUsage().rss - before < 400 * 2 ** 20);
  assertStringIncludes(text, "classes.tsv has 1024 MiB: more than 32 are not read");
  await grow("config.json");
  assertStringIncludes(await (await ask(study.folder, "/")).text(), "config.json has 1024 MiB");
});

Deno.test("view: a thousand classes stay a page that can be sent and a matrix that can be seen", async () => {
  await using study = await exampleStudy(report);
  const count = 1000, dir = `${study.folder}/many`;
  await (await openRun({ dir, config: {} })).close();
  const classes = Array.from(
    { length: count },
    (_, c) => ({ class: `thing ${c}`, freq: count - c, acc: 0.5, pred: 10 }),
  );
  await writeClassTable(`${dir}/classes.tsv`, classes);
  const lines = classes.flatMap((
    _,
    c,
  ) => [[c, c, 5], [c, (c * 7 + 1) % count, 2], [c, (c * 31 + 3) % count, 3]]);
  const sorted = lines.filter(([a, b], i) => lines.findIndex(([x, y]) => x === a && y === b) === i);
  await Deno.writeTextFile(
    `${dir}/confusion.tsv`,
    "target\tpredicted\tcount\n" + sorted.map((line) => line.join("\t") + "\n").join(""),
  );
  const text = await (await ask(study.folder, "/runs/many")).text();
  assert(text.length < 1.2e6, `${text.length} characters`);
  assertStringIncludes(text, "1000 classes are drawn as 63 groups");
  assertStringIncludes(text, "classes 1 to 16 by frequency (thing 0, ...)");
  const cells: number[][] = JSON.parse(/data-cells="([^"]*)"/.exec(text)![1]);
  assert(cells.length <= 63 * 63);
  assertEquals(cells.reduce((sum, [, , n]) => sum + n, 0), sorted.reduce((sum, [, , n]) => sum + n, 0));
  assertEquals(cells[0][2], sorted.filter(([a, b]) => a < 16 && b < 16).reduce((sum, [, , n]) => sum + n, 0));
});
