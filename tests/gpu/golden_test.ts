// The golden runner: PyTorch's values through the float64 interpreter (tests/golden has the device and the program),
// and that a case can fail. Long cases are cut to a few steps here.

import { assert, assertEquals } from "@std/assert";
import { isExcepted, runCase } from "../golden/runner.ts";
import { referenceEvaluator } from "../golden/evaluator.ts";
import { caseNames, type Fixture, openFixture } from "../golden/fixture.ts";
import { trajectoryCases } from "../golden/trajectory_cases.ts";

const golden = decodeURIComponent(new URL("../../../shared/golden", import.meta.url).pathname);
const present = (() => {
  try {
    return Deno.statSync(golden).isDirectory;
  } catch {
    console.warn("skipped: ../shared/golden is absent");
    return false;
  }
})();

/** Runs the cases of a group; all must pass in float64 with the fixtures' own tolerances, without a factor. */
async function passes(group: string, wanted: (name: string) => boolean): Promise<number> {
  const names = (await caseNames(golden, group)).filter(wanted);
  for (const name of names) {
    const result = await runCase(golden, group, name, { evaluator: referenceEvaluator, factor: 1 });
    assertEquals(
      [result.outcome, name],
      ["passed", name],
      `${name}: ${result.note}, factor ${result.factor}`,
    );
  }
  return names.length;
}

Deno.test({
  name: "golden: optimisers, nets and schedules",
  ignore: !present,
  fn: async () => assert(await passes("b_optim", () => true) > 0),
});

Deno.test({
  name: "golden: models with their gradients and running statistics",
  ignore: !present,
  fn: async () => assert(await passes("c_modules", (name) => !name.startsWith("dino_")) > 0),
});

Deno.test({
  name: "golden: metrics and exact resizing",
  ignore: !present,
  fn: async () => {
    assert(await passes("e_metrics", (name) => !["linear_probe", "voc_11point_map"].includes(name)) > 0);
    assert(await passes("a_ops", (name) => name.startsWith("resize_pil_") || name.startsWith("mha_")) > 0);
  },
});

Deno.test({
  name: "golden: the first steps of every trajectory",
  ignore: !present,
  fn: async () => {
    for (const name of await caseNames(golden, "d_trajectories")) {
      const fixture = await openFixture(golden, "d_trajectories", name);
      const run = trajectoryCases[fixture.op];
      if (run === undefined) continue;
      const losses = fixture.sidecar.losses.slice(0, 3);
      const short: Fixture = { ...fixture, sidecar: { ...fixture.sidecar, losses }, outputs: [] };
      for (const { what, factor } of await run(short, referenceEvaluator)) {
        assert(factor <= 1, `${name} ${what}: ${factor}`);
      }
    }
  },
});

/** A folder with one group of made-up cases: y = a + b, and what else `sidecars` say. */
async function makeFolder(sidecars: Record<string, unknown>[]): Promise<string> {
  const dir = await Deno.makeTempDir();
  await Deno.mkdir(`${dir}/a_ops`);
  await Deno.writeTextFile(
    `${dir}/a_ops/index.json`,
    JSON.stringify({ cases: sidecars.map(({ name }) => name) }),
  );
  const numbers = {
    "in/a": [1, 2, 3],
    "in/b": [10, 20, 30],
    "out/y": [11, 22, 33],
    "cot/y": [1, 1, 2],
    "grad/in/b": [1, 1, 2],
  };
  const header: Record<string, unknown> = {};
  Object.keys(numbers).forEach((key, i) =>
    header[key] = { dtype: "F32", shape: [1, 3], data_offsets: [i * 12, i * 12 + 12] }
  );
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + 12 * Object.keys(numbers).length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(new Uint8Array(Float32Array.from(Object.values(numbers).flat()).buffer), 8 + text.length);
  await Deno.writeFile(`${dir}/a_ops/numbers.safetensors`, bytes);
  for (const own of sidecars) {
    const sidecar = {
      format: "golden/1",
      group: "a_ops",
      op: "add",
      attrs: {},
      file: "numbers.safetensors",
      inputs: ["a", "b"],
      outputs: ["y"],
      grads: ["in/b"],
      tolerance: {},
      ...own,
    };
    await Deno.writeTextFile(`${dir}/a_ops/${own.name}.json`, JSON.stringify(sidecar));
  }
  return dir;
}

const outcomes = async (dir: string, names: string[], factor = 1) => {
  const results = [];
  for (const name of names) {
    results.push(await runCase(dir, "a_ops", name, { evaluator: referenceEvaluator, factor }));
  }
  return results.map(({ outcome, factor, note }) => [outcome, factor, note]);
};

Deno.test("golden: a wrong value, an unknown op and a broken case do not pass", async () => {
  const dir = await makeFolder([
    { name: "right" },
    { name: "wrong", op: "mul" },
    { name: "near", op: "mul", outputs: ["y"], grads: [], tolerance: { "out/y": { atol: 20, rtol: 0 } } },
    { name: "unknown", op: "fold" },
    { name: "empty", outputs: [], grads: [] },
    { name: "lost", file: "nothing.safetensors" },
    { name: "other", format: "golden/2" },
  ]);
  const [right, wrong, near, unknown, empty, lost, other] = await outcomes(dir, [
    "right",
    "wrong",
    "near",
    "unknown",
    "empty",
    "lost",
    "other",
  ]);
  assertEquals(right, ["passed", 0, "out/y"]);
  assertEquals(wrong[0], "failed");
  assert(wrong[1] as number > 1e4);
  assertEquals(near, ["failed", 57 / 20, "out/y"]);
  assertEquals((await outcomes(dir, ["near"], 4))[0][0], "passed");
  assertEquals(unknown, ["unsupported", null, "no counterpart of op fold"]);
  assertEquals(empty, ["failed", null, "nothing was compared"]);
  assertEquals(lost[0], "failed");
  assertEquals(other[0], "failed");
  assert(`${other[2]}`.includes("golden/2"));
  await Deno.remove(dir, { recursive: true });
});

Deno.test("golden: exceptions by name and by pattern", () => {
  assert(
    isExcepted("dino_loss_center", ["dino_*"]) && isExcepted("a.b", ["x", "a.b"]) &&
      isExcepted("anything", ["*"]),
  );
  assert(!isExcepted("vit_dino_", ["dino_*"]) && !isExcepted("aXb", ["a.b"]) && !isExcepted("dino", []));
});
