// The test runner itself, on small projects made for it: it counts what passed, failed and was skipped, says
// which, ends in the sum and an exit code, and a file that dies or does not load is a failure.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { diedAfterPassing, readJunit } from "./junit.ts";

const root = new URL("../../", import.meta.url);

Deno.test("test runner: counts, names and exit code", async () => {
  await using project = await makeProject({
    "good_test.ts":
      `// why\nDeno.test("a", () => {});\nDeno.test({ name: "needs <x> & y", ignore: true, fn() {} });\n`,
    "deep/bad_test.ts":
      `// why\nDeno.test("b", () => {});\nDeno.test("c", () => {\n  throw new Error("told you");\n});\n`,
    "long_soak.ts": `// why\nDeno.test("d", () => console.log("soak: half\\nother"));\n`,
    "unseen.ts": `// why\nthrow new Error("not a test");\n`,
  });
  const bad = await project.run();
  assertEquals(bad.code, 1);
  // check, lint, fmt, a and b pass; c does not.
  assertEquals(bad.lines.at(-1), "5 passed, 1 failed");
  assertStringIncludes(bad.text, "told you");
  assertStringIncludes(bad.text, "skipped: needs <x> & y");
  assertStringIncludes(bad.text, "FAILED tests/deep/bad_test.ts, 1 passed, 1 failed");

  const part = await project.run("good");
  assertEquals([part.code, part.lines.at(-1)], [0, "1 passed, 0 failed"]);
  const soak = await project.run("--soak");
  assertEquals([soak.code, soak.lines.at(-1)], [0, "1 passed, 0 failed"]);
  assertEquals([soak.lines[0], soak.lines.includes("other")], ["soak: half", false]);
  assertEquals((await project.run("--sok")).code, 2);
  assertEquals((await project.run("nothing_of_that_name")).code, 2);
});

Deno.test("test runner: what dies, does not load, is badly formed or badly typed fails", async () => {
  await using project = await makeProject({
    "dies_test.ts": `// why\nDeno.test("a", () => {\n  Deno.kill(Deno.pid, "SIGKILL");\n});\n`,
    "gone_test.ts": `// why\nimport "./not_there.ts";\n`,
    "types_test.ts": `// why\nDeno.test("b", () => {\n  const one: string = 1;\n  void one;\n});\n`,
    "form_test.ts": `// why\nDeno.test("c", ( ) => {});\n`,
    "lint_test.ts": `// why\nDeno.test("d", () => {\n  let one = 1;\n  void one;\n});\n`,
  });
  const { code, lines, text } = await project.run();
  assertEquals(code, 1);
  assertEquals(lines.at(-1), "3 passed, 5 failed");
  for (const name of ["check", "lint", "fmt", "tests/dies_test.ts", "tests/gone_test.ts"]) {
    assertMatch(text, new RegExp(`^FAILED ${name}`, "m"));
  }
});

Deno.test("test runner: reads a report", () => {
  assertEquals(readJunit(""), { passed: 0, failed: 0, skipped: [] });
  assertEquals(
    readJunit(`<testsuites><testsuite>
      <testcase name="a" time="0.1"/><testcase name="b"></testcase>
      <testcase name="c"><failure message="x">y</failure></testcase>
      <testcase name="it&apos;s &#x3c;d&#62;"><skipped/></testcase></testsuite></testsuites>`),
    { passed: 2, failed: 1, skipped: ["it's <d>"] },
  );
});

Deno.test("test runner: only a process that dies of a signal after passing is tried again", () => {
  const tally = { passed: 3, failed: 0, skipped: [] };
  assertEquals(diedAfterPassing(tally, "SIGABRT"), true);
  assertEquals(diedAfterPassing(tally, null), false);
  assertEquals(diedAfterPassing({ ...tally, failed: 1 }, "SIGABRT"), false);
  assertEquals(diedAfterPassing({ ...tally, passed: 0 }, "SIGKILL"), false);
});

/** A project in a temporary folder with the runner, deno.json's format and names, and the given tests. */
async function makeProject(tests: Record<string, string>) {
  const folder = await Deno.makeTempDir({ prefix: "project with spaces " });
  const paths = ["deno.json", "tests/run_cli.ts", "tests/startup/junit.ts", "data_utils/std/cli.ts"];
  for (const path of [...paths, "data_utils/std/cli.d.ts"]) {
    await copyText(new URL(path, root), `${folder}/${path}`);
  }
  for (const [path, text] of Object.entries(tests)) await write(`${folder}/tests/${path}`, text);
  return {
    run: async (...args: string[]) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-lock", `${folder}/tests/run_cli.ts`, ...args],
        env: { NO_COLOR: "1" },
      }).output();
      const text = new TextDecoder().decode(stdout);
      assert(text !== "" || code === 2, new TextDecoder().decode(stderr));
      return { code, text, lines: text.trimEnd().split("\n") };
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function copyText(from: URL, to: string) {
  await write(to, await Deno.readTextFile(from));
}

async function write(path: string, text: string) {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await Deno.writeTextFile(path, text);
}
