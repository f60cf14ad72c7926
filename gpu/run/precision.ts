// f16 storage: which values are stored in halves. Arithmetic and sums stay in f32; a value is rounded once, where it is
// made, so that all its readers see the same number however kernels are fused. Halves are results of ops, of more than
// a thousand words, that come from the batch or the weights: activations and their gradients. In f32 stay
//   what was there before (inputs, constants, slabs) and what leaves the program (outputs, new slabs);
//   indices, parts of sums, and what a record says is `exact`: sums, statistics, losses, logits, attention scores;
//   vectors, and rows of fewer than four numbers, which are numbers about rows;
//   the gradients that `collect` gathers, and what is computed from it or from slabs alone: the optimiser.
// Contractions read their weights from a shadow of the slab in halves, made from the f32 slab at the start of each run.

import { lastOf, rowsOf, vec4sOf } from "../base/mod.ts";
import { opRecord, reachable, slab, type Tensor } from "../graph/mod.ts";
import { BLOCK_WORDS, copyLaunch } from "../kernels/mod.ts";
import type { Gpu } from "../device/mod.ts";
import { viewOf } from "./alias.ts";
import type { KernelCall, Operand, Value } from "./calls.ts";
import { isLeaf } from "./expand.ts";
import { isElementwise } from "./fuse.ts";
import type { LoweredGraph } from "./lower.ts";
import type { Store } from "./store.ts";

/** How activations, their gradients and the weights that contractions read are stored. */
export type StorageType = "f32" | "f16";

/** Values up to this size share the smallest storages in any case (plan.ts). */
const SMALL_WORDS = 1024;

/** Throws RangeError when the device cannot store halves. */
export function expectStorage(gpu: Gpu, storage: StorageType = "f32"): void {
  if (storage === "f32") return;
  if (gpu.memory !== "buffer") {
    throw new RangeError('Storage "f16" needs a GPU; on a software adapter take storage "f32"');
  }
  if (!gpu.features.has("shader-f16")) {
    throw new RangeError(
      'Storage "f16" needs the feature shader-f16, which this adapter lacks; take storage "f32"',
    );
  }
}

/** The nodes of a program whose values are halves where they are stored. */
export function halfNodes(roots: readonly Tensor[]): Set<Tensor> {
  const nodes = reachable(roots);
  const ofModel = new Set<Tensor>(), ofUpdate = new Set<Tensor>();
  const exact = new Set(roots.map((root) => viewOf(root).root)), scores = new Set<Tensor>();
  for (const node of nodes) {
    if (node.op === "input" || node.op === "param" || node.inputs.some((t) => ofModel.has(t))) {
      ofModel.add(node);
    }
    if (node.op === "collect" || node.inputs.some((t) => ofUpdate.has(t))) ofUpdate.add(node);
    if (isLeaf(node)) continue;
    const { exact: kept } = opRecord(node.op);
    if (kept === "result" || kept === "both") exact.add(node);
    if (kept === "inputs" || kept === "both") node.inputs.forEach((source) => madeOf(source, scores));
    if (node.op === "collect") node.inputs.forEach((source) => exact.add(viewOf(source).root));
  }
  return new Set(
    nodes.filter((node) =>
      !isLeaf(node) && node.dtype === "f32" && vec4sOf(node.shape) > SMALL_WORDS &&
      lastOf(node.shape) >= 4 && rowsOf(node.shape) > 1 &&
      ofModel.has(node) && !ofUpdate.has(node) && !exact.has(node) && !scores.has(node)
    ),
  );
}

/** Adds a tensor and what it is a mere elementwise function or transpose of: rounded logits are none the better scaled. */
function madeOf(tensor: Tensor, found: Set<Tensor>): void {
  const { root } = viewOf(tensor);
  if (found.has(root) || isLeaf(root)) return;
  found.add(root);
  if (isElementwise(root) || root.op === "permute") root.inputs.forEach((source) => madeOf(source, found));
}

/** The calls of a graph with the weights of contractions read from shadows, which come first. */
export function withShadows(
  { steps, valueOf }: LoweredGraph,
  roots: readonly Tensor[],
  store: Store,
): KernelCall[] {
  const shadows = new Map<string, Value>(), casts: KernelCall[] = [];
  const shadowOf = (name: string, blocks: number): Value => {
    const known = shadows.get(name);
    if (known !== undefined) return known;
    const shadow = { words: blocks * BLOCK_WORDS, tensor: null, half: true };
    const core = slab(roots[0].graph, name, blocks);
    casts.push({
      launch: copyLaunch(shadow.words),
      reads: [{ value: valueOf(core), offset: 0 }],
      writes: [{ value: shadow, offset: 0 }],
      core,
      flops: 0,
      contraction: false,
    });
    shadows.set(name, shadow);
    return shadow;
  };
  const inShadow = (operand: Operand): Operand => {
    const { tensor } = operand.value;
    const place = tensor?.op === "param" ? store.placeOf.get(tensor.attrs.name as string) : undefined;
    if (place === undefined) return operand;
    const { slab: { name, blocks }, entry } = place;
    return { value: shadowOf(name, blocks), offset: entry.block * BLOCK_WORDS + operand.offset };
  };
  const calls = steps.map((call) => {
    if (!call.contraction) return call;
    const { reads: names } = call.launch.kernel;
    const isFactor = (i: number) => names[i] === "A" || names[i] === "B";
    return { ...call, reads: call.reads.map((operand, i) => isFactor(i) ? inShadow(operand) : operand) };
  });
  return [...casts, ...calls];
}
