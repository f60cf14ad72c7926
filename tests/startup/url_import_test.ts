// The checkout as a stranger's dependency: served over HTTP as text/plain, imported by URL from an empty folder
// that has no deno.json, with JSR out of reach. gpu/mod.ts must come with no package at all, so it is imported
// with an empty package cache and every registry out of reach; the rest may use the packages already cached.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { serveModules } from "../../fig_utils/mod.ts";

const root = new URL("../../", import.meta.url);
const nowhere = "http://127.0.0.1:9/";

const folders = ["concept_freq", "data_utils", "exps_sup", "exps_clip", "exps_dino", "fig_utils", "gpu"]
  .filter((folder) => exists(`${folder}/mod.ts`));

Deno.test("url import: mod.ts and every folder's mod.ts, with JSR unreachable", async () => {
  const modules = ["mod.ts", ...folders.map((folder) => `${folder}/mod.ts`)];
  const { success, stdout, stderr } = await importFromEmptyFolder(modules, { packages: true });
  assert(success, stderr);
  const exported: Record<string, string[]> = JSON.parse(stdout);
  for (const folder of folders) {
    const namespace = folder.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
    assert(exported["mod.ts"].includes(namespace), `mod.ts does not export ${namespace}`);
    assert(exported[`${folder}/mod.ts`].length > 0, `${folder}/mod.ts exports nothing`);
  }
});

Deno.test({
  name: "url import: gpu/mod.ts pulls no package",
  ignore: !folders.includes("gpu"),
  fn: async () => {
    const { success, stderr } = await importFromEmptyFolder(["gpu/mod.ts"], { packages: false });
    assert(success, stderr);
  },
});

Deno.test("url import: a module with a bare name fails, so this test can", async () => {
  const { success, stderr } = await importFromEmptyFolder(["gpu/doctor_cli.ts"], { packages: true });
  assert(!success);
  assertStringIncludes(stderr, "@std/cli");
});

Deno.test("serve: modules as text/plain, nothing else, nobody else", async () => {
  const serve = serveModules(root);
  const get = (url: string, method = "GET") => serve(new Request(url, { method }));
  const module = await get("http://localhost:1/mod.ts");
  assertEquals(module.headers.get("content-type"), "text/plain; charset=utf-8");
  assertEquals(await module.text(), await Deno.readTextFile(new URL("mod.ts", root)));
  const refused = [
    "http://localhost:1/denow",
    "http://localhost:1/.git/config",
    "http://localhost:1/.ci/run",
    "http://localhost:1/none.ts",
    "http://localhost:1/gpu/%2e%2e/mod.ts%00",
    "http://localhost:1/..%2fmod.ts",
    "http://localhost:1//mod.ts",
    "http://localhost:1/gpu",
    "http://other.example/mod.ts",
  ];
  for (const url of refused) {
    const response = await get(url);
    assertEquals([url, response.status], [url, 404]);
  }
  assertEquals((await get("http://localhost:1/mod.ts", "POST")).status, 405);
  const head = await get("http://localhost:1/mod.ts", "HEAD");
  assertEquals([head.status, await head.text()], [200, ""]);
});

async function importFromEmptyFolder(modules: string[], options: { packages: boolean }) {
  const folder = await Deno.makeTempDir({ prefix: "empty folder " });
  const cache = await Deno.makeTempDir();
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    handler: serveModules(root),
    onListen: () => {},
  });
  try {
    if (options.packages) await Deno.symlink(await packageCache(), `${cache}/npm`);
    const base = `http://localhost:${server.addr.port}`;
    const imports = modules.map((path, i) => `import * as m${i} from "${base}/${path}";`).join("\n");
    const names = modules.map((path, i) => `"${path}": Object.keys(m${i})`).join(", ");
    await Deno.writeTextFile(`${folder}/main.ts`, `${imports}\nconsole.log(JSON.stringify({ ${names} }));\n`);
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--allow-read",
        "--allow-env",
        `--allow-import=localhost:${server.addr.port}`,
        "main.ts",
      ],
      cwd: folder,
      env: {
        DENO_DIR: cache,
        JSR_URL: nowhere,
        NO_COLOR: "1",
        ...(options.packages ? {} : { NPM_CONFIG_REGISTRY: nowhere }),
      },
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { success, stdout: text(stdout), stderr: text(stderr) };
  } finally {
    await server.shutdown();
    await Promise.all([folder, cache].map((path) => Deno.remove(path, { recursive: true })));
  }
}

async function packageCache(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).npmCache;
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(new URL(path, root)).isFile;
  } catch {
    return false;
  }
}
