// How batch normalisation's statistics run: column reductions that a convolution can carry in its own kernel.

import { type DeviceClass, lastOf, rowsOf, vec4sPerRow } from "../base/mod.ts";
import type { Tensor } from "../graph/mod.ts";
import {
  type Access,
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
  const perRow = vec4sPerRow(node.inputs[0].shape);
  const mean = { access: "row", input: 2 } as const;
  return gradientSums(node, target, mean, { access: "row", input: 2, offset: 4 * perRow });
}

/** The same sums where every row has its own mean and 1 / deviation: the two lanes of its statistics. */
export function lowerLayerNormSums(node: Tensor, target: DeviceClass): Lowered {
  return gradientSums(node, target, { access: "col", input: 2 }, { access: "col2", input: 2 });
}

interface Statistic {
  readonly access: Access;
  readonly input: number;
  readonly offset?: number;
}

function gradientSums(node: Tensor, target: DeviceClass, mean: Statistic, inverse: Statistic): Lowered {
  const [dy] = node.inputs, rows = rowsOf(dy.shape), last = lastOf(dy.shape), perRow = vec4sPerRow(dy.shape);
  const steps: Step[] = [
    { kind: "load", operand: "D", access: "full" },
    { kind: "load", operand: "X", access: "full" },
    { kind: "load", operand: "M", access: mean.access },
    { kind: "load", operand: "I", access: inverse.access },
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
    bind: { D: { input: 0 }, X: { input: 1 }, M: mean, I: inverse },
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
