// Gradients laid out as the store lays out parameters, so that the optimiser works on one slab instead of a tensor
// at a time.

import { type Shape, sizeOf } from "../base/mod.ts";
import { BLOCK, defineOp, emit, packEntry, slabLayout, type Tensor } from "../graph/mod.ts";
import { lowered } from "../kernels/mod.ts";
import { expectFloats } from "./expect.ts";

/** Where the tensors lie: in the order given. */
function layoutOf(arrays: readonly { readonly shape: Shape }[]) {
  return slabLayout(arrays.map(({ shape }, i) => ({ name: String(i), shape })));
}

defineOp({
  name: "collect",
  lower: (node) => lowered({ kind: "collect", blocks: node.shape[0] }),
  infer(tensors, attrs) {
    expectFloats(tensors);
    const blocks = attrs.blocks as number, needed = layoutOf(tensors).blocks;
    if (needed > blocks) throw new RangeError(`${needed} blocks do not fit into ${blocks}`);
    return { shape: [blocks, BLOCK], dtype: "f32" };
  },
  ref(arrays, node) {
    const data = new Float64Array(sizeOf(node.shape));
    layoutOf(arrays).entries.forEach((entry, i) => packEntry(data, entry, arrays[i].data));
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

/**
 * A slab [blocks,256]: each tensor in its padded device layout (rows of whole vec4), starting at a whole block, one
 * after the other; the rest zero. Throws RangeError when they do not fit. No gradient: it gathers gradients.
 */
export function collect(tensors: readonly Tensor[], { blocks }: { blocks: number }): Tensor {
  if (tensors.length === 0) throw new TypeError("collect of no tensors");
  return emit(tensors[0].graph, "collect", tensors, { blocks });
}
