// Group a_ops: how each op named by a fixture is written with the engine's functions. A fixture's arrays have
// PyTorch's layouts; what the engine wants with channels last is turned in the graph.

import { sizeOf } from "../../gpu/base/mod.ts";
import { constant, type Tensor } from "../../gpu/graph/mod.ts";
import { attend, attentionPool } from "../../gpu/nn/mod.ts";
import * as ops from "../../gpu/ops/mod.ts";
import { type Build, type CaseBuilder, Unsupported } from "./case_graph.ts";
import { channelsFirst, channelsLast, kernelHere } from "./layouts.ts";

const unary = (op: (x: Tensor) => Tensor): Build => (c) => ({ y: op(c.input("x")) });

const binary = (op: (a: Tensor, b: Tensor) => Tensor): Build => (c) => {
  const [a, b] = c.fixture.inputs;
  return { y: op(c.input(a), c.input(b)) };
};

const reduction = (op: typeof ops.sum): Build => (c) => ({
  y: op(c.input("x"), { axes: c.attrs.dims ?? null, keep: c.attrs.keepdim ?? false }),
});

/** An input that a case may lack. */
const optional = (c: CaseBuilder, name: string) => c.has(name) ? c.input(name) : undefined;

function refuse(c: CaseBuilder, wanted: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(wanted)) {
    const given = c.attrs[name];
    if (given !== undefined && given !== value) {
      throw new Unsupported(`${c.fixture.op} with ${name} ${given}`);
    }
  }
}

const conv2d: Build = (c) => {
  refuse(c, { dilation: 1, groups: 1 });
  const { stride, padding } = c.attrs, b = optional(c, "b");
  const y = ops.conv2d(channelsLast(c.input("x")), kernelHere(c.input("w")), { stride, padding });
  return { y: channelsFirst(b === undefined ? y : ops.add(y, b)) };
};

const avgPool2d: Build = (c) => {
  refuse(c, { padding: 0, ceil_mode: false });
  const { kernel, stride } = c.attrs;
  return { y: channelsFirst(ops.avgPool(channelsLast(c.input("x")), { kernel, stride })) };
};

const batchNorm: Build = (c) => {
  const { train, momentum, eps } = c.attrs;
  const x = channelsLast(c.input("x")), gamma = c.input("w"), beta = c.input("b");
  const channels = gamma.shape, none = () => new Float32Array(channels[0]);
  const mean = c.scope.buffer("running_mean", channels, none);
  const variance = c.scope.buffer("running_var", channels, none);
  if (!train) {
    const folded = ops.bnFold(mean, variance, gamma, beta, { eps });
    return { y: channelsFirst(ops.batchNorm(x, folded, gamma, beta, { train: false })) };
  }
  const stats = ops.bnStats(x, gamma, beta, { eps });
  const n = sizeOf(x.shape) / channels[0];
  c.scope.updates.running.push(
    { buffer: "running_mean", value: ops.row(stats, 0), correction: 1, momentum },
    { buffer: "running_var", value: ops.row(stats, 1), correction: n / (n - 1), momentum },
  );
  return { y: channelsFirst(ops.batchNorm(x, stats, gamma, beta, { train: true })) };
};

/** Normalisation over the last dimensions that `dims` names; several are taken as one. */
const layerNorm: Build = (c) => {
  const x = c.input("x"), { eps, dims = [-1] } = c.attrs;
  const inner = sizeOf(x.shape.slice(x.shape.length - dims.length));
  const flat = (t: Tensor, ...leading: number[]) => ops.reshape(t, [...leading, inner]);
  const y = ops.layerNorm(flat(x, sizeOf(x.shape) / inner), flat(c.input("w")), flat(c.input("b")), { eps });
  return { y: ops.reshape(y, x.shape) };
};

const groupNorm: Build = (c) => {
  const { groups, eps } = c.attrs;
  return {
    y: channelsFirst(ops.groupNorm(channelsLast(c.input("x")), c.input("w"), c.input("b"), { groups, eps })),
  };
};

const norm: Build = (c) => {
  refuse(c, { p: 2 });
  const { dim = null, keepdim: keep = false } = c.attrs;
  return {
    y: ops.sqrt(ops.sum(ops.square(c.input("x")), { axes: dim === null ? null : [dim].flat(), keep })),
  };
};

/** Logits [R,C] or [N,C,..] and class indices; PyTorch's mean divides by the targets that count. */
const crossEntropy: Build = (c) => {
  const { reduction, label_smoothing: smoothing = 0, ignore_index: ignore = -100 } = c.attrs;
  const x = channelsLast(c.input("x")), target = c.input("target");
  const classes = x.shape[x.shape.length - 1], rows = sizeOf(target.shape);
  const flat = ops.reshape(target, [rows]);
  const losses = ops.crossEntropy(ops.reshape(x, [rows, classes]), flat, { smoothing, ignore });
  if (reduction === "none") return { y: ops.reshape(losses, target.shape) };
  const total = ops.sum(losses, { axes: null });
  if (reduction === "sum") return { y: total };
  const ignored = ops.equal(flat, constant(c.graph, [ignore], [], "i32"));
  return { y: ops.div(total, ops.addScalar(ops.neg(ops.sum(ignored, { axes: null })), rows)) };
};

const crossEntropySoft: Build = (c) => {
  const { reduction } = c.attrs;
  const losses = ops.crossEntropySoft(c.input("x"), c.input("target"));
  const reduced = {
    none: losses,
    sum: ops.sum(losses, { axes: null }),
    mean: ops.mean(losses, { axes: null }),
  };
  return { y: reduced[reduction as "none"] };
};

const split: Build = (c) => {
  const parts = ops.split(c.input("x"), c.attrs.sections, c.attrs.dim);
  return Object.fromEntries(c.fixture.outputs.map((name, i) => [name, parts[i]]));
};

/** Without `perm` the case flattens dims 2.. and permutes (2, 0, 1), as its note says. */
const permute: Build = (c) => {
  const x = c.input("x");
  if (c.attrs.perm !== undefined) return { y: ops.permute(x, c.attrs.perm) };
  return { y: ops.permute(ops.reshape(x, [x.shape[0], x.shape[1], -1]), [2, 0, 1]) };
};

/** -1 keeps a size; further sizes may stand in front. */
const expand: Build = (c) => {
  const x = c.input("x"), sizes = c.attrs.sizes as number[], added = sizes.length - x.shape.length;
  return { y: ops.broadcastTo(x, sizes.map((size, i) => size === -1 ? x.shape[i - added] : size)) };
};

const topk: Build = (c) => {
  const { k, dim, largest = true } = c.attrs, x = c.input("x"), rank = x.shape.length;
  const order = Array.from({ length: rank }, (_, i) => i);
  const at = dim < 0 ? dim + rank : dim;
  [order[at], order[rank - 1]] = [order[rank - 1], order[at]];
  const last = ops.permute(x, order);
  const indices = ops.topkIndices(largest ? last : ops.neg(last), k);
  const back = (t: Tensor) => ops.permute(t, order);
  return { values: back(ops.gather(last, indices, -1)), indices: back(indices) };
};

const interpolate: Build = (c) => {
  refuse(c, { align_corners: false });
  const { mode, antialias, size, scale_factor: factor } = c.attrs;
  const x = channelsLast(c.input("x")), [, h, w] = x.shape;
  const [sh, sw] = Array.isArray(factor) ? factor : [factor, factor];
  const [height, width] = size ?? [Math.floor(h * sh), Math.floor(w * sw)];
  const scale = size ? undefined : [sh, sw] as const;
  return { y: channelsFirst(ops.resize(x, { height, width, mode, antialias, scale })) };
};

/** Packed projections: rows of in_proj_weight are those of q, k and v; k and v are q where the case gives none. */
const multiHeadAttention: Build = (c) => {
  const { heads, causal } = c.attrs, w = c.input("in_proj_weight"), b = c.input("in_proj_bias");
  const width = w.shape[1];
  const projected = ["q", "k", "v"].map((name, i) => {
    const part = { starts: [i * width], ends: [(i + 1) * width] };
    return ops.linear(c.input(c.has(name) ? name : "q"), ops.slice(w, part), ops.slice(b, part));
  });
  const [q, k, v] = projected;
  return {
    y: ops.linear(
      attend({ q, k, v }, heads, { causal }),
      c.input("out_proj_weight"),
      c.input("out_proj_bias"),
    ),
  };
};

const pooling: Build = (c) => {
  const { heads, output, embed } = c.attrs;
  return { y: attentionPool(c.scope, channelsLast(c.input("x")), { heads, outputDim: output ?? embed }) };
};

const concat: Build = (c) => ({ y: ops.concat(c.fixture.inputs.map(c.input), c.attrs.dim) });

/** Builders by the sidecar's `op`. */
export const opCases: Readonly<Record<string, Build>> = {
  add: binary(ops.add),
  sub: binary(ops.sub),
  mul: binary(ops.mul),
  div: binary(ops.div),
  exp: unary(ops.exp),
  log: unary(ops.log),
  sqrt: unary(ops.sqrt),
  rsqrt: unary(ops.rsqrt),
  square: unary(ops.square),
  reciprocal: unary(ops.reciprocal),
  neg: unary(ops.neg),
  relu: unary(ops.relu),
  sigmoid: unary(ops.sigmoid),
  tanh: unary(ops.tanh),
  gelu_erf: unary(ops.gelu),
  gelu_tanh: unary(ops.geluTanh),
  quick_gelu: unary(ops.quickGelu),
  clamp: (c) => ({ y: ops.clamp(c.input("x"), { min: c.attrs.min ?? null, max: c.attrs.max ?? null }) }),
  sum: reduction(ops.sum),
  mean: reduction(ops.mean),
  max: reduction(ops.max),
  argmax: (c) => {
    const { dim = null } = c.attrs, x = c.input("x");
    return { indices: dim === null ? ops.argmax(ops.reshape(x, [-1]), 0) : ops.argmax(x, dim) };
  },
  topk,
  softmax: (c) => ({ y: ops.softmax(c.input("x"), { axis: c.attrs.dim }) }),
  log_softmax: (c) => ({ y: ops.logSoftmax(c.input("x"), { axis: c.attrs.dim }) }),
  cross_entropy: crossEntropy,
  cross_entropy_soft: crossEntropySoft,
  l2_normalize: (c) => ({ y: ops.l2Normalize(c.input("x"), { axis: c.attrs.dim, eps: c.attrs.eps }) }),
  norm,
  layer_norm: layerNorm,
  group_norm: groupNorm,
  batch_norm: batchNorm,
  conv2d,
  avg_pool2d: avgPool2d,
  matmul: (c) => ({
    y: ops.matmul(c.input("a"), c.input("b"), { ta: c.attrs.transA ?? false, tb: c.attrs.transB ?? false }),
  }),
  linear: (c) => ({ y: ops.linear(c.input("x"), c.input("w"), optional(c, "b")) }),
  multi_head_attention: multiHeadAttention,
  attention_pool2d: pooling,
  concat,
  split,
  slice: (c) => ({
    y: ops.slice(c.input("x"), { starts: c.attrs.starts, ends: c.attrs.ends, steps: c.attrs.steps }),
  }),
  permute,
  expand,
  embedding: (c) => ({ y: ops.embedding(c.input("idx"), c.input("w")) }),
  gather: (c) => ({ y: ops.gather(c.input("x"), c.input("idx"), c.attrs.dim) }),
  index_select: (c) => ({ y: ops.indexSelect(c.input("x"), c.input("idx"), c.attrs.dim) }),
  index_rows: (c) => ({ y: ops.indexRows(c.input("x"), c.input("idx")) }),
  interpolate,
};
