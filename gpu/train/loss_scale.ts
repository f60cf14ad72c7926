// Dynamic loss scaling for activations stored in halves, decided on the device as torch.amp.GradScaler does: the loss is
// multiplied before it is differentiated, so that small gradients do not vanish, and gradients are divided again in f32
// before they are used. A step whose gradient is not finite changes nothing but the scale, which shrinks; after many
// good steps it grows. The scale and the good steps since it last changed are a small slab, saved with the optimiser.

import { BLOCK, constant, type Graph, slab, slabLayout, type Tensor } from "../graph/mod.ts";
import * as ops from "../ops/mod.ts";
import { defineSlab, slabBytes, type Store, writeSlab } from "../run/mod.ts";

export interface LossScaling {
  /** Scale of the first step; default 65536. */
  readonly init: number;
  /** Factor after `interval` good steps in a row; defaults 2 and 2000. */
  readonly growth: number;
  readonly interval: number;
  /** Factor after a step whose gradient was not finite; default 0.5. */
  readonly backoff: number;
}

/** Fills in GradScaler's defaults. Throws RangeError for numbers that would not scale up and down. */
export function lossScaling(options: Partial<LossScaling> = {}): LossScaling {
  const { init = 65536, growth = 2, interval = 2000, backoff = 0.5 } = options;
  if (!(init > 0 && init <= LARGEST)) throw new RangeError(`A loss scale cannot begin at ${init}`);
  if (!(growth > 1 && growth <= LARGEST)) {
    throw new RangeError(`The loss scale cannot grow by ${growth}; give more than 1`);
  }
  if (!(backoff > 0 && backoff < 1)) {
    throw new RangeError(`The loss scale cannot shrink by ${backoff}; give a number between 0 and 1`);
  }
  if (!Number.isInteger(interval) || interval < 1) {
    throw new RangeError(
      `The loss scale cannot grow every ${interval} steps; give a whole number of at least 1`,
    );
  }
  return { init, growth, interval, backoff };
}

/** Name of the slab; two blocks, the first float of each being the number. */
export const LOSS_SCALE = "loss_scale";

const LAYOUT = slabLayout([{ name: "scale", shape: [] }, { name: "good_steps", shape: [] }]);

/** The scale grows no further, so that it and its reciprocal stay far inside f32. */
const LARGEST = 2 ** 60;

/** Makes the slab, with no good steps yet. */
export function defineLossScale(store: Store, { init }: LossScaling): void {
  const { blocks } = defineSlab(store, LOSS_SCALE, LAYOUT.blocks, LAYOUT);
  const floats = new Float32Array(blocks * BLOCK);
  floats[0] = init;
  writeSlab(store, LOSS_SCALE, floats);
}

/** Bytes of the slab with both its sides. */
export function lossScaleBytes(gpu: Store["gpu"]): number {
  return slabBytes(gpu, LAYOUT.blocks, 2);
}

function stateOf(graph: Graph): { state: Tensor; scale: Tensor; goodSteps: Tensor } {
  const state = slab(graph, LOSS_SCALE, LAYOUT.blocks);
  const [scale, goodSteps] = LAYOUT.entries.map(({ block }) =>
    ops.reshape(ops.slice(state, { starts: [block, 0], ends: [block + 1, 1], steps: [1, 1] }), [])
  );
  return { state, scale, goodSteps };
}

/** What the loss is differentiated with, shape []: 1, or the scale where the loss is scaled. */
export function lossCotangent(graph: Graph, scaling: LossScaling | undefined): Tensor {
  return scaling === undefined ? constant(graph, [1], []) : stateOf(graph).scale;
}

/** The gradient of the loss itself, from that of the scaled loss. */
export function unscaled(g: Tensor): Tensor {
  return ops.mul(g, ops.reciprocal(stateOf(g.graph).scale));
}

/** 1 where the loss or any number of the gradient's slabs is not finite; `norm`, if known, is that of the gradient. */
export function isUnusable(loss: Tensor, g: readonly Tensor[], norm: Tensor | null): Tensor {
  const faults = norm === null
    ? g.map((slab) => ops.sum(ops.nonFinite(slab), { axes: null })).reduce((a, b) => ops.add(a, b))
    : ops.nonFinite(norm);
  return ops.greater(ops.add(faults, ops.nonFinite(loss)), constant(loss.graph, [0], []));
}

/**
 * What follows from whether a step is unusable: all slabs as they were in that case, the scale's own slab, and the
 * readings `loss_scale` (of this step) and `skipped`.
 */
export function skipUnusable(
  unusable: Tensor,
  slabs: Readonly<Record<string, Tensor>>,
  { growth, interval, backoff }: LossScaling,
): { slabs: Record<string, Tensor>; readings: Record<string, Tensor> } {
  const { graph } = unusable, { state, scale, goodSteps } = stateOf(graph);
  const scaleTimes = (factor: number) => ops.mul(state, constant(graph, [factor, 0], [LAYOUT.blocks, 1]));
  const one = new Array<number>(LAYOUT.blocks * BLOCK).fill(0);
  one[LAYOUT.entries[1].block * BLOCK] = 1;
  const counted = ops.add(state, constant(graph, one, [LAYOUT.blocks, BLOCK]));
  const isDue = ops.greater(goodSteps, constant(graph, [interval - 1.5], []));
  const grown = ops.clamp(scaleTimes(growth), { min: null, max: LARGEST });
  const kept = Object.entries(slabs).map(([name, next]) => {
    return [name, ops.where(unusable, slab(graph, name, next.shape[0]), next)] as const;
  });
  return {
    slabs: {
      ...Object.fromEntries(kept),
      [LOSS_SCALE]: ops.where(unusable, scaleTimes(backoff), ops.where(isDue, grown, counted)),
    },
    readings: { loss_scale: scale, skipped: unusable },
  };
}

/**
 * Whether the readings of a step tell of a fault. A scaled loss may overflow in the gradient, and the step is skipped;
 * when the scale is below 1 it was not the scale.
 */
export function isFault(loss: number, metrics: Readonly<Record<string, number>>): boolean {
  if (!Number.isFinite(loss)) return true;
  if ("skipped" in metrics) return metrics.skipped > 0 && metrics.loss_scale < 1;
  return "grad_norm" in metrics && !Number.isFinite(metrics.grad_norm);
}
