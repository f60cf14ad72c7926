// New values of the running statistics after a step, from the updates that the layers asked for: either tensor by
// tensor, or for whole slabs of buffers at once, which costs a few dispatches however many layers there are.

import { sizeOf } from "../base/mod.ts";
import {
  constant,
  type Graph,
  type RunningUpdate,
  type SlabLayout,
  type StateUpdates,
  type Tensor,
} from "../graph/mod.ts";
import * as ops from "../ops/mod.ts";
import { timesPerBlock } from "./groups.ts";

/** What the updates of one buffer come to: buffer <- keep * buffer + gain * value. */
interface Blend {
  readonly keep: number;
  readonly gain: number;
  readonly value: Tensor;
}

/** Several updates of one buffer in one step (several crops through one network) act one after the other. */
function blends(updates: readonly RunningUpdate[]): Map<string, Blend> {
  const found = new Map<string, Blend>();
  for (const { buffer, value, correction, momentum } of updates) {
    const keep = 1 - momentum, gain = momentum * correction, before = found.get(buffer);
    if (before === undefined) {
      found.set(buffer, { keep, gain, value });
      continue;
    }
    const faded = ops.mulScalar(before.value, before.gain * keep);
    found.set(buffer, {
      keep: before.keep * keep,
      gain: 1,
      value: ops.add(faded, ops.mulScalar(value, gain)),
    });
  }
  return found;
}

/** The new value of every buffer that the step changes, by name. `current` gives the buffers' leaves. */
export function runningValues(updates: StateUpdates, current: (name: string) => Tensor): Map<string, Tensor> {
  const values = new Map<string, Tensor>();
  for (const [name, { keep, gain, value }] of blends(updates.running)) {
    values.set(name, ops.add(ops.mulScalar(current(name), keep), ops.mulScalar(value, gain)));
  }
  return values;
}

/**
 * The new values of the slabs of running statistics (parameterGroups' `running`), laid out as `layouts`; what no update
 * names stays. Throws RangeError when an update names a buffer that no layout holds.
 */
export function runningSlabs(
  graph: Graph,
  layouts: readonly SlabLayout[],
  updates: StateUpdates,
  current: readonly Tensor[],
): Tensor[] {
  const known = blends(updates.running);
  if (known.size === 0) return [...current];
  const next = layouts.map((layout, i) => runningSlab(graph, layout, known, current[i]));
  for (const name of known.keys()) throw new RangeError(`Buffer "${name}" has no place in the slabs`);
  return next;
}

/** One slab moved by its blends, which are taken out of `known`. */
function runningSlab(
  graph: Graph,
  layout: SlabLayout,
  known: Map<string, Blend>,
  current: Tensor,
): Tensor {
  const keep = new Array<number>(layout.blocks).fill(1), gain = new Array<number>(layout.blocks).fill(0);
  const parts = layout.entries.map((entry) => {
    const blend = known.get(entry.name);
    known.delete(entry.name);
    if (blend === undefined) return constant(graph, new Array(sizeOf(entry.shape)).fill(0), entry.shape);
    keep.fill(blend.keep, entry.block, entry.block + entry.blocks);
    gain.fill(blend.gain, entry.block, entry.block + entry.blocks);
    return blend.value;
  });
  const fresh = timesPerBlock(ops.collect(parts, { blocks: layout.blocks }), gain);
  return ops.add(timesPerBlock(current, keep), fresh);
}
