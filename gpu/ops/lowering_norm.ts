// How batch normalisation's statistics run: column reductions that a convolution can carry in its own kernel.

import { type DeviceClass, lastOf, rowsOf, vec4sPerRow } from "../base/mod.ts";
import type { Tensor } from "../graph/mod.ts";
import {
  batchStatsFinish,
  batchStatsFold,
  columnFinish,
  type Lowered,
  lowered,
  type Step,
} from "../kernels/mod.ts";

export function lowerBnStats(node: Tensor, target: DeviceClass): Lowered {
  const [x] = node.inputs, rows = rowsOf(x.shape), last = lastOf(x.shape), eps = node.attrs.eps as number;
  return lowered({
    kind: "column",
    program: { steps: [{ kind: "load", operand: "X", access: "full" }] },
    results: [0],
    bind: { X: { input: 0 } },
    main: "X",
    reduction: "moments",
    outer: 1,
    rows,
    last,
    finish: (chunks, chunkRows) => ({
      launch: batchStatsFinish({ rows, last, chunks, chunkRows, eps }, target),
      bind: { X: { temp: 0 }, G: { input: 1 }, B: { input: 2 }, Y: { out: true } },
    }),
  });
}

export function lowerBnFold(node: Tensor): Lowered {
  const launch = batchStatsFold(lastOf(node.shape), node.attrs.eps as number);
  const bind = {
    M: { input: 0 },
    V: { input: 1 },
    G: { input: 2 },
    B: { input: 3 },
    Y: { out: true },
  } as const;
  return lowered({ kind: "fixed", dispatches: [{ launch, bind }] });
}

/** sum dy and sum dy (x - mean) / deviation; rows 0 and 4 of the statistics hold mean and 1 / deviation. */
export function lowerBnGradStats(node: Tensor, target: DeviceClass): Lowered {
  const [dy] = node.inputs, rows = rowsOf(dy.shape), last = lastOf(dy.shape), perRow = vec4sPerRow(dy.shape);
  const steps: Step[] = [
    { kind: "load", operand: "D", access: "full" },
    { kind: "load", operand: "X", access: "full" },
    { kind: "load", operand: "M", access: "row" },
    { kind: "load", operand: "I", access: "row" },
    {
      kind: "apply",
      wgsl: ([d, x, mean, inv]) => `${d} * ((${x} - ${mean}) * ${inv})`,
      args: [0, 1, 2, 3],
      constants: [],
      helpers: [],
      keepsZero: true,
    },
  ];
  return lowered({
    kind: "column",
    program: { steps },
    results: [0, 4],
    bind: { D: { input: 0 }, X: { input: 1 }, M: { input: 2 }, I: { input: 2, offset: 4 * perRow } },
    main: "D",
    reduction: "sum",
    outer: 1,
    rows,
    last,
    finish: (chunks) => ({
      launch: columnFinish("sum", { outer: 1, chunks, parts: 2, perRow }, target),
      bind: { X: { temp: 0 }, Y: { out: true } },
    }),
  });
}
