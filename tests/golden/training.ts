// Training steps for the golden runner: loss, gradients, clipping, optimiser, averages and running statistics as one
// graph, replayed through an evaluator with the state carried along on the host. It is the engine's training step
// without its store.

import { sizeOf } from "../../gpu/base/mod.ts";
import {
  BLOCK,
  constant,
  type Graph,
  packEntry,
  slab,
  type SlabLayout,
  slabLayout,
  type StateUpdates,
  stateUpdates,
  type Tensor,
  unpackEntry,
} from "../../gpu/graph/mod.ts";
import {
  blockTable,
  clampParameters,
  clipGlobalNorm,
  clipTensorNorms,
  ema,
  emaScalars,
  gradientSlab,
  type GroupRule,
  type Optimizer,
  parameterGroups,
  runningSlabs,
  type StepRates,
} from "../../gpu/optim/mod.ts";
import type { Evaluator, NumberArray } from "./evaluator.ts";

export interface TrainingOptions {
  readonly graph: Graph;
  readonly loss: Tensor;
  readonly optimizer: Optimizer;
  readonly rule: GroupRule;
  readonly updates?: StateUpdates;
  readonly clip?: { readonly kind: "global" | "per_param"; readonly limit: number } | null;
  readonly clamp?: { readonly names: readonly string[]; readonly min: number; readonly max: number };
  /** Keep a moving average of the weights, starting at the initial ones. */
  readonly average?: boolean;
  readonly evaluator: Evaluator;
  /** First value of a parameter or buffer, in the engine's layout. */
  readonly initial: (name: string) => ArrayLike<number>;
}

export interface Training {
  /** One step; `momentum` is that of the moving average. Gives the loss before the step. */
  step(inputs: ReadonlyMap<string, NumberArray>, rates: StepRates, momentum?: number): Promise<number>;
  /** A parameter, buffer or average after the steps so far, in the engine's layout. */
  parameter(name: string): Float64Array;
  average(name: string): Float64Array;
  /** The gradient of the last step, before clipping. */
  gradient(name: string): Float64Array;
  /** Steps done, for counters. */
  steps(): number;
}

/** Builds the step; nothing is evaluated yet. */
export function startTraining(options: TrainingOptions): Training {
  const { graph, loss, optimizer, rule, updates = stateUpdates(), clip, clamp, evaluator, initial } = options;
  const groups = parameterGroups(graph, updates);
  const layout = slabLayout(groups.trained), table = blockTable(layout, rule);
  const runningLayout = slabLayout(groups.running);
  const leaf = (name: string) => slab(graph, name, layout.blocks);

  const p = leaf("param");
  const g = gradientSlab(graph, [loss], [constant(graph, [1], [])], layout);
  const clipped = !clip
    ? g
    : clip.kind === "global"
    ? clipGlobalNorm([g], clip.limit).slabs[0]
    : clipTensorNorms(g, table, clip.limit);
  const slots = Object.fromEntries(optimizer.slots.map((name) => [name, leaf(name)]));
  const after = optimizer.update(graph, { p, g: clipped, slots, table });
  const moved = clamp ? clampParameters(after.p, layout, clamp.names, clamp) : after.p;
  const next: Record<string, Tensor> = { param: moved, ...after.slots };
  if (options.average) next.average = ema(graph, leaf("average"), moved);
  if (runningLayout.blocks > 0) {
    const running = slab(graph, "running", runningLayout.blocks);
    [next.running] = runningSlabs(graph, [runningLayout], updates, [running]);
  }

  const first = pack(layout, initial);
  const state = new Map<string, NumberArray>(
    Object.keys(next).map((name) => {
      if (name === "running") return [name, pack(runningLayout, initial)];
      return [name, name === "param" || name === "average" ? first : pack(layout, () => [])];
    }),
  );
  const outputs = [loss, g, ...Object.values(next)];
  let gradient: NumberArray = pack(layout, () => []), done = 0;

  const read = (from: SlabLayout, name: string, table: NumberArray) => {
    const entry = from.entries.find((e) => e.name === name);
    if (entry === undefined) throw new RangeError(`Nothing is kept under "${name}"`);
    return unpackEntry(Float64Array.from(table.data), entry);
  };
  const held = (from: SlabLayout, name: string) => from.entries.some((entry) => entry.name === name);
  const parameter = (name: string) => {
    if (held(layout, name)) return read(layout, name, state.get("param")!);
    if (held(runningLayout, name)) return read(runningLayout, name, state.get("running")!);
    return Float64Array.from(initial(name));
  };

  return {
    step: async (inputs, rates, momentum) => {
      const params = new Map<string, NumberArray>(
        [...graph.params.values()].map(({ name, shape }) => [name, { data: parameter(name), shape }]),
      );
      const numbers = { ...optimizer.scalars(done, rates), ...emaScalars(momentum ?? 0) };
      const scalars = new Map(Object.entries(numbers));
      const [value, slope, ...slabs] = await evaluator.evaluate(outputs, {
        inputs,
        params,
        slabs: state,
        scalars,
      });
      gradient = slope;
      Object.keys(next).forEach((name, i) => state.set(name, slabs[i]));
      done++;
      return value.data[0];
    },
    parameter,
    average: (name) => read(layout, name, state.get("average")!),
    gradient: (name) => read(layout, name, gradient),
    steps: () => done,
  };
}

/** A slab of first values; an empty list stands for zeros. */
function pack(layout: SlabLayout, value: (name: string) => ArrayLike<number>): NumberArray {
  const data = new Float64Array(layout.blocks * BLOCK);
  for (const entry of layout.entries) {
    const values = value(entry.name);
    packEntry(data, entry, values.length === 0 ? new Float64Array(sizeOf(entry.shape)) : values);
  }
  return { data, shape: [layout.blocks, BLOCK] };
}
