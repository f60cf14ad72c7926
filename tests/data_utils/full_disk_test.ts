// Writing where there is no room: the error names the file, what was whole stays, and nothing half-written is ever read.
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { openJsonl, readJsonl, writeTextAtomically } from "../../data_utils/mod.ts";
import { writeError } from "../../data_utils/runs/atomic.ts";
import { withFolder } from "./made_files.ts";

const ignore = Deno.build.os === "windows";
const runs = new URL("../../data_utils/runs/", import.meta.url).href;

/** Runs a script of the runs folder's functions with files limited to 512 bytes; gives what it printed. */
async function withoutRoom(script: string, path: string): Promise<string> {
  const imports = ["atomic", "jsonl"].map((name, i) => `import * as m${i} from "${runs}${name}.ts";`).join(
    "\n",
  );
  const body = `${imports}\nconst all = { ...m0, ...m1 }, path = Deno.args[0];\n${script}`;
  const shell = "trap '' XFSZ; ulimit -f 1; exec \"$@\"";
  const { stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", shell, "sh", Deno.execPath(), "eval", "--no-check", body, path],
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

Deno.test({
  name: "full disk: a log keeps its whole lines and goes on after the last of them",
  ignore,
  fn: () =>
    withFolder(async (folder) => {
      const path = `${folder}/log.jsonl`;
      const said = await withoutRoom(
        `const log = await all.openJsonl(path);
        try {
          for (let step = 0; step < 1000; step++) log.append({ step });
        } catch (error) {
          console.log(error.message);
        }`,
        path,
      );
      assertMatch(said, /^\S.*log\.jsonl could not be written, .*\(os error \d+\): make room there\n$/);
      const { size } = await Deno.stat(path);
      assert(size > 0 && size <= 1024, `${size}`);
      const kept = (await Array.fromAsync(readJsonl(path))).map(({ step }) => step as number);
      assertEquals(kept, Array.from(kept, (_, i) => i));
      {
        using log = await openJsonl(path);
        log.append({ step: kept.length });
      }
      assertEquals((await Array.fromAsync(readJsonl(path))).length, kept.length + 1);
    }),
});

Deno.test({
  name: "full disk: a file that should be replaced stays, and its temporary one goes",
  ignore,
  fn: () =>
    withFolder(async (folder) => {
      const path = `${folder}/result.json`;
      await writeTextAtomically(path, "old");
      const said = await withoutRoom(
        `await all.writeTextAtomically(path, "x".repeat(1e5)).catch((error) => console.log(error.message));`,
        path,
      );
      assertMatch(said, /^\S.*result\.json could not be written, .*\(os error \d+\): make room there\n$/);
      assertEquals(await Deno.readTextFile(path), "old");
      assertEquals(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["result.json"]);
    }),
});

Deno.test({
  name: "full disk: the system's own word for it; errors that name a file already stay as they are",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    using full = await Deno.open("/dev/full", { write: true });
    const error = await assertRejects(() => full.write(Uint8Array.of(1)));
    const named = writeError("runs/a.json", error) as Error;
    assertEquals(named.cause, error);
    assertMatch(
      named.message,
      /^runs\/a\.json could not be written, No space left on device \(os error 28\): make room there$/,
    );
    const missing = await Deno.open("/nowhere/file").catch((thrown) => thrown);
    assertEquals(writeError("runs/a.json", missing), missing);
    const other = new Error("something else");
    assertEquals(writeError("runs/a.json", other), other);
  },
});
