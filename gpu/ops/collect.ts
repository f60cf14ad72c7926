// Gradients laid out as the store lays out parameters, so that the optimiser works on one slab instead of a tensor
// at a time.

import { lowered } from "../kernels/mod.ts";
import { lastOf, rowsOf, type Shape, sizeOf, vec4sOf } from "../base/mod.ts";
import { BLOCK, defineOp, emit, type Tensor } from "../graph/mod.ts";

defineOp({
  name: "collect",
  lower: (node) => lowered({ kind: "collect", blocks: node.shape[0] }),
  infer(tensors, attrs) {
    const blocks = attrs.blocks as number;
    const needed = tensors.reduce((sum, t) => sum + blocksOf(t.shape), 0);
    if (needed > blocks) throw new RangeError(`collect: ${needed} blocks do not fit into ${blocks}`);
    return { shape: [blocks, BLOCK], dtype: "f32" };
  },
  ref(arrays, node) {
    const data = new Float64Array(sizeOf(node.shape));
    let start = 0;
    for (const { data: part, shape } of arrays) {
      const columns = lastOf(shape), stride = 4 * Math.ceil(columns / 4);
      for (let r = 0; r < rowsOf(shape); r++) {
        data.set(part.subarray(r * columns, (r + 1) * columns), start + r * stride);
      }
      start += blocksOf(shape) * BLOCK;
    }
    return { data, shape: node.shape };
  },
  cases: [
    {
      name: "odd sizes and room left",
      inputs: [[3, 3, 5, 7], [17], [], [70, 8], [1, 1]].map((shape) => ({ shape })),
      attrs: { blocks: 10 },
    },
    { name: "exactly full", inputs: [{ shape: [64, 4] }, { shape: [256] }], attrs: { blocks: 2 } },
  ],
});

/** Blocks of 256 floats that a tensor takes in a slab: its padded layout, rounded up. */
export function blocksOf(shape: Shape): number {
  return Math.ceil(4 * vec4sOf(shape) / BLOCK);
}

/**
 * A slab [blocks,256]: each tensor in its padded device layout (rows of whole vec4), starting at a whole block, one
 * after the other; the rest zero. Throws RangeError when they do not fit. No gradient: it gathers gradients.
 */
export function collect(tensors: readonly Tensor[], { blocks }: { blocks: number }): Tensor {
  if (tensors.length === 0) throw new TypeError("collect of no tensors");
  return emit(tensors[0].graph, "collect", tensors, { blocks });
}
