// Every golden single operation through the float64 interpreter, results and gradients: PyTorch's float64 rounded to
// float32 must agree within the files' own tolerances, unwidened. The device is held to the same files elsewhere.

import { assert, assertEquals } from "@std/assert";
import { checkGraph } from "../golden/case_graph.ts";
import { referenceEvaluator } from "../golden/evaluator.ts";
import { caseNames, openFixture } from "../golden/fixture.ts";
import { opCases } from "../golden/op_cases.ts";

const root = new URL("../../../shared/golden", import.meta.url);
const here = isDirectory(root);
if (!here) console.warn("skipped: ../shared/golden is absent");

function isDirectory(url: URL): boolean {
  try {
    return Deno.statSync(url).isDirectory;
  } catch {
    return false;
  }
}

const byOp = new Map<string, string[]>();
if (here) {
  const path = new URL(`${root.href}/a_ops/`);
  for (const name of await caseNames(Deno.realPathSync(root), "a_ops")) {
    const { op } = JSON.parse(Deno.readTextFileSync(new URL(`${name}.json`, path)));
    if (op !== "pil_resize") byOp.set(op, [...byOp.get(op) ?? [], name]); // bytes in, bytes out: data_utils/images
  }
}

for (const [op, names] of byOp) {
  Deno.test(`golden ${op} in float64 (${names.length})`, async () => {
    const build = opCases[op];
    assert(build !== undefined, `no counterpart of ${op}`);
    const failures: string[] = [];
    for (const name of names) {
      const fixture = await openFixture(Deno.realPathSync(root), "a_ops", name);
      const checks = await checkGraph(fixture, build, referenceEvaluator);
      const wanted = [...fixture.tensors.keys()].filter((key) =>
        /^(out|grad|grad_sample|buf_after)\//.test(key)
      );
      assertEquals(checks.map((check) => check.what).sort(), wanted.sort(), name);
      failures.push(
        ...checks.filter((c) => !(c.factor <= 1)).map((c) => `${name} ${c.what}: factor ${c.factor}`),
      );
    }
    assertEquals(failures, []);
  });
}

Deno.test({
  name: "the golden folder holds the single operations",
  ignore: !here,
  fn: () => assert(byOp.size >= 40, `${byOp.size} ops`),
});
