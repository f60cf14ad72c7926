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

/** Words that every arena has left under `most` when all it gathers is whole. */
export function spareWords(fused: Fused, arena: Context["arena"], most: number): Map<Tensor, number> {
  const spare = new Map<Tensor, number>();
  for (const { kind, core } of fused.clusters) {
    if (kind !== "collect") continue;
    const direct = new Set(core.inputs.map((t) => viewOf(t).root).filter((root) => arena.get(root) === core));
    const copied = core.inputs.filter((t) => !direct.has(viewOf(t).root));
    const words = [...direct, ...copied].reduce((sum, { shape }) => sum + vec4sOf(shape), 0);
    spare.set(core, most - words);
  }
  return spare;
}

/** Nodes whose value is wanted by more than the collect of their arena, which alone can add up parts. */
export function wantedWhole(
  fused: Fused,
  arena: ReadonlyMap<Tensor, Tensor>,
  outputs: readonly Tensor[],
): Set<Tensor> {
  const wanted = new Set(outputs.map((t) => viewOf(t).root));
  for (const cluster of fused.clusters) {
    for (const input of fused.inputsOf(cluster)) if (arena.get(input) !== cluster.core) wanted.add(input);
  }
  return wanted;
}

/** Whether a node of an arena may stay there in `count` parts; if so, the room for them is taken. */
export function mayStayInParts(node: Tensor, count: number, c: Context): boolean {
  if (c.whole.has(node)) return false;
  const collect = c.arena.get(node), more = (count - 1) * vec4sOf(node.shape);
  if (collect === undefined || more > c.spare.get(collect)!) return false;
  c.spare.set(collect, c.spare.get(collect)! - more);
  return true;
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
