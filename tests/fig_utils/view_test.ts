// The view of a study as a function of requests, with no socket: what the page shows for a report, for a study
// still under way and for a broken report; the policy that goes with it; and who is answered.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createView, readReport } from "../../fig_utils/mod.ts";
import { exampleReport, exampleStudy } from "./example_study.ts";

const page = async (folder: string, path = "/", host = "localhost") => {
  const response = await createView(folder).request(`http://${host}${path}`);
  return { status: response.status, headers: response.headers, text: await response.text() };
};

Deno.test("view: arms, the chosen arm's classes by frequency, runs with their newest metrics", async () => {
  await using study = await exampleStudy();
  const first = await page(study.folder);
  assertEquals(first.status, 200);
  for (const cell of ["sl_full", "clip", "41.3", "0.71", "-0.12", "Trained in 90 s"]) {
    assertStringIncludes(first.text, cell);
  }
  assert(
    first.text.indexOf("<td>teapot</td>") < first.text.indexOf("<td>comb</td>"),
    "frequent classes first",
  );
  assertStringIncludes(first.text, "Classes of sl_full, seed 0");
  assertStringIncludes(first.text, "&quot;step&quot;:20");
  assert(!first.text.includes("&quot;step&quot;:30"), "a line still being written is not shown");

  const second = await page(study.folder, "/?arm=clip%3A1");
  assertStringIncludes(second.text, "Classes of clip, seed 1");
  assertEquals(JSON.parse((await page(study.folder, "/report.json")).text).arms, exampleReport.arms);
});

Deno.test("view: text from files is escaped", async () => {
  await using study = await exampleStudy({ arms: [{ ...exampleReport.arms[0], arm: "<script>x</script>" }] });
  const { text } = await page(study.folder);
  assertStringIncludes(text, "&lt;script&gt;");
  assert(!text.includes("<script"));
});

Deno.test("view: a strict policy on every answer, and loopback names only", async () => {
  await using study = await exampleStudy();
  for (const path of ["/", "/style.css", "/report.json", "/none"]) {
    const { headers } = await page(study.folder, path);
    const policy = headers.get("content-security-policy") ?? "";
    assertStringIncludes(policy, "default-src 'none'");
    assert(!policy.includes("unsafe") && !policy.includes("*"), policy);
    assertEquals(headers.get("x-content-type-options"), "nosniff");
  }
  const stranger = await page(study.folder, "/", "results.example");
  assertEquals(stranger.status, 403);
  assert(!stranger.text.includes("sl_full"));
  assertEquals((await page(study.folder, "/..%2f..%2fetc/passwd")).status, 404);
});

Deno.test("view: a study under way shows its runs; a broken report is named", async () => {
  await using study = await exampleStudy(null);
  const { status, text } = await page(study.folder);
  assertEquals(status, 200);
  assertStringIncludes(text, "No report yet");
  assertStringIncludes(text, "sl_full_seed0");
  assertEquals((await page(study.folder, "/report.json")).status, 404);

  await Deno.writeTextFile(`${study.folder}/report.json`, '{"arms": [{"arm": "clip", "seed": 0}]}');
  await assertRejects(() => readReport(study.folder), SyntaxError, "arms[0].top1");
  const broken = await page(study.folder);
  assertEquals(broken.status, 500);
  assertStringIncludes(broken.text, "report.json: arms[0].top1 is missing");

  await Deno.writeTextFile(`${study.folder}/report.json`, '{"arms": [');
  await assertRejects(() => readReport(study.folder), SyntaxError, "report.json is not JSON");
  assertEquals((await page(`${study.folder}/none`)).status, 404);
});
