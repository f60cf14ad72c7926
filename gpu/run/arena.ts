// `collect`: every gradient of a step gathered into one slab by one dispatch. Kernels write their gradients straight
// into the arena it reads, split sums still in parts; what cannot be written there is copied.

import { vec4sOf } from "../base/mod.ts";
import type { Tensor } from "../graph/mod.ts";
import { collectLaunch, type CollectLowered, collectTable, copyLaunch } from "../kernels/mod.ts";
import { viewOf } from "./alias.ts";
import { type Context, emitCall, type Operand, type Value } from "./calls.ts";
import { isLeaf } from "./expand.ts";
import type { Cluster, Fused } from "./fuse.ts";

/** Inputs in the arena are where they should be; the others are copied there first. */
export function lowerCollect(cluster: Cluster, c: Context): void {
  const node = cluster.core, blocks = (cluster.lowered as CollectLowered).blocks;
  const arena = arenaOf(node, c);
  const entries = node.inputs.map((source) => {
    const { root, offset } = viewOf(source);
    const words = vec4sOf(source.shape);
    if (c.arena.get(root) === node) {
      const parts = c.partsOf.get(root) ?? { count: 1, words: 0 };
      return { at: place(c.valueOf(root), arena) + offset, words, parts: parts.count, stride: parts.words };
    }
    const at = reserve(arena, words);
    const from = { value: c.valueOf(root), offset };
    emitCall(c, node, copyLaunch(words), new Map([["X", from], ["Y", { value: arena, offset: at }]]));
    return { at, words, parts: 1, stride: 0 };
  });
  const data = collectTable(entries, blocks);
  const bound = new Map<string, Operand>([
    ["X", { value: arena, offset: 0 }],
    ["T", { value: { words: blocks * 2, tensor: null, data }, offset: 0 }],
    ["Y", { value: c.valueOf(node), offset: 0 }],
  ]);
  emitCall(c, node, collectLaunch(blocks), bound);
}

function arenaOf(collect: Tensor, c: Context): Value {
  const known = c.arenas.get(collect);
  if (known !== undefined) return known;
  const arena: Value = { words: 0, tensor: null };
  c.arenas.set(collect, arena);
  return arena;
}

function reserve(arena: Value, words: number): number {
  const at = arena.words;
  arena.words += words;
  return at;
}

/** Word of the arena at which a value begins. */
function place(value: Value, arena: Value): number {
  value.home ??= { value: arena, offset: reserve(arena, value.words) };
  return value.home.offset;
}

/** Nodes that can be written straight into the arena of the collect that gathers them. */
export function arenaNodes(fused: Fused): Map<Tensor, Tensor> {
  const found = new Map<Tensor, Tensor>();
  for (const { kind, core } of fused.clusters) {
    if (kind !== "collect") continue;
    for (const source of core.inputs) {
      const { root } = viewOf(source);
      if (!isLeaf(root) && !found.has(root) && fused.clusterOf.has(root)) found.set(root, core);
    }
  }
  // WebGPU forbids a dispatch that reads and writes one arena: such an input is copied there afterwards. (A reduction
  // is written by its finishing kernel, which reads partial sums only.)
  for (const cluster of fused.clusters) {
    const written = [...cluster.members].filter((node) =>
      found.has(node) && fused.clusterOf.get(node) === cluster && !cluster.reductions.includes(node)
    );
    if (written.length === 0 || cluster.kind === "collect") continue;
    const arenas = new Set(written.map((node) => found.get(node)));
    for (const input of fused.inputsOf(cluster)) if (arenas.has(found.get(input))) found.delete(input);
  }
  return found;
}
