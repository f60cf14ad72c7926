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

/**
 * Left out by name: within rounding of ReLU's kink one pre-activation of this tiny net falls to the other side in the
 * GPU class, and a running mean then needs factor 11.4 where 8 is allowed (gpu/README.md, departures).
 */
const leftOut = "sup_sgd_full";

for (const group of await groupNames(dir)) {
  if (!(group in defaultFactors)) continue;
  Deno.test(`golden on class gpu: ${group}`, async () => {
    const names = (await wantedCases(dir, group)).filter((name) => name !== leftOut);
    assert(names.length > 0);
    if (group === "d_trajectories") {
      console.warn(`left out on class gpu: ${leftOut}, known to miss its factor`);
    }
    progress(`golden on class gpu: ${names.length} cases of ${group}`);
    const evaluator = await deviceEvaluator({ deviceClass: "gpu" });
    const failures = await failuresOf(evaluator, dir, group, names);
    evaluator.close();
    assertEquals(failures, []);
  });
}
