// All golden groups in the GPU class, slowly where there is no GPU. Of the whole set where it is beside the checkout,
// else of the checkout's fixtures; the software class runs them in tests/golden.

import { assert, assertEquals } from "@std/assert";
import { deviceEvaluator } from "../golden/device_evaluator.ts";
import { groupNames } from "../golden/fixture.ts";
import { failuresOf, fixtures, isFolder, shared, wantedCases } from "../golden/folders.ts";
import { defaultFactors } from "../golden/runner.ts";
import { progress } from "./progress.ts";

const dir = isFolder(shared) ? shared : fixtures;
if (dir === fixtures) {
  console.warn("skipped: ../shared/golden is absent, the checkout's own fixtures are run");
}

for (const group of await groupNames(dir)) {
  if (!(group in defaultFactors)) continue;
  Deno.test(`golden on class gpu: ${group}`, async () => {
    const names = await wantedCases(dir, group);
    assert(names.length > 0);
    progress(`golden on class gpu: ${names.length} cases of ${group}`);
    const evaluator = await deviceEvaluator({ deviceClass: "gpu" });
    const failures = await failuresOf(evaluator, dir, group, names);
    evaluator.close();
    assertEquals(failures, []);
  });
}
