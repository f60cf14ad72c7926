// How pooling runs: one invocation per word of the result, in both directions.

import type { Tensor } from "../graph/mod.ts";
import { type Lowered, poolGradLaunch, poolLaunch } from "../kernels/mod.ts";
import { single } from "./lowering_tools.ts";

const windowOf = (node: Tensor) => node.attrs as unknown as { kernel: number; stride: number };

export function lowerAvgPool(node: Tensor): Lowered {
  return single(poolLaunch(node.inputs[0].shape, node.shape, windowOf(node)));
}

export function lowerAvgPoolGrad(node: Tensor): Lowered {
  return single(poolGradLaunch(node.inputs[0].shape, node.shape, windowOf(node)));
}
