// How the matrix products run: each is a contraction whose operands are matrices inside larger tensors.

import { rowsOf, type Shape, vec4sPerRow } from "../base/mod.ts";
import type { Tensor } from "../graph/mod.ts";
import { type ContractSpec, type Lowered, lowered, type MatrixAt } from "../kernels/mod.ts";

interface Batch {
  readonly sizes: readonly [number, number];
  readonly strides: readonly (readonly [number, number])[];
}

/** Leading dimensions of the operands merged to at most two, with strides in matrices (0 where one broadcasts). */
function mergeBatch(out: Shape, operands: readonly Shape[]): Batch {
  const dims: { size: number; strides: number[] }[] = [];
  const all = operands.map((shape) => {
    let step = 1;
    const strides = new Array<number>(out.length).fill(0);
    for (let d = out.length - 1; d >= 0; d--) {
      const size = shape[d - (out.length - shape.length)] ?? 1;
      strides[d] = size === 1 ? 0 : step;
      step *= size;
    }
    return strides;
  });
  out.forEach((size, d) => {
    if (size === 1) return;
    const strides = all.map((s) => s[d]), before = dims[dims.length - 1];
    if (before !== undefined && strides.every((s, i) => before.strides[i] === s * size)) {
      before.size *= size;
      before.strides = strides;
    } else dims.push({ size, strides });
  });
  if (dims.length > 2) {
    throw new RangeError(
      "A matmul broadcasts over at most two separate batch dimensions: expand one operand first",
    );
  }
  while (dims.length < 2) dims.unshift({ size: 1, strides: operands.map(() => 0) });
  return {
    sizes: [dims[0].size, dims[1].size],
    strides: operands.map((_, i) => [dims[0].strides[i], dims[1].strides[i]] as const),
  };
}

export function lowerMatmul(node: Tensor): Lowered {
  const [a, b] = node.inputs;
  const { ta, tb } = node.attrs as { ta: boolean; tb: boolean };
  const [m, n] = node.shape.slice(-2);
  const k = ta ? a.shape[a.shape.length - 2] : a.shape[a.shape.length - 1];
  const lead = [a.shape, b.shape, node.shape].map((s) => s.slice(0, -2));
  const batch = mergeBatch(lead[2], lead);
  const at = (shape: Shape, i: number): MatrixAt => {
    const row = vec4sPerRow(shape), matrix = shape[shape.length - 2] * row;
    return { row, batch0: batch.strides[i][0] * matrix, batch1: batch.strides[i][1] * matrix };
  };
  const spec: ContractSpec = {
    orientA: ta ? "km" : "mk",
    orientB: tb ? "nk" : "kn",
    batch: batch.sizes,
    m,
    n,
    k,
    a: at(a.shape, 0),
    b: at(b.shape, 1),
    y: at(node.shape, 2),
  };
  return lowered({ kind: "contract", spec, a: 0, b: 1 });
}

/** A matrix per head inside [B, L, heads * size]: rows of the whole width, columns of one head. */
function headsIn(shape: Shape, size: number): MatrixAt {
  const row = vec4sPerRow(shape);
  return { row, batch0: shape[1] * row, batch1: size / 4 };
}

/** [B, heads, T, S]. */
function perHead(shape: Shape): MatrixAt {
  const row = vec4sPerRow(shape);
  return { row, batch0: shape[1] * shape[2] * row, batch1: shape[2] * row };
}

export function lowerHeadsQK(node: Tensor): Lowered {
  const [q, k] = node.inputs, [batch, heads, t, s] = node.shape;
  const size = q.shape[2] / heads;
  return lowered({
    kind: "contract",
    a: 0,
    b: 1,
    spec: {
      orientA: "mk",
      orientB: "nk",
      batch: [batch, heads],
      m: t,
      n: s,
      k: size,
      a: headsIn(q.shape, size),
      b: headsIn(k.shape, size),
      y: perHead(node.shape),
    },
  });
}

/** `transposed`: the weights act from the other side (headsPtV). */
export function lowerHeadsPV(node: Tensor, transposed: boolean): Lowered {
  const [p, v] = node.inputs, [batch, heads, t, s] = p.shape;
  const size = v.shape[2] / heads;
  return lowered({
    kind: "contract",
    a: 0,
    b: 1,
    spec: {
      orientA: transposed ? "km" : "mk",
      orientB: "kn",
      batch: [batch, heads],
      m: transposed ? s : t,
      n: size,
      k: transposed ? t : s,
      a: perHead(p.shape),
      b: headsIn(v.shape, size),
      y: headsIn(node.shape, size),
    },
  });
}

/** An embedding's gradient as a product with one-hot rows, which are made on the fly. */
export function lowerOneHotGrad(node: Tensor): Lowered {
  const [idx, dy] = node.inputs;
  const count = rowsOf(dy.shape), width = vec4sPerRow(dy.shape);
  return lowered({
    kind: "contract",
    a: 0,
    b: 1,
    spec: {
      orientA: "km",
      orientB: "kn",
      batch: [1, 1],
      m: node.shape[0],
      n: node.shape[1],
      k: count,
      a: { row: vec4sPerRow(idx.shape), batch0: 0, batch1: 0 },
      b: { row: width, batch0: 0, batch1: 0 },
      y: { row: width, batch0: 0, batch1: 0 },
      oneHot: idx.shape.length === 0 ? 1 : idx.shape[idx.shape.length - 1],
    },
  });
}
