// How random tensors run: seed and step come from the step scalars, or from tensors where a test gives them so.

import type { Tensor } from "../graph/mod.ts";
import { type Lowered, randomLaunch } from "../kernels/mod.ts";
import { single } from "./lowering_tools.ts";

export function lowerRandom(kind: "uniform" | "normal"): (node: Tensor) => Lowered {
  return (node) => {
    const [seed, step] = node.inputs;
    const scalars = seed.op === "scalar" && step.op === "scalar";
    const source = scalars ? [seed.attrs.name as string, step.attrs.name as string] as const : null;
    const launch = randomLaunch(kind, node.shape, node.attrs.stream as number, source);
    return single(launch);
  };
}
