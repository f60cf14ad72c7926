// How reading by index, its gradients and the search for largest values run.

import { type DeviceClass, lastOf, rowsOf, type Shape, sizeOf, vec4sOf, vec4sPerRow } from "../base/mod.ts";
import type { Tensor } from "../graph/mod.ts";
import {
  addChainsLaunch,
  addLanesLaunch,
  chainLaunch,
  largestDownLaunch,
  largestInRowsLaunch,
  type Lowered,
  lowered,
  putRowsLaunch,
  takeLanesLaunch,
  takeRowsLaunch,
  zeroLaunch,
} from "../kernels/mod.ts";
import { lowerOneHotGrad } from "./lowering_matmul.ts";
import { packed, single } from "./lowering_tools.ts";

export function lowerEmbedding(node: Tensor): Lowered {
  const [idx, w] = node.inputs;
  return single(takeRowsLaunch(idx.shape, w.shape[0], w.shape[1], false));
}

/** The inputs are x and idx, in that order. */
export function lowerIndexRows(node: Tensor): Lowered {
  const [x, idx] = node.inputs, launch = takeRowsLaunch(idx.shape, x.shape[1], x.shape[2], true);
  return lowered({
    kind: "fixed",
    dispatches: [{ launch, bind: { X: { input: 0 }, I: { input: 1 }, Y: { out: true } } }],
  });
}

export function lowerIndexRowsGrad(node: Tensor): Lowered {
  return single(putRowsLaunch(node.inputs[0].shape, node.shape[1], node.shape[2]));
}

/** The inputs are x and idx, in that order. */
export function lowerGather(node: Tensor): Lowered {
  const launch = takeLanesLaunch(node.inputs[0].shape, node.shape);
  return lowered({
    kind: "fixed",
    dispatches: [{ launch, bind: { X: { input: 0 }, I: { input: 1 }, Y: { out: true } } }],
  });
}

export function lowerGatherGrad(node: Tensor): Lowered {
  return single(addLanesLaunch(node.inputs[0].shape, node.shape));
}

/** From this many (table row, index) pairs on, looking for equal indices is faster than a product with one-hot rows. */
const LARGE_TABLE: Readonly<Record<DeviceClass, number>> = { software: 2 ** 17, gpu: 2 ** 24 };

export function lowerEmbeddingGrad(node: Tensor, target: DeviceClass): Lowered {
  const pairs = node.shape[0] * rowsOf(node.inputs[1].shape);
  return pairs < LARGE_TABLE[target] ? lowerOneHotGrad(node) : lowerLargeTableGrad(node);
}

/** Equal indices are chained, and each chain is added up once. */
function lowerLargeTableGrad(node: Tensor): Lowered {
  const [idx, dy] = node.inputs, count = rowsOf(dy.shape), [rows, width] = node.shape;
  return lowered({
    kind: "fixed",
    temps: [count],
    dispatches: [
      { launch: chainLaunch(idx.shape), bind: { I: { input: 0 }, T: { temp: 0 } } },
      { launch: zeroLaunch(vec4sOf(node.shape)), bind: { Y: { out: true } } },
      {
        launch: addChainsLaunch(count, rows, width),
        bind: { T: { temp: 0 }, X: { input: 1 }, Y: { out: true } },
      },
    ],
  });
}

export function lowerTopk(node: Tensor, target: DeviceClass): Lowered {
  const { shape } = node.inputs[0];
  return single(largestInRowsLaunch(rowsOf(shape), lastOf(shape), node.attrs.k as number, target));
}

export function lowerArgmax(node: Tensor, target: DeviceClass): Lowered {
  const { shape } = node.inputs[0], axis = node.attrs.axis as number;
  const below: Shape = shape.slice(axis + 1);
  if (below.length === 0) {
    const rows = rowsOf(shape);
    return packed(largestInRowsLaunch(rows, lastOf(shape), 1, target), node, rows);
  }
  return single(
    largestDownLaunch(sizeOf(shape.slice(0, axis)), shape[axis], rowsOf(below) * vec4sPerRow(below)),
  );
}
