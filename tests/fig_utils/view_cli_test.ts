// `./denow task view` as a user meets it: which folder it takes, what it says of bad input, and that it ends at once on
// Ctrl-C while pages listen to a run.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openRun } from "../../data_utils/mod.ts";

const program = decodeURIComponent(new URL("../../fig_utils/server/view_cli.ts", import.meta.url).pathname);

function command(cwd: string, ...args: string[]) {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", decodeURIComponent(program), ...args],
    ...{ cwd, env: { NO_COLOR: "1" }, stdout: "piped", stderr: "piped" },
  });
}

/** Starts the view on a free port. */
async function start(cwd: string, ...args: string[]) {
  const child = command(cwd, ...args, "--port", "0").spawn(), reader = child.stdout.getReader();
  const line = new TextDecoder().decode((await reader.read()).value);
  return {
    line,
    home: /http:\S+\//.exec(line)![0],
    stop: async () => {
      child.kill("SIGINT");
      const { code } = await child.status;
      await reader.cancel();
      return { code, err: await new Response(child.stderr).text() };
    },
  };
}

Deno.test("view program: the folder is given, or runs/study, or runs", async () => {
  const cwd = await Deno.makeTempDir({ prefix: "view program " });
  try {
    for (const name of ["own", "runs/a", "runs/study/b"]) {
      await (await openRun({ dir: `${cwd}/${name}`, config: {} })).close();
    }
    const shown = async (...args: string[]) => {
      const view = await start(cwd, ...args), text = await (await fetch(view.home)).text();
      assertEquals(await view.stop(), { code: 0, err: "" });
      return [
        /Results of (.*) at/.exec(view.line)![1],
        ...text.matchAll(/data-run="(.*?)"/g).map(([, dir]) => dir),
      ];
    };
    assertEquals(await shown("own"), ["own", "."]);
    assertEquals(await shown("--runs", "runs"), ["runs", "a", "study/b"]);
    assertEquals(await shown(), ["runs/study", "b"]);
    await Deno.remove(`${cwd}/runs/study`, { recursive: true });
    assertEquals(await shown(), ["runs", "a"]);
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});

Deno.test("view program: bad input is one line and exit code 2", async () => {
  const cwd = await Deno.makeTempDir({ prefix: "view program " });
  try {
    await Deno.writeTextFile(`${cwd}/file`, "");
    const wrong: [string[], string][] = [
      [[], "runs is not a folder; run a study first, or name its folder"],
      [["file"], "file is not a folder"],
      [["file/below"], "file/below is not a folder"],
      [[".", "--runs", "."], "One folder at a time; . is one too many"],
      [[".", "--port", "x"], "--port x is not a port of 0 to 65535"],
      [[".", "--port"], "--port needs a value; see --help"],
      [[".", "--prot", "1"], "Unknown flag --prot; see --help"],
    ];
    for (const [args, expected] of wrong) {
      const { code, stdout, stderr } = await command(cwd, ...args).output();
      const err = new TextDecoder().decode(stderr).trim();
      assertEquals([code, stdout.length, err.split("\n").length], [2, 0, 1], err);
      assertStringIncludes(err, expected);
    }
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});

Deno.test("view program: Ctrl-C ends it while a page listens, and the scripts come with it", async () => {
  const cwd = await Deno.makeTempDir({ prefix: "view program " });
  try {
    await (await openRun({ dir: `${cwd}/one`, config: {} })).close();
    const view = await start(cwd, "."), events = await fetch(`${view.home}runs/one/events`);
    const reader = events.body!.getReader();
    assertMatch(new TextDecoder().decode((await reader.read()).value), /^event: history/);
    const script = await fetch(`${view.home}client/view.js`);
    assertEquals(script.headers.get("content-type"), "text/javascript; charset=utf-8");
    const names = (await script.text()).matchAll(/from "\.\/(\w+\.js)"/g).map(([, name]) => name).toArray();
    assertEquals(names.length, 3);
    for (const name of [...names, "page.js", "curve_chart.js"]) {
      assertStringIncludes(await (await fetch(`${view.home}client/${name}`)).text(), "export ");
    }
    const began = performance.now();
    assertEquals(await view.stop(), { code: 0, err: "" });
    assertEquals(performance.now() - began < 5000, true, "it waited for the listener");
    await reader.read().catch(() => {});
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});
