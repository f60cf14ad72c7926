// How the ops over the last dimension run: one row kernel each; results of one number a row are packed afterwards.

import { type DeviceClass, lastOf, rowsOf } from "../base/mod.ts";
import type { Tensor } from "../graph/mod.ts";
import {
  crossEntropyGradRows,
  crossEntropyRows,
  l2NormalizeGradRows,
  l2NormalizeRows,
  layerNormGradRows,
  layerNormRows,
  layerNormStatsRows,
  logSoftmaxGradRows,
  logSoftmaxRows,
  type Lowered,
  reduceRows,
  softmaxGradRows,
  softmaxRows,
} from "../kernels/mod.ts";
import { packed, single } from "./lowering_tools.ts";

type RowLowering = (node: Tensor, target: DeviceClass) => Lowered;

const sizeOfRows = (t: Tensor) => ({ rows: rowsOf(t.shape), last: lastOf(t.shape) });
const number = (node: Tensor, name: string) => node.attrs[name] as number;

export const lowerSoftmax: RowLowering = (node, target) =>
  single(softmaxRows(sizeOfRows(node), node.attrs.causal as boolean, target));
export const lowerSoftmaxGrad: RowLowering = (node, target) =>
  single(softmaxGradRows(sizeOfRows(node), target));
export const lowerLogSoftmax: RowLowering = (node, target) =>
  single(logSoftmaxRows(sizeOfRows(node), target));
export const lowerLogSoftmaxGrad: RowLowering = (node, target) =>
  single(logSoftmaxGradRows(sizeOfRows(node), target));
export const lowerLayerNorm: RowLowering = (node, target) =>
  single(layerNormRows(sizeOfRows(node), number(node, "eps"), target));
export const lowerLayerNormStats: RowLowering = (node, target) =>
  single(layerNormStatsRows(sizeOfRows(node.inputs[0]), number(node, "eps"), target));
export const lowerLayerNormGrad: RowLowering = (node, target) =>
  single(layerNormGradRows(sizeOfRows(node), target));
export const lowerL2Normalize: RowLowering = (node, target) =>
  single(l2NormalizeRows(sizeOfRows(node), number(node, "eps"), target));
export const lowerL2NormalizeGrad: RowLowering = (node, target) =>
  single(l2NormalizeGradRows(sizeOfRows(node), number(node, "eps"), target));
export const lowerCrossEntropy: RowLowering = (node, target) => {
  const size = sizeOfRows(node.inputs[0]);
  return packed(
    crossEntropyRows(size, number(node, "smoothing"), number(node, "ignore"), target),
    node,
    size.rows,
  );
};
export const lowerCrossEntropyGrad: RowLowering = (node, target) =>
  single(crossEntropyGradRows(sizeOfRows(node), number(node, "smoothing"), number(node, "ignore"), target));

/** sum or max over the last dimension alone. */
export function lowerLastAxis(kind: "sum" | "max", node: Tensor, target: DeviceClass): Lowered {
  const size = sizeOfRows(node.inputs[0]);
  return packed(reduceRows(kind, size, target), node, size.rows);
}
