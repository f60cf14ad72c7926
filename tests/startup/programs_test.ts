// The small programs as a user meets them: doctor, view and serve, with their exit codes, what goes to standard
// output and what to standard error, and how they end.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { exampleStudy } from "../fig_utils/example_study.ts";

const root = new URL("../../", import.meta.url);
const doctor = "gpu/doctor_cli.ts";
const view = "fig_utils/server/view_cli.ts";
const serve = "fig_utils/server/serve_modules_cli.ts";

function command(program: string, args: string[], env: Record<string, string> = {}) {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", program, ...args],
    cwd: root,
    env: { NO_COLOR: "1", ...env },
    stdout: "piped",
    stderr: "piped",
  });
}

async function run(program: string, args: string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await command(program, args, env).output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr).trim() };
}

Deno.test("doctor: adapter, limits, features and versions, as text and as JSON", async () => {
  const { code, out } = await run(doctor, ["--json"]);
  const report = JSON.parse(out);
  assertEquals(report.versions.deno, Deno.version.deno);
  assertMatch(report.versions.hono, /^\d+\.\d+\.\d+$/);
  assertEquals(code, report.adapter ? 0 : 1);
  if (!report.adapter) return;
  assert(report.adapter.limits.maxStorageBufferBindingSize >= 2 ** 27);
  assert(["gpu", "software"].includes(report.adapter.kind));
  const text = (await run(doctor, [])).out;
  assertStringIncludes(text, report.adapter.description);
  assertMatch(text, new RegExp(`maxBufferSize +${report.adapter.limits.maxBufferSize}\\n`));
  for (const feature of report.adapter.features) assertStringIncludes(text, feature);
});

Deno.test("doctor: says what to do where there is no adapter", async () => {
  const { code, out, err } = await run(doctor, ["--json"], {
    DENO_WEBGPU_BACKEND: "vulkan",
    VK_DRIVER_FILES: "/nowhere/driver.json",
    VK_ICD_FILENAMES: "/nowhere/driver.json",
  });
  if (Deno.build.os === "linux") {
    assertEquals(JSON.parse(out).adapter, null);
    assertEquals(code, 1);
    assertStringIncludes(err, "mesa-vulkan-drivers");
  }
});

Deno.test("doctor, view, serve: --help with an example, and one line for an unknown flag or a wrong value", async () => {
  for (const program of [doctor, view, serve]) {
    const help = await run(program, ["--help"]);
    assertEquals([help.code, help.err], [0, ""]);
    assertStringIncludes(help.out, "Example: ");
    const unknown = await run(program, ["--colour"]);
    assertEquals([unknown.code, unknown.out], [2, ""]);
    assertMatch(unknown.err, /^Unknown (flag|argument) --colour; see --help$/);
  }
  assertEquals(await run(serve, ["--port", "70000"]), {
    code: 2,
    out: "",
    err: "--port 70000 is not a port of 0 to 65535",
  });
  const missing = await run(view, ["no/such folder"]);
  assertEquals(missing.code, 2);
  assertMatch(missing.err, /^no\/such folder is not a folder; run a study first, or name its folder$/);
});

Deno.test("view, serve: tell their address, end on Ctrl-C, and a taken port is one line", async () => {
  await using study = await exampleStudy();
  for (const [program, args] of [[view, [study.folder]], [serve, []]] as const) {
    const child = command(program, [...args, "--port", "0"]).spawn();
    const line = await firstLine(child.stdout);
    const address = /http:\/\/localhost:(\d+)\//.exec(line)!;
    const answer = await (await fetch(program === view ? address[0] : `${address[0]}mod.ts`)).text();
    assertStringIncludes(answer, program === view ? "sl_full" : "export * as");

    const taken = await run(program, [...args, "--port", address[1]]);
    assertEquals([taken.code, taken.err], [1, `Port ${address[1]} is taken; choose another with --port`]);

    child.kill("SIGINT");
    assertEquals((await child.status).code, 0);
    await child.stderr.cancel();
  }
});

async function firstLine(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  let text = "";
  for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
    text += piece;
    if (text.includes("\n")) break;
  }
  return text.split("\n")[0];
}
