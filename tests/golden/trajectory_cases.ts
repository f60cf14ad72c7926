// Group d_trajectories: whole trainings of some steps. Every step's loss counts, and of the final state everything but
// the key biases of attention, whose gradient is zero but for rounding: those must only be finite.

import { sizeOf } from "../../gpu/base/mod.ts";
import { createGraph, type Graph, input, type Tensor } from "../../gpu/graph/mod.ts";
import * as nn from "../../gpu/nn/mod.ts";
import { crossEntropy, mean } from "../../gpu/ops/mod.ts";
import { checkParameters, parameterValue } from "./case_graph.ts";
import { type Check, closeness, exactness, finiteness } from "./compare.ts";
import type { Evaluator, NumberArray } from "./evaluator.ts";
import { type Fixture, tensorOf, toleranceOf } from "./fixture.ts";
import { toTorch } from "./layouts.ts";
import { classifier, clipConfig } from "./module_cases.ts";
import { optimizerOf, rateOf, ruleOf } from "./optim_cases.ts";
import { startTraining, type Training } from "./training.ts";

/** A training task: its loss, and what a step is given. */
interface Task {
  readonly scope: nn.ParamScope;
  readonly loss: Tensor;
  batch(step: number): Map<string, NumberArray>;
}

/** Rows of a pool [P,..] that `in/batch_index` names for a step. */
function pick(fixture: Fixture, pool: string, step: number): { data: Float64Array; shape: number[] } {
  const { shape, data } = tensorOf(fixture, pool), index = tensorOf(fixture, "in/batch_index");
  const size = data.length / shape[0], rows = index.shape[1];
  const picked = new Float64Array(rows * size);
  for (let r = 0; r < rows; r++) {
    const from = index.data[step * rows + r] * size;
    picked.set(data.subarray(from, from + size), r * size);
  }
  return { data: picked, shape: [rows, ...shape.slice(1)] };
}

/** The same for images, from NCHW to the engine's NHWC. */
function pickImages(fixture: Fixture, step: number): NumberArray {
  const { data, shape: [n, c, h, w] } = pick(fixture, "in/pool_images", step);
  const turned = new Float64Array(data.length), plane = h * w;
  for (let image = 0; image < n; image++) {
    for (let channel = 0; channel < c; channel++) {
      for (let at = 0; at < plane; at++) {
        turned[(image * plane + at) * c + channel] = data[(image * c + channel) * plane + at];
      }
    }
  }
  return { data: turned, shape: [n, h, w, c] };
}

function imageLeaf(graph: Graph, fixture: Fixture): Tensor {
  const [, c, h, w] = tensorOf(fixture, "in/pool_images").shape;
  return input(graph, "images", [tensorOf(fixture, "in/batch_index").shape[1], h, w, c]);
}

/** Cross entropy over all classes, or over each step's own list of them (`in/vocab`, filled up with -1). */
function supervised(fixture: Fixture): Task {
  const graph = createGraph(), s = nn.scope(graph), images = imageLeaf(graph, fixture);
  const rows = images.shape[0], listed = fixture.inputs.includes("vocab");
  const room = listed ? tensorOf(fixture, "in/vocab").shape[1] : 0;
  const vocabulary = listed
    ? { index: input(graph, "index", [1, room], "i32"), bias: input(graph, "bias", [1, 1, room]) }
    : undefined;
  const target = input(graph, "target", [rows], "i32");
  const loss = mean(crossEntropy(classifier(s, images, fixture.attrs, vocabulary), target), { axes: null });
  return {
    scope: s,
    loss,
    batch: (step) => {
      const values = new Map<string, NumberArray>([["images", pickImages(fixture, step)]]);
      const targets = pick(fixture, "in/pool_targets", step);
      if (!listed) return values.set("target", targets);
      const list = Array.from(tensorOf(fixture, "in/vocab").data.subarray(step * room, (step + 1) * room));
      const places = nn.joinVocabulary(targets.data, list.filter((c) => c >= 0)).targets;
      return values
        .set("target", { data: places, shape: [rows] })
        .set("index", { data: list.map((c) => Math.max(c, 0)), shape: [1, room] })
        .set("bias", { data: list.map((c) => c < 0 ? -1e30 : 0), shape: [1, 1, room] });
    },
  };
}

function contrastive(fixture: Fixture): Task {
  const graph = createGraph(), s = nn.scope(graph), images = imageLeaf(graph, fixture);
  const ids = input(graph, "text", [images.shape[0], tensorOf(fixture, "in/pool_text").shape[1]], "i32");
  const found = nn.clip(s, images, ids, clipConfig(fixture.attrs));
  return {
    scope: s,
    loss: nn.contrastiveLoss(found.image, found.text, found.logitScale),
    batch: (step) =>
      new Map<string, NumberArray>([
        ["images", pickImages(fixture, step)],
        ["text", pick(fixture, "in/pool_text", step)],
      ]),
  };
}

/** "ln(100)" and plain numbers. */
function bound(value: number | string): number {
  const logarithm = /^ln\((.*)\)$/.exec(`${value}`);
  return logarithm ? Math.log(Number(logarithm[1])) : Number(value);
}

/** Which elements of an attention bias belong to the keys: all, none, or the middle third of a packed one. */
function keyPart(name: string, size: number): [number, number] {
  if (name.endsWith("k_proj.bias")) return [0, size];
  return name.endsWith("in_proj_bias") ? [size / 3, (2 * size) / 3] : [0, 0];
}

async function trajectory(build: (fixture: Fixture) => Task, fixture: Fixture, evaluator: Evaluator) {
  const { attrs } = fixture, { scope, loss, batch } = build(fixture), { graph } = scope;
  checkParameters(graph, fixture);
  const [min, max] = (attrs.logit_scale_clamp ?? [0, "ln(100)"]).map(bound);
  const training = startTraining({
    graph,
    loss,
    optimizer: optimizerOf(attrs),
    rule: ruleOf(attrs.no_decay),
    updates: scope.updates,
    clip: attrs.clip_grad_norm ? { kind: "global", limit: attrs.clip_grad_norm } : null,
    clamp: attrs.logit_scale_clamp ? { names: ["logit_scale"], min, max } : undefined,
    evaluator,
    initial: (name) => parameterValue(graph, fixture, name).data,
  });
  const losses: number[] = [], want: number[] = fixture.sidecar.losses;
  for (let step = 0; step < want.length; step++) {
    losses.push(await training.step(batch(step), { lr: rateOf(attrs, step) }));
  }
  return [
    closeness("losses", losses, want, toleranceOf(fixture, "losses")),
    ...fixture.outputs.flatMap((name) => finalState(fixture, graph, scope.updates.counters, training, name)),
  ];
}

function finalState(
  fixture: Fixture,
  graph: Graph,
  counters: ReadonlyMap<string, number>,
  training: Training,
  name: string,
): Check[] {
  const key = `out/${name}`, want = tensorOf(fixture, key).data;
  const counter = counters.get(name);
  if (counter !== undefined) {
    const before = tensorOf(fixture, `buf/${name}`).data[0];
    return [exactness(key, [before + counter * training.steps()], want)];
  }
  const spec = graph.params.get(name);
  if (spec === undefined || sizeOf(spec.shape) !== want.length) return [{ what: key, factor: Infinity }];
  const got = toTorch(training.parameter(name), spec), [from, to] = keyPart(name, want.length);
  const compared = (values: ArrayLike<number>) => Array.from(values).filter((_, i) => i < from || i >= to);
  return [closeness(key, compared(got), compared(want), toleranceOf(fixture, key)), finiteness(key, got)];
}

/** Checks by the sidecar's `op`. */
export const trajectoryCases: Readonly<
  Record<string, (fixture: Fixture, evaluator: Evaluator) => Promise<Check[]>>
> = {
  trajectory_supervised: (fixture, evaluator) => trajectory(supervised, fixture, evaluator),
  trajectory_clip: (fixture, evaluator) => trajectory(contrastive, fixture, evaluator),
};
