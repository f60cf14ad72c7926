// Two `./denow` started at once on a fresh clone without Deno: both install it from npm, fetch what the program needs, and
// run. It takes a network; tests/startup/denow_test.ts does the same with a made-up npm.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { progress } from "./progress.ts";

const root = decodeURIComponent(new URL("../../", import.meta.url).pathname);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Folders of PATH that hold a program of the name. */
function foldersWith(name: string): string[] {
  return (Deno.env.get("PATH") ?? "").split(":").filter((folder) => {
    try {
      return Deno.statSync(`${folder}/${name}`).isFile;
    } catch {
      return false;
    }
  });
}

/** Why this machine cannot run the test, or null. */
async function obstacle(): Promise<string | null> {
  for (const name of ["git", "node", "npm"]) if (foldersWith(name).length === 0) return `${name} is absent`;
  const git = await new Deno.Command("git", { args: ["-C", root, "rev-parse", "HEAD"] }).output();
  if (!git.success) return "the checkout has no commit to clone";
  const npm = await new Deno.Command("npm", { args: ["view", "deno", "name"] }).output();
  return npm.success ? null : "npm reaches no registry";
}

const missing = Deno.build.os === "windows" ? "it takes a POSIX shell" : await obstacle();
if (missing !== null) console.warn(`skipped: two denow on a fresh clone: ${missing}`);

Deno.test({
  name: "two denow at once on a fresh clone, without Deno, both run",
  ignore: missing !== null,
  fn: async () => {
    const top = await Deno.makeTempDir({ prefix: "a machine " }), clone = `${top}/my clone`;
    const cloned = await new Deno.Command("git", { args: ["clone", "--quiet", root, clone] }).output();
    assertEquals(cloned.code, 0, decode(cloned.stderr));

    // PATH without the folders that have a Deno; what else is needed from those is linked.
    const withDeno = foldersWith("deno"), bin = `${top}/bin`;
    await Deno.mkdir(bin);
    for (const name of ["node", "npm"]) {
      await Deno.symlink(await Deno.realPath(`${foldersWith(name)[0]}/${name}`), `${bin}/${name}`);
    }
    const path = Deno.env.get("PATH")!.split(":").filter((folder) => !withDeno.includes(folder));
    const env = { PATH: [bin, ...path].join(":"), DENO_DIR: `${top}/cache`, NO_COLOR: "1" };
    const golden = [
      "task",
      "golden",
      "--dir",
      `${clone}/tests/fixtures/golden`,
      "--group",
      "e_metrics",
      "--json",
    ];
    const start = () =>
      new Deno.Command(`${clone}/denow`, { args: golden, cwd: top, env, stdin: "null" }).output();

    progress("two denow on a fresh clone");
    for (const { code, stdout, stderr } of await Promise.all([start(), start()])) {
      assertEquals(code, 0, decode(stderr));
      assertEquals(JSON.parse(decode(stdout)).failed, 0);
    }
    progress("a third one, with what they installed");
    const { code, stderr } = await start();
    assertEquals(code, 0);
    assertEquals(decode(stderr).includes("installing"), false);
    const installed = [...Deno.readDirSync(`${clone}/.deno`)].map(({ name }) => name).join(" ");
    assertStringIncludes(installed, "2.");
    await Deno.remove(top, { recursive: true });
  },
});
