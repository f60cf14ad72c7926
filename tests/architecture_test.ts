// The architecture rule over the real module graph; and beside
// it each rule on a small made-up graph that breaks it, so that a rule gone blind is noticed.
import { assert, assertEquals } from "@std/assert";
import { readModuleGraph, type SourceFile } from "./architecture/module_graph.ts";
import {
  checkCycles,
  checkEngineReach,
  checkFiles,
  checkFolders,
  checkLayers,
  checkPackages,
  checkTasks,
  checkTopLevel,
  checkWebgpu,
} from "./architecture/rules.ts";

const files = await readModuleGraph(new URL("../", import.meta.url));

/** A made-up project: paths with their imports as "written" or "written=target". */
function project(modules: Record<string, string[]>, text = "// why\n"): SourceFile[] {
  return Object.entries(modules).map(([path, imports]) => ({
    path,
    text,
    imports: imports.map((entry) => {
      const [written, target] = entry.split("=");
      return { written, target: target ?? new URL(written, `file:///${path}`).href.replace("file:///", "") };
    }),
  }));
}

function rule(name: string, check: (files: SourceFile[]) => string[], broken: [SourceFile[], string[]][]) {
  Deno.test(`architecture: ${name}`, () => {
    for (const [example, expected] of broken) assertEquals(check(example), expected);
    const found = check(files);
    assert(found.length === 0, `\n${found.join("\n")}\n`);
  });
}

Deno.test("architecture: the graph holds the project's modules with their imports", () => {
  const paths = new Set(files.map(({ path }) => path));
  for (const path of ["mod.ts", "deno.json", "denow", "tests/architecture_test.ts"]) {
    assert(paths.has(path), path);
  }
  const own = files.find(({ path }) => path === "tests/architecture_test.ts")!;
  assertEquals(own.imports.map(({ target }) => target), [
    "data_utils/std/assert.ts",
    "tests/architecture/module_graph.ts",
    "tests/architecture/rules.ts",
  ]);
});

rule("the top level holds what the design card names", checkTopLevel, [
  [project({ "notes.md": [], "tools/a.ts": [], ".ci/run": [], "gpu/mod.ts": [] }), [
    "notes.md is no name of the top level",
    "tools is no name of the top level",
  ]],
]);

rule("folders meet at their mod.ts, in the agreed directions", checkFolders, [
  [
    project({
      "mod.ts": ["./gpu/mod.ts"],
      "data_utils/mod.ts": ["../gpu/mod.ts", "./runs/run.ts", "./a_cli.ts"],
      "exps_sup/task.ts": ["../gpu/mod.ts", "../gpu/nn/layers.ts", "../exps_clip/mod.ts", "../tests/a.ts"],
      "exps_clip/study_cli.ts": [
        "../exps_sup/mod.ts",
        "../exps_sup/task.ts",
        "@std/cli=data_utils/std/cli.ts",
      ],
      "tests/a_test.ts": ["../gpu/nn/layers.ts", "./a.ts"],
      "gpu/nn/layers.ts": ["@std/cli=data_utils/std/cli.ts"],
    }),
    [
      "data_utils/mod.ts imports ../gpu/mod.ts: data_utils may not import gpu",
      "data_utils/mod.ts imports ./a_cli.ts: a program is imported by nobody",
      "exps_sup/task.ts imports ../gpu/nn/layers.ts: another folder is imported by its mod.ts",
      "exps_sup/task.ts imports ../exps_clip/mod.ts: exps_sup may not import exps_clip",
      "exps_sup/task.ts imports ../tests/a.ts: nobody imports tests",
      "exps_clip/study_cli.ts imports ../exps_sup/task.ts: another folder is imported by its mod.ts",
      "gpu/nn/layers.ts imports @std/cli: @std/cli is a name of deno.json, which an importer by URL does not see",
    ],
  ],
]);

rule("packages stand in deps.ts, one version each, none in gpu", checkPackages, [
  [
    project({
      "data_utils/deps.ts": ["npm:a@1.2.3=npm:/a@1.2.3", "b=npm:/b@2.0.0"],
      "data_utils/images/decode.ts": ["../deps.ts", "npm:a@1.2.3=npm:/a@1.2.3", "node:util"],
      "fig_utils/deps.ts": [
        "npm:a@1.2.4/x.js=npm:/a@1.2.4/x.js",
        "npm:@c/d@^1=npm:@c/d@^1",
        "jsr:@e/f=jsr:@e/f",
      ],
      "gpu/deps.ts": ["npm:a@1.2.3=npm:/a@1.2.3"],
      "gpu/doctor_cli.ts": ["@std/cli=data_utils/std/cli.ts"],
    }),
    [
      "data_utils/deps.ts imports b: b is a name of deno.json, which an importer by URL does not see",
      "data_utils/images/decode.ts imports npm:a@1.2.3: a package is imported by data_utils/deps.ts",
      "fig_utils/deps.ts imports npm:a@1.2.4/x.js: a stands at 1.2.3 elsewhere",
      "fig_utils/deps.ts imports npm:@c/d@^1: only npm: with an exact version reaches out of the project",
      "fig_utils/deps.ts imports jsr:@e/f: only npm: with an exact version reaches out of the project",
      "gpu/deps.ts imports npm:a@1.2.3: gpu pulls no package",
    ],
  ],
]);

rule("gpu/mod.ts reaches nothing outside gpu", checkEngineReach, [
  [project({ "gpu/mod.ts": ["./a.ts"], "gpu/a.ts": ["npm:b@1.0.0=npm:/b@1.0.0", "../data_utils/mod.ts"] }), [
    "gpu/mod.ts reaches npm:/b@1.0.0",
    "gpu/mod.ts reaches data_utils/mod.ts",
  ]],
]);

rule("the layers of gpu/", checkLayers, [
  [
    project({
      "gpu/mod.ts": ["./train/loop.ts", "./nn/clip.ts"],
      "gpu/helpers.ts": [],
      "gpu/misc/a.ts": [],
      "gpu/graph/node.ts": ["../base/shape.ts", "../device/device.ts"],
      "gpu/nn/clip.ts": ["./layers.ts", "../ops/mod.ts", "../run/program.ts"],
      "gpu/train/loop.ts": ["../run/program.ts", "../nn/clip.ts", "../mod.ts"],
    }),
    [
      "gpu/helpers.ts stands in no layer",
      "gpu/misc/a.ts stands in no layer",
      "gpu/graph/node.ts imports ../device/device.ts: graph may not import device",
      "gpu/nn/clip.ts imports ../run/program.ts: nn may not import run",
      "gpu/train/loop.ts imports ../nn/clip.ts: train may not import nn",
      "gpu/train/loop.ts imports ../mod.ts: train may not import gpu/mod.ts",
    ],
  ],
]);

rule("no import cycles", checkCycles, [
  [
    project({
      "gpu/a.ts": ["./b.ts"],
      "gpu/b.ts": ["./c.ts"],
      "gpu/c.ts": ["./b.ts"],
      "gpu/d.ts": ["./a.ts"],
    }),
    [
      "gpu/b.ts -> gpu/c.ts -> gpu/b.ts",
    ],
  ],
]);

rule("WebGPU is touched in gpu/device only", checkWebgpu, [
  [project({ "gpu/run/a.ts": [] }, "// why\nconst a = navigator.gpu;\n"), [
    "gpu/run/a.ts: navigator.gpu belongs in gpu/device",
  ]],
  [project({ "data_utils/a.ts": [] }, "// why\nf(GPUBufferUsage.STORAGE);\n"), [
    "data_utils/a.ts: GPUBufferUsage belongs in gpu/device",
  ]],
  [
    project(
      { "gpu/run/a.ts": [], "gpu/device/b.ts": [] },
      "// no navigator.gpu here\nfunction f(d: GPUDevice) {}\n",
    ),
    [],
  ],
]);

rule("files are named, introduced and short", checkFiles, [
  [project({ "gpu/run/lowerPass.ts": [] }, "export {};\n".repeat(451)), [
    "gpu/run/lowerPass.ts has 451 lines, above 450",
    "gpu/run/lowerPass.ts is not snake_case",
    "gpu/run/lowerPass.ts does not open with a comment",
  ]],
]);

rule("every task's program is there", checkTasks, [
  [project({ "deno.json": [] }, '{"tasks": {"a": "deno run \\"$OLDPWD/gpu/a_cli.ts\\""}}'), [
    "task a: gpu/a_cli.ts is not there",
  ]],
]);
