// Group b_optim: optimisers fed with given gradients, a small network trained for some steps, and schedules.

import { createGraph, input, slab, type SlabLayout, slabLayout, type Tensor } from "../../gpu/graph/mod.ts";
import { BLOCK, packEntry, unpackEntry } from "../../gpu/graph/mod.ts";
import * as nn from "../../gpu/nn/mod.ts";
import { collect, crossEntropy, mean } from "../../gpu/ops/mod.ts";
import * as optim from "../../gpu/optim/mod.ts";
import { checkParameters, compareTensor, parameterValue, Unsupported } from "./case_graph.ts";
import { type Check, closeness } from "./compare.ts";
import type { Evaluator, NumberArray } from "./evaluator.ts";
import { type Fixture, tensorOf, toleranceOf } from "./fixture.ts";
import { startTraining } from "./training.ts";

type Attrs = Fixture["attrs"];

/** The optimiser that attrs describe, under `kind` or `optimizer`. */
export function optimizerOf(attrs: Attrs): optim.Optimizer {
  const { momentum, dampening, nesterov, betas, eps, eta, weight_decay: weightDecay } = attrs;
  const kind = attrs.kind ?? attrs.optimizer;
  switch (kind) {
    case "sgd":
      return optim.sgd({ momentum, dampening, nesterov, weightDecay });
    case "adam":
      return optim.adam({ betas, eps, weightDecay: weightDecay ?? 0 });
    case "adamw":
      return optim.adamw({ betas, eps, weightDecay: weightDecay ?? 0.01 });
    case "lars":
      return optim.lars({ momentum, eta, weightDecay });
    default:
      throw new Unsupported(`optimizer ${kind}`);
  }
}

/** No decay for the parameters listed. */
export function ruleOf(names: readonly string[] | undefined): optim.GroupRule {
  return ({ name }) => ({ decay: names?.includes(name) ? 0 : 1 });
}

/** Learning rate of a step: a list per step, or one for all. */
export function rateOf(attrs: Attrs, step: number): number {
  return attrs.lr_per_step?.[step] ?? attrs.lr;
}

function stepValues(fixture: Fixture, key: string, step: number): NumberArray {
  const { shape, data } = tensorOf(fixture, key), rest = shape.slice(1);
  const size = data.length / shape[0];
  return { data: data.subarray(step * size, (step + 1) * size), shape: rest };
}

/** Gradients are given; every parameter is compared after every step. */
async function sequence(fixture: Fixture, evaluator: Evaluator): Promise<Check[]> {
  const { attrs, params } = fixture, graph = createGraph();
  const layout = slabLayout(
    params.map((name) => ({ name, shape: tensorOf(fixture, `param/${name}`).shape })),
  );
  const table = optim.blockTable(layout, ruleOf(attrs.zero_weight_decay));
  const leaves = params.map((name, i) => input(graph, `grad_${name}`, layout.entries[i].shape));
  const optimizer = optimizerOf(attrs);
  const leaf = (name: string) => slab(graph, name, layout.blocks);
  const after = optimizer.update(graph, {
    p: leaf("param"),
    g: collect(leaves, { blocks: layout.blocks }),
    slots: Object.fromEntries(optimizer.slots.map((name) => [name, leaf(name)])),
    table,
  });
  const next: Record<string, Tensor> = { param: after.p, ...after.slots };
  const outputs = Object.values(next);

  const state = new Map<string, NumberArray>(Object.keys(next).map((name) => [name, zeroSlab(layout)]));
  for (const entry of layout.entries) {
    packEntry(state.get("param")!.data as Float64Array, entry, tensorOf(fixture, `param/${entry.name}`).data);
  }
  const path = new Map(params.map((name) => [name, [] as number[]]));
  for (let step = 0; step < attrs.steps; step++) {
    const inputs = new Map(
      params.map((name) => [`grad_${name}`, stepValues(fixture, `in/grad_${name}`, step)]),
    );
    const scalars = new Map(Object.entries(optimizer.scalars(step, { lr: rateOf(attrs, step) })));
    const slabs = await evaluator.evaluate(outputs, { inputs, params: new Map(), slabs: state, scalars });
    Object.keys(next).forEach((name, i) => state.set(name, slabs[i]));
    const data = Float64Array.from(state.get("param")!.data);
    for (const entry of layout.entries) path.get(entry.name)!.push(...unpackEntry(data, entry));
  }
  return fixture.outputs.map((name) =>
    compareTensor(fixture, `out/${name}`, { data: path.get(name)!, shape: [] })
  );
}

function zeroSlab(layout: SlabLayout): NumberArray {
  return { data: new Float64Array(layout.blocks * BLOCK), shape: [layout.blocks, BLOCK] };
}

/** The network that `net` writes as "Linear(6,13) -> GELU(erf) -> ...; loss", with nn.Sequential's names. */
function sequential(s: nn.ParamScope, x: Tensor, net: string): Tensor {
  const layers = net.split(";")[0].split("->").map((layer) => layer.trim());
  return layers.reduce((y, layer, i) => {
    const [, kind, inside] = /^(\w+)\((.*)\)$/.exec(layer) ?? ["", layer, ""];
    const numbers = inside.match(/\d[\d.e-]*/g)?.map(Number) ?? [];
    switch (kind) {
      case "Linear":
        return nn.within(s, i, (child) => nn.linear(child, y, numbers[1]));
      case "LayerNorm":
        return nn.within(s, i, (child) => nn.layerNorm(child, y, numbers[1]));
      case "GELU":
        return nn.activate(y, inside === "tanh" ? "gelu_tanh" : "gelu");
      case "ReLU":
        return nn.activate(y, "relu");
      default:
        throw new Unsupported(`layer ${layer} of the network`);
    }
  }, x);
}

/** A network trained for some steps: first gradients, every loss, final weights and their averages. */
async function trainedNet(fixture: Fixture, evaluator: Evaluator): Promise<Check[]> {
  const { attrs, params } = fixture, graph = createGraph();
  const x = tensorOf(fixture, "in/x"), target = tensorOf(fixture, "in/target");
  const logits = sequential(nn.scope(graph), input(graph, "x", x.shape), attrs.net);
  const loss = mean(crossEntropy(logits, input(graph, "target", target.shape, "i32")), { axes: null });
  checkParameters(graph, fixture);
  const momenta: number[] | null = attrs.ema_momentum_per_step;
  const training = startTraining({
    graph,
    loss,
    optimizer: optimizerOf(attrs),
    rule: ruleOf(attrs.zero_weight_decay ?? attrs.no_decay),
    clip: attrs.clip ? { kind: attrs.clip[0], limit: attrs.clip[1] } : null,
    average: momenta !== null,
    evaluator,
    initial: (name) => parameterValue(graph, fixture, name).data,
  });

  const checks: Check[] = [], losses: number[] = [];
  const inputs = new Map<string, NumberArray>([["x", x], ["target", target]]);
  for (let step = 0; step < attrs.steps; step++) {
    losses.push(await training.step(inputs, { lr: rateOf(attrs, step) }, momenta?.[step]));
    if (step > 0) continue;
    for (const name of params) {
      checks.push(compareTensor(fixture, `grad/${name}`, { data: training.gradient(name), shape: [] }));
    }
  }
  checks.push(closeness("losses", losses, fixture.sidecar.losses, toleranceOf(fixture, "losses")));
  for (const name of fixture.outputs) {
    const data = name.startsWith("ema.") ? training.average(name.slice(4)) : training.parameter(name);
    checks.push(compareTensor(fixture, `out/${name}`, { data, shape: [] }));
  }
  return checks;
}

/** Schedules by the end of the case's name, from its attrs. */
const schedules: readonly [RegExp, (a: Attrs) => optim.Schedule][] = [
  [/torch_step/, ({ lr, step_size, gamma }) => optim.stepDecay({ lr, every: step_size, gamma })],
  [/torch_multistep/, ({ lr, milestones, gamma }) => optim.multiStepDecay({ lr, milestones, gamma })],
  [/torch_cosine/, ({ lr, T_max, eta_min }) => optim.cosineDecay({ lr, steps: T_max, min: eta_min })],
  [/openclip_cosine/, ({ base_lr: lr, warmup, steps }) => optim.warmupCosine({ lr, warmup, steps })],
  [
    /openclip_const_cooldown/,
    ({ base_lr: lr, warmup, steps, cooldown_steps: cooldown, power, end_lr: end }) =>
      optim.warmupConstantCooldown({ lr, warmup, steps, cooldown, power, end }),
  ],
  [/openclip_const/, ({ base_lr: lr, warmup }) => optim.warmupConstant({ lr, warmup })],
  [
    /dino_teacher_temperature/,
    ({ warmup, final, warmup_epochs: warmupEpochs }) =>
      optim.dinoTemperature({ warmup, final, warmupEpochs }),
  ],
  [
    /dino/,
    ({ base, final, epochs, niter, warmup_epochs, start_warmup_value: start }) =>
      optim.dinoCosine({ base, final, steps: epochs * niter, warmup: warmup_epochs * niter, start }),
  ],
];

function schedule(fixture: Fixture): Check[] {
  const found = schedules.find(([pattern]) => pattern.test(fixture.name));
  if (found === undefined) throw new Unsupported(`schedule ${fixture.name}`);
  const at = found[1](fixture.attrs), want: number[] = fixture.sidecar.values;
  return [closeness("values", want.map((_, step) => at(step)), want, toleranceOf(fixture, "values"))];
}

/** Checks by the sidecar's `op`. */
export const optimCases: Readonly<
  Record<string, (fixture: Fixture, evaluator: Evaluator) => Promise<Check[]> | Check[]>
> = { optimizer_sequence: sequence, optimizer_net: trainedNet, schedule };
