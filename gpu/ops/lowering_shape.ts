// How the ops that move elements run where they are no views: each finds its source by strides in the padded layout.

import { lastOf, rowsOf, type Shape, vec4sOf, vec4sPerRow } from "../base/mod.ts";
import type { Tensor } from "../graph/mod.ts";
import {
  besideLaunch,
  blocksLaunch,
  type Bound,
  type Dispatch,
  laneStrides,
  type Lowered,
  lowered,
  reshapeLaunch,
  spreadLaunch,
  stridedLaunch,
} from "../kernels/mod.ts";
import { single } from "./lowering_tools.ts";

const numbers = (node: Tensor, name: string) => node.attrs[name] as readonly number[];

export function lowerReshape(node: Tensor): Lowered {
  return single(reshapeLaunch(node.inputs[0].shape, node.shape));
}

export function lowerPermute(node: Tensor): Lowered {
  const strides = laneStrides(node.inputs[0].shape);
  return single(
    stridedLaunch(0, numbers(node, "perm").map((d, i) => ({ size: node.shape[i], stride: strides[d] }))),
  );
}

export function lowerSlice(node: Tensor): Lowered {
  const strides = laneStrides(node.inputs[0].shape), steps = numbers(node, "steps");
  const start = numbers(node, "starts").reduce((sum, at, d) => sum + at * strides[d], 0);
  return single(stridedLaunch(start, node.shape.map((size, d) => ({ size, stride: strides[d] * steps[d] }))));
}

export function lowerSliceGrad(node: Tensor): Lowered {
  const part = node.inputs[0].shape, strides = laneStrides(part);
  const starts = numbers(node, "starts"), steps = numbers(node, "steps");
  return single(spreadLaunch(node.shape.map((whole, d) => ({
    whole,
    start: starts[d],
    step: part[d] === 1 ? 1 : steps[d],
    part: part[d],
    stride: strides[d],
  }))));
}

/** Whole words go block by block, a kernel per input; other lengths of the last dimension are joined lane by lane. */
export function lowerConcat(node: Tensor): Lowered {
  const axis = node.attrs.axis as number, shapes = node.inputs.map((t) => t.shape);
  const alongLast = axis === node.shape.length - 1;
  const whole = !alongLast || shapes.slice(0, -1).every((shape) => lastOf(shape) % 4 === 0);
  return whole ? concatBlocks(node, axis) : concatLanes(shapes);
}

function concatBlocks(node: Tensor, axis: number): Lowered {
  const wordsFrom = (shape: Shape) => vec4sOf([1, ...shape.slice(axis)]);
  const stride = wordsFrom(node.shape);
  let start = 0;
  const dispatches = node.inputs.map(({ shape }, input): Dispatch => {
    const block = wordsFrom(shape);
    const launch = blocksLaunch(vec4sOf(shape), block, stride, start);
    start += block;
    return { launch, bind: { X: { input }, Y: { out: true } } };
  });
  return lowered({ kind: "fixed", dispatches });
}

/** Tensors that one kernel joins. */
const TOGETHER = 4;

/** Joins the first four, then that and the next three, and so on. */
function concatLanes(shapes: readonly Shape[]): Lowered {
  const dispatches: Dispatch[] = [], temps: number[] = [];
  let parts: { shape: Shape; from: Bound }[] = shapes.map((shape, input) => ({ shape, from: { input } }));
  while (parts.length > 1) {
    const joined = parts.slice(0, TOGETHER), rest = parts.slice(TOGETHER);
    const shape = [rowsOf(shapes[0]), joined.reduce((sum, part) => sum + lastOf(part.shape), 0)];
    const bound = Object.fromEntries(joined.map((part, i) => [`X${i}`, part.from]));
    const result: Bound = rest.length === 0 ? { out: true } : { temp: temps.length };
    if (rest.length > 0) temps.push(shape[0] * vec4sPerRow(shape));
    dispatches.push({
      launch: besideLaunch(joined.map((part) => part.shape)),
      bind: { ...bound, Y: result },
    });
    parts = [{ shape, from: result }, ...rest];
  }
  return lowered({ kind: "fixed", dispatches, temps });
}
