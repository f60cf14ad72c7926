// The tasks of deno.json by the real Deno, called from another folder and with nothing set that a shell happens to set:
// a task that works where the caller stands must find its program all the same, and take relative paths as the caller
// means them.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { exampleStudy } from "../fig_utils/example_study.ts";

const config = `${import.meta.dirname}/../../deno.json`;
const tasks: Record<string, string> = JSON.parse(await Deno.readTextFile(config)).tasks;

async function runTask(cwd: string, ...args: string[]) {
  const { PATH, HOME, DENO_DIR } = Deno.env.toObject();
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--config", config, ...args],
    cwd,
    clearEnv: true,
    env: { NO_COLOR: "1", PATH, HOME, ...(DENO_DIR ? { DENO_DIR } : {}) },
  }).output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

Deno.test("tasks: those that work where the caller stands find their programs from there", async () => {
  const names = Object.keys(tasks).filter((name) => tasks[name].includes("INIT_CWD"));
  assert(names.length >= 5, names.join(" "));
  const folder = await Deno.makeTempDir({ prefix: "some folder " });
  try {
    for (const name of names) {
      const { code, out, err } = await runTask(folder, name, "--help");
      assertEquals([name, code], [name, 0], err);
      assertStringIncludes(out, "Example");
    }
  } finally {
    await Deno.remove(folder);
  }
});

Deno.test("tasks: relative paths are the caller's", async () => {
  await using study = await exampleStudy();
  const { code, err } = await runTask(study.folder, "figure", "--report", "report.json", "--out", "a.svg");
  assertEquals(code, 0, err);
  assert((await Deno.stat(`${study.folder}/a.svg`)).size > 1000);
});
