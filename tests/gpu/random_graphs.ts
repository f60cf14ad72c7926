// Random small graphs for the fusion test: elementwise chains with every kind of broadcast, matrix products, sums,
// normalisations, views of parts, blocks of convolutional networks and of transformers, and gradients of it all, drawn
// from a seed. Values stay of order one and every function is continuous, so that another order of the same
// arithmetic does not show.

import { lastOf, sameShape, type Shape, sizeOf, streamOf, uniforms } from "../../gpu/base/mod.ts";
import {
  createGraph,
  gradients,
  type Graph,
  input,
  type RefArray,
  scalar,
  slabLayout,
  type Tensor,
} from "../../gpu/graph/mod.ts";
import * as ops from "../../gpu/ops/mod.ts";

export interface RandomGraph {
  readonly outputs: readonly Tensor[];
  readonly inputs: ReadonlyMap<string, RefArray>;
  readonly scalars: Readonly<Record<string, number>>;
}

interface Drawing {
  readonly graph: Graph;
  readonly inputs: Map<string, RefArray>;
  /** Tensors of two or more dimensions made so far. */
  readonly pool: Tensor[];
  /** A whole number in [0, n). */
  readonly below: (n: number) => number;
}

function choose<T>(d: Drawing, list: readonly T[]): T {
  return list[d.below(list.length)];
}

function leaf(d: Drawing, shape: Shape): Tensor {
  const name = `x${d.inputs.size}`;
  const data = uniforms(sizeOf(shape), d.below(1000), streamOf(name)).map((u) => Math.fround(3 * u - 1.5));
  d.inputs.set(name, { data, shape });
  return input(d.graph, name, shape);
}

/** A tensor made before; the newest ones more often. */
function some(d: Drawing): Tensor {
  const back = d.below(2) === 0 ? Math.min(3, d.pool.length) : d.pool.length;
  return d.pool[d.pool.length - 1 - d.below(back)];
}

/** A tensor of the shape: one made before, or a new leaf. */
function like(d: Drawing, shape: Shape): Tensor {
  const fitting = d.pool.filter((t) => sameShape(t.shape, shape));
  return fitting.length > 0 && d.below(4) > 0 ? choose(d, fitting) : leaf(d, shape);
}

/** Something that broadcasts to the shape: whole, a row, a column, one number, a step scalar, a part of a larger one. */
function partner(d: Drawing, shape: Shape): Tensor {
  const last = lastOf(shape), lead = shape.slice(0, -1);
  switch (d.below(9)) {
    case 0:
      return leaf(d, [last]);
    case 1:
      return leaf(d, [...lead, 1]);
    case 2:
      return scalar(d.graph, choose(d, ["lr", "decay"]));
    case 3:
      return ops.row(leaf(d, [3, last]), d.below(3));
    case 4:
      return ops.mean(like(d, shape), { axes: lead.map((_, axis) => axis) });
    case 5:
      return ops.mean(like(d, shape), { axes: [-1], keep: true });
    case 6:
      return ops.mean(like(d, shape), { axes: [0], keep: true });
    default:
      return like(d, shape);
  }
}

const unary: ((t: Tensor) => Tensor)[] = [
  ops.neg,
  ops.tanh,
  ops.sigmoid,
  ops.relu,
  ops.gelu,
  ops.quickGelu,
  (t) => ops.mulScalar(t, -0.75),
  (t) => ops.addScalar(t, 0.5),
  (t) => ops.tanh(ops.square(t)),
  (t) => ops.rsqrt(ops.addScalar(ops.square(t), 1)),
  (t) => ops.exp(ops.neg(ops.square(t))),
];

/** A new tensor from older ones: most of the time elementwise. */
function grow(d: Drawing): Tensor {
  const t = some(d), last = lastOf(t.shape);
  switch (d.below(10)) {
    case 0:
    case 1:
      return choose(d, unary)(t);
    case 2:
    case 3:
    case 4:
      return choose(d, [ops.add, ops.sub, ops.mul])(t, partner(d, t.shape));
    case 5:
      return ops.affine(t, partner(d, [...t.shape.slice(0, -1).map(() => 1), last]), leaf(d, [last]));
    case 6:
      return normalised(d, t);
    default:
      return t.shape.length === 2 ? matrix(d, t) : t.shape.length === 3 ? sequence(d, t) : image(d, t);
  }
}

function normalised(d: Drawing, t: Tensor): Tensor {
  const last = lastOf(t.shape), gamma = leaf(d, [last]), beta = leaf(d, [last]);
  if (d.below(3) === 0) return ops.layerNorm(t, gamma, beta, { eps: 0.1 });
  const train = d.below(3) > 0;
  const stats = train
    ? ops.bnStats(t, gamma, beta, { eps: 0.1 })
    : ops.bnFold(leaf(d, [last]), ops.square(leaf(d, [last])), gamma, beta, { eps: 0.1 });
  return ops.batchNorm(t, stats, gamma, beta, { train });
}

function matrix(d: Drawing, t: Tensor): Tensor {
  const [rows, columns] = t.shape;
  switch (d.below(7)) {
    case 0:
    case 1: {
      const width = choose(d, [3, 8, 13]);
      return ops.mulScalar(ops.linear(t, leaf(d, [width, columns]), leaf(d, [width])), 0.4);
    }
    case 2:
      return ops.mulScalar(ops.matmul(t, like(d, t.shape), { ta: true }), 1 / rows);
    case 3:
      return ops.mulScalar(
        ops.matmul(t, like(d, [d.below(2) === 0 ? rows : 6, columns]), { tb: true }),
        1 / columns,
      );
    case 4:
      return ops.softmax(t);
    case 5:
      return d.below(2) === 0 ? ops.transpose(t) : ops.concat([t, like(d, [2, columns])], 0);
    default:
      return rows > 1 ? ops.slice(t, { starts: [d.below(rows - 1)] }) : ops.reshape(t, [columns, 1]);
  }
}

/** Of [batch, tokens, width]: attention, a product per token, a class token, one token of each. */
function sequence(d: Drawing, t: Tensor): Tensor {
  const [batch, tokens, width] = t.shape;
  switch (d.below(5)) {
    case 0:
    case 1: {
      if (width % 8 !== 0) return ops.linear(t, leaf(d, [8, width]));
      const heads = choose(d, [1, 2]), causal = d.below(2) === 0;
      const [q, k, v] = [0, 1, 2].map(() => ops.linear(t, ops.mulScalar(leaf(d, [width, width]), 0.3)));
      return ops.multiHeadAttention({ q, k, v }, heads, { causal });
    }
    case 2:
      return ops.tanh(ops.linear(t, leaf(d, [choose(d, [8, 16]), width]), undefined));
    case 3:
      return ops.concat([ops.broadcastTo(leaf(d, [1, 1, width]), [batch, 1, width]), t], 1);
    default:
      if (tokens === 1) return ops.reshape(t, [batch, width]);
      return ops.reshape(ops.slice(t, { starts: [0, 1], ends: [null, 2] }), [batch, width]);
  }
}

/** Of [images, height, width, channels]: convolutions, also as residual blocks, pools, means of pixels. */
function image(d: Drawing, t: Tensor): Tensor {
  const [n, height, width, channels] = t.shape, small = height < 4 || width < 4;
  const filter = (size: number, to: number) =>
    ops.mulScalar(leaf(d, [size, size, channels, to]), 1 / size / Math.sqrt(channels));
  switch (d.below(6)) {
    case 0:
      return ops.conv2d(t, filter(1, choose(d, [5, 8])), { stride: 1, padding: 0 });
    case 1:
      return ops.conv2d(t, filter(3, choose(d, [4, 6])), { stride: small ? 1 : 2, padding: 1 });
    case 2:
    case 3: {
      const inside = ops.relu(normalised(d, ops.conv2d(t, filter(3, channels), { stride: 1, padding: 1 })));
      return ops.add(ops.conv2d(inside, filter(3, channels), { stride: 1, padding: 1 }), t);
    }
    case 4:
      return small ? ops.reshape(t, [n, height * width, channels]) : ops.avgPool(t, { kernel: 2 });
    default:
      return ops.mean(t, { axes: [1, 2] });
  }
}

/** A graph of `size` drawn steps, the same for the same seed; some of its values are outputs, and some gradients. */
export function randomGraph(seed: number, size: number): RandomGraph {
  const drawn = uniforms(200 * (size + 10), seed, streamOf("random graph"));
  let next = 0;
  const below = (n: number) => Math.floor(drawn[next++] * n);
  const d: Drawing = { graph: createGraph(), inputs: new Map(), pool: [], below };
  const rows = choose(d, [5, 17, 33, 130]), columns = choose(d, [4, 7, 12, 20]);
  d.pool.push(leaf(d, choose(d, [[rows, columns], [3, 6, 16], [2, 6, 5, columns]])));
  for (let i = 0; i < size; i++) d.pool.push(grow(d));
  const outputs = [d.pool[d.pool.length - 1], some(d), some(d), ops.mean(some(d))];
  if (below(3) > 0) outputs.push(...gradientsOf(d, outputs[0], outputs[1]));
  return { outputs, inputs: d.inputs, scalars: { lr: 0.3, decay: -0.7 } };
}

/** Gradients of two outputs with respect to the leaves; every other time laid out in one slab. */
function gradientsOf(d: Drawing, ...outputs: Tensor[]): Tensor[] {
  const losses = outputs.map((t) => ops.mean(ops.tanh(t)));
  const one = leaf(d, []);
  const leaves = [...d.graph.inputs.values()].filter((t) => t !== one);
  const found = gradients(losses, losses.map(() => one), leaves).filter((t) => t !== null);
  if (found.length === 0 || d.below(2) === 0) return found;
  const { blocks } = slabLayout(found.map(({ shape }, i) => ({ name: `${i}`, shape })));
  return [ops.collect(found, { blocks })];
}
