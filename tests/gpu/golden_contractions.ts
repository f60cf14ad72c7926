// How the golden single-operation cases of contractions, normalisations, losses and attention are written in the
// engine's ops. Each builder is handed leaves by their golden key and returns outputs by theirs; images come in as
// NHWC and filters as HWIO (the files hold NCHW and OIHW), which `layouts` says by key.

import { constant, type Tensor } from "../../gpu/graph/mod.ts";
import { multiHeadAttention } from "../../gpu/ops/attention.ts";
import { conv2d } from "../../gpu/ops/conv.ts";
import { add, addScalar, div, equal, mulScalar, neg } from "../../gpu/ops/elementwise.ts";
import { groupNorm, l2Normalize, layerNorm } from "../../gpu/ops/layer_norm.ts";
import { crossEntropy, crossEntropySoft } from "../../gpu/ops/loss.ts";
import { linear, matmul } from "../../gpu/ops/matmul.ts";
import { batchNorm, BN, bnFold, bnStats } from "../../gpu/ops/norm.ts";
import { avgPool } from "../../gpu/ops/pool.ts";
import { mean, sum } from "../../gpu/ops/reduce.ts";
import { concat, reshape, row, slice, split } from "../../gpu/ops/shape.ts";
import { logSoftmax, softmax } from "../../gpu/ops/softmax.ts";

export type Leaf = (key: string) => Tensor;
// deno-lint-ignore no-explicit-any
export type GoldenAttrs = Record<string, any>;
export type Layouts = Readonly<Record<string, "image" | "filter">>;

export interface GoldenBuilder {
  readonly layouts?: Layouts;
  /** Output keys ("out/y", "buf_after/running_mean") to tensors. `has` says which leaves the case holds. */
  readonly build: (leaf: Leaf, attrs: GoldenAttrs, has: (key: string) => boolean) => Record<string, Tensor>;
}

/** The part of a key that names the tensor: "grad/in/x" and "out/x" both concern x. */
export function layoutOf(layouts: Layouts | undefined, key: string): "image" | "filter" | undefined {
  return layouts?.[key.slice(key.lastIndexOf("/") + 1)];
}

function biased(y: Tensor, leaf: Leaf, has: (key: string) => boolean): Tensor {
  return has("in/b") ? add(y, leaf("in/b")) : y;
}

function buildBatchNorm(leaf: Leaf, attrs: GoldenAttrs): Record<string, Tensor> {
  const [x, w, b] = ["in/x", "in/w", "in/b"].map(leaf);
  const before = { mean: leaf("buf/running_mean"), variance: leaf("buf/running_var") };
  const train = attrs.train as boolean, eps = attrs.eps as number, momentum = attrs.momentum as number;
  const stats = train ? bnStats(x, w, b, { eps }) : bnFold(before.mean, before.variance, w, b, { eps });
  const y = batchNorm(x, stats, w, b, { train });
  if (!train) return { "out/y": y };
  const count = x.shape.slice(0, -1).reduce((n, d) => n * d, 1);
  const moved = (old: Tensor, now: Tensor, factor: number) =>
    add(mulScalar(old, 1 - momentum), mulScalar(now, momentum * factor));
  return {
    "out/y": y,
    "buf_after/running_mean": moved(before.mean, row(stats, BN.mean), 1),
    "buf_after/running_var": moved(before.variance, row(stats, BN.variance), count / (count - 1)),
  };
}

function buildCrossEntropy(leaf: Leaf, attrs: GoldenAttrs): Record<string, Tensor> {
  const x = leaf("in/x"), target = leaf("in/target"), ignore = attrs.ignore_index ?? -100;
  const losses = crossEntropy(x, target, { smoothing: attrs.label_smoothing, ignore });
  if (attrs.reduction === "none") return { "out/y": losses };
  if (attrs.reduction === "sum") return { "out/y": sum(losses) };
  const ignored = equal(target, constant(x.graph, [ignore], [1], "i32"));
  return { "out/y": div(sum(losses), addScalar(neg(sum(ignored)), target.shape[0])) };
}

function buildAttention(leaf: Leaf, attrs: GoldenAttrs, has: (key: string) => boolean) {
  const weights = split(leaf("in/in_proj_weight"), 3, 0), biases = split(leaf("in/in_proj_bias"), 3, 0);
  const [q, k, v] = ["in/q", "in/k", "in/v"].map((key, i) =>
    linear(leaf(has(key) ? key : "in/q"), weights[i], biases[i])
  );
  const mixed = multiHeadAttention({ q, k, v }, attrs.heads, { causal: attrs.causal });
  return { "out/y": linear(mixed, leaf("in/out_proj_weight"), leaf("in/out_proj_bias")) };
}

function buildAttentionPool(leaf: Leaf, attrs: GoldenAttrs): Record<string, Tensor> {
  const x = leaf("in/x"), [n, h, w, c] = x.shape;
  const pixels = reshape(x, [n, h * w, c]);
  const tokens = add(
    concat([mean(pixels, { axes: [1], keep: true }), pixels], 1),
    leaf("param/positional_embedding"),
  );
  const first = slice(tokens, { starts: [0, 0, 0], ends: [null, 1, null], steps: [1, 1, 1] });
  const project = (t: Tensor, name: string) =>
    linear(t, leaf(`param/${name}.weight`), leaf(`param/${name}.bias`));
  const projected = {
    q: project(first, "q_proj"),
    k: project(tokens, "k_proj"),
    v: project(tokens, "v_proj"),
  };
  const pooled = reshape(multiHeadAttention(projected, attrs.heads), [n, c]);
  return { "out/y": project(pooled, "c_proj") };
}

/** Builders by the `op` of a golden sidecar. */
export const goldenBuilders: Readonly<Record<string, GoldenBuilder>> = {
  matmul: {
    build: (leaf, attrs) => ({
      "out/y": matmul(leaf("in/a"), leaf("in/b"), { ta: attrs.transA ?? false, tb: attrs.transB ?? false }),
    }),
  },
  linear: { build: (leaf) => ({ "out/y": linear(leaf("in/x"), leaf("in/w"), leaf("in/b")) }) },
  conv2d: {
    layouts: { x: "image", y: "image", w: "filter" },
    build: (leaf, { stride, padding }, has) => ({
      "out/y": biased(conv2d(leaf("in/x"), leaf("in/w"), { stride, padding }), leaf, has),
    }),
  },
  avg_pool2d: {
    layouts: { x: "image", y: "image" },
    build: (leaf, { kernel, stride }) => ({ "out/y": avgPool(leaf("in/x"), { kernel, stride }) }),
  },
  batch_norm: { layouts: { x: "image", y: "image" }, build: buildBatchNorm },
  layer_norm: {
    build: (leaf, { eps }) => ({ "out/y": layerNorm(leaf("in/x"), leaf("in/w"), leaf("in/b"), { eps }) }),
  },
  group_norm: {
    layouts: { x: "image", y: "image" },
    build: (leaf, { groups, eps }) => ({
      "out/y": groupNorm(leaf("in/x"), leaf("in/w"), leaf("in/b"), { groups, eps }),
    }),
  },
  l2_normalize: {
    build: (leaf, { dim, eps }) => ({ "out/y": l2Normalize(leaf("in/x"), { axis: dim, eps }) }),
  },
  softmax: { build: (leaf, { dim }) => ({ "out/y": softmax(leaf("in/x"), { axis: dim }) }) },
  log_softmax: { build: (leaf, { dim }) => ({ "out/y": logSoftmax(leaf("in/x"), { axis: dim }) }) },
  cross_entropy: { build: buildCrossEntropy },
  cross_entropy_soft: {
    build: (leaf) => ({ "out/y": mean(crossEntropySoft(leaf("in/x"), leaf("in/target"))) }),
  },
  multi_head_attention: { build: buildAttention },
  attention_pool2d: { layouts: { x: "image" }, build: buildAttentionPool },
};
