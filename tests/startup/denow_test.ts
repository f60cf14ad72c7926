// ./denow on a machine that is all made up: a PATH of its own with a Deno, npm, apt-get and id that only write
// down how they were called. So every machine it may meet can be met here, in a folder with spaces in its name,
// without a network and without root. What the real programs do is left to the clean clone of .ci/run.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";

const root = new URL("../../", import.meta.url);
const pinned = /^pinned=([\d.]+)/m.exec(Deno.readTextFileSync(new URL("denow", root)))![1];
const tools = "awk cat chmod dirname env flock grep mkdir mv readlink rm sleep sort tail touch uname".split(
  " ",
);

/** A Deno that tells its version, or else its arguments and what it was given. */
const deno = (version: string) =>
  `#!/bin/sh
[ "$1" != --version ] || { echo "deno ${version} (stable)"; exit; }
echo "args$(printf ' <%s>' "$@")"
echo "xdg $XDG_RUNTIME_DIR"
exit 7
`;

const npm = `#!/bin/sh
echo "npm $*" >>"$LOG"
while [ "$1" != --prefix ]; do shift; done
mkdir -p "$2/node_modules/@deno/any-system"
sleep 0.2
cat "$FAKE_DENO" >"$2/node_modules/@deno/any-system/deno"
`;

interface Machine {
  deno?: string;
  npm?: string | null;
  root?: boolean;
  aptGet?: string;
  driver?: boolean;
  chromium?: boolean;
  flock?: boolean;
}

async function makeMachine(machine: Machine = {}) {
  const top = await Deno.makeTempDir({ prefix: "a machine " });
  const [bin, clone, log] = [`${top}/bin`, `${top}/my clone`, `${top}/log`];
  const program = async (name: string, text: string) => {
    await Deno.writeTextFile(`${bin}/${name}`, text, { mode: 0o755 });
  };
  await Deno.mkdir(bin);
  await Deno.mkdir(clone);
  await Deno.mkdir(`${top}/elsewhere`);
  for (const name of tools) {
    if (name === "flock" && machine.flock === false) continue;
    const real = ["/usr/bin", "/bin"].map((folder) => `${folder}/${name}`).find(isThere);
    if (real) await Deno.symlink(real, `${bin}/${name}`);
  }
  await Deno.copyFile(new URL("denow", root), `${clone}/denow`);
  await Deno.writeTextFile(log, "");
  await Deno.writeTextFile(`${top}/npm_deno`, deno(pinned));
  if (machine.deno) await program("deno", deno(machine.deno));
  if (machine.npm !== null) {
    await program("npm", machine.npm ?? npm);
    await program("node", "#!/bin/sh\n");
  }
  await program("id", `#!/bin/sh\necho ${machine.root ? 0 : 1000}\n`);
  await program("ldconfig", "#!/bin/sh\necho ' libvulkan.so.1 => /lib/libvulkan.so.1'\n");
  if (machine.aptGet) await program("apt-get", `#!/bin/sh\necho "apt-get $*" >>"$LOG"\n${machine.aptGet}\n`);
  if (machine.chromium !== false) await program("chromium", "#!/bin/sh\n");
  if (machine.driver !== false) await Deno.writeTextFile(`${top}/driver.json`, "{}");

  const run = async (
    args: string[],
    { file = `${clone}/denow`, env = {} as Record<string, string> } = {},
  ) => {
    const { code, stdout, stderr } = await new Deno.Command("/bin/sh", {
      args: [file, ...args],
      cwd: `${top}/elsewhere`,
      clearEnv: true,
      env: {
        PATH: bin,
        HOME: top,
        LOG: log,
        FAKE_DENO: `${top}/npm_deno`,
        VK_DRIVER_FILES: `${top}/driver.json`,
        ...env,
      },
    }).output();
    return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr).trim() };
  };
  return {
    ...{ top, clone, run },
    logged: () => Deno.readTextFileSync(log).trim().split("\n").filter((line) => line !== ""),
    [Symbol.asyncDispose]: () => Deno.remove(top, { recursive: true }),
  };
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

const [major, minor, patch] = pinned.split(".").map(Number);

function test(name: string, fn: () => Promise<void>) {
  Deno.test({ name: `denow: ${name}`, ignore: Deno.build.os === "windows", fn });
}

test("uses a Deno on PATH that is new enough, and passes arguments and exit code on", async () => {
  for (const version of [pinned, `${major}.${minor}.${patch + 4}`, `${major}.${minor + 1}.0`]) {
    await using machine = await makeMachine({ deno: version, npm: null });
    const { code, out, err } = await machine.run(["eval", "a b", "", "*"]);
    assertEquals([version, code, err], [version, 7, ""]);
    assertStringIncludes(out, "args <eval> <a b> <> <*>\n");
  }
});

test("a task is one of this checkout's, also through a link from another folder", async () => {
  await using machine = await makeMachine({ deno: pinned });
  await Deno.symlink("../my clone/denow", `${machine.top}/elsewhere/link`);
  for (const file of [`${machine.clone}/denow`, "../my clone/denow", "link"]) {
    const { out } = await machine.run(["task", "study", "--out", "my runs"], { file });
    assertStringIncludes(
      out,
      `args <task> <--config> <${machine.clone}/deno.json> <study> <--out> <my runs>\n`,
    );
  }
});

test("installs the pinned Deno once where PATH has none in range", async () => {
  for (
    const version of [undefined, `${major}.${minor}.${patch - 1}`, `${major + 1}.0.0`, `${major - 1}.99.99`]
  ) {
    await using machine = await makeMachine({ deno: version });
    const first = await machine.run(["eval", "x"]);
    assertEquals([first.code, first.err], [7, `denow: installing Deno ${pinned} under .deno/`]);
    assertStringIncludes(first.out, "args <eval> <x>\n");
    const second = await machine.run(["eval", "y"]);
    assertEquals([second.code, second.err], [7, ""]);
    assertEquals(machine.logged().length, 1);
    assertMatch(machine.logged()[0], new RegExp(`deno@${pinned}$`));
    assertEquals(leftovers(machine.clone), []);
  }
});

test("three started at once on a fresh clone all succeed, with flock and without", async () => {
  for (const flock of [true, false]) {
    await using machine = await makeMachine({ flock });
    const runs = await Promise.all(["a", "b", "c"].map((name) => machine.run(["eval", name])));
    assertEquals(runs.map(({ code }) => code), [7, 7, 7], runs.map(({ err }) => err).join("\n"));
    assertEquals(
      runs.map(({ out }) => /args.*/.exec(out)![0]),
      ["a", "b", "c"].map((name) => `args <eval> <${name}>`),
    );
    assertEquals(leftovers(machine.clone), []);
    if (flock) assertEquals(machine.logged().length, 1);
  }
});

test("says in one line what is missing or failed", async () => {
  await using bare = await makeMachine({ npm: null });
  const without = await bare.run(["task", "study"]);
  assertEquals(without.code, 1);
  assertMatch(without.err, /^denow: needs Deno [\d.]+ .* Node\.js with npm .*$/);

  await using offline = await makeMachine({ npm: "#!/bin/sh\necho 'npm error network' >&2\nexit 1\n" });
  const failed = await offline.run(["task", "study"]);
  assertEquals(failed.code, 1);
  assertMatch(failed.err, /npm error network\ndenow: npm could not install deno@[\d.]+ \(see above\)$/);
  assertEquals(leftovers(offline.clone), []);

  await using foreign = await makeMachine();
  await Deno.writeTextFile(`${foreign.top}/npm_deno`, "#!/bin/sh\nexit 126\n");
  const unfit = await foreign.run(["task", "study"]);
  assertEquals(unfit.code, 1);
  assertMatch(unfit.err, /has no program that runs on this system/);
});

test("gives a private XDG_RUNTIME_DIR where there is none", async () => {
  if (Deno.build.os !== "linux") return;
  await using machine = await makeMachine({ deno: pinned });
  const { out } = await machine.run(["eval", "x"]);
  const folder = /^xdg (.*)$/m.exec(out)![1];
  assertEquals(Deno.statSync(folder).mode! & 0o777, 0o700);
  const kept = await machine.run(["eval", "x"], { env: { XDG_RUNTIME_DIR: machine.top } });
  assertStringIncludes(kept.out, `xdg ${machine.top}\n`);
});

test("names the Vulkan driver's package, or as root prints and runs apt-get", async () => {
  if (Deno.build.os !== "linux") return;
  const install = "install -y --no-install-recommends mesa-vulkan-drivers";
  await using user = await makeMachine({ deno: pinned, driver: false, aptGet: "exit 1" });
  const told = await user.run(["task", "study"]);
  assertEquals([told.code, user.logged()], [7, []]);
  assertMatch(told.err, /^denow: no Vulkan driver is there, .*: install the package mesa-vulkan-drivers .*$/);
  assertEquals((await user.run(["task", "view"])).err, "");
  assertEquals((await user.run(["--version"])).err, "");

  const works = `case "$*" in *install*) touch "$VK_DRIVER_FILES" ;; esac`;
  await using admin = await makeMachine({ deno: pinned, driver: false, root: true, aptGet: works });
  const done = await admin.run(["task", "study"]);
  assertEquals(done.code, 7);
  assertMatch(done.err, new RegExp(`^(denow: apt-get update\n)?denow: apt-get ${install}$`));
  assert(admin.logged().every((line) => line.includes("DPkg::Lock::Timeout")));
  assert(!done.out.includes("apt"), "standard output is the program's own");

  await using twice = await makeMachine({ deno: pinned, driver: false, root: true, aptGet: works });
  const both = await Promise.all([twice.run(["task", "study"]), twice.run(["task", "study"])]);
  assertEquals(both.map(({ code }) => code), [7, 7]);
  assertEquals(twice.logged().filter((line) => line.endsWith(install)).length, 1);

  const late =
    `[ -e "$HOME/tried" ] || { touch "$HOME/tried"; echo "E: Could not get lock"; exit 100; }\n${works}`;
  await using busy = await makeMachine({ deno: pinned, driver: false, root: true, aptGet: late });
  const again = await busy.run(["task", "study"]);
  assertEquals(again.code, 7);
  assertStringIncludes(again.err, "Could not get lock");
  assert(!again.err.includes("no Vulkan driver"));
});

test("has Chromium installed before tests and set-up only", async () => {
  if (Deno.build.os !== "linux") return;
  await using user = await makeMachine({ deno: pinned, chromium: false });
  for (const task of ["test", "ok", "setup"]) {
    const { code, err } = await user.run(["task", task]);
    assertEquals(code, 7);
    assertMatch(err, /^denow: Chromium is not there, .*: install the package chromium .*$/);
  }
  assertEquals((await user.run(["task", "study"])).err, "");

  await using admin = await makeMachine({ deno: pinned, chromium: false, root: true, aptGet: "exit 0" });
  await admin.run(["task", "test"]);
  assert(admin.logged().some((line) => line.endsWith("install -y --no-install-recommends chromium")));
});

function leftovers(clone: string): string[] {
  return [...Deno.readDirSync(`${clone}/.deno`)].map(({ name }) => name).filter((name) =>
    name.startsWith("part")
  );
}
