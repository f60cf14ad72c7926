// Tasks of a few hundred weights for the tests of training: a classifier with every kind of parameter and state
// (matrices, vectors, batch norm's running statistics, dropout), and a pair of towers with a contrastive loss. Odd
// sizes throughout, so that padding is at work.

import {
  blockTable,
  createGraph,
  createStore,
  decayMatrices,
  defineGroup,
  defineParams,
  f32,
  type Graph,
  type HostArray,
  i32,
  input,
  nn,
  normals,
  ops,
  type Optimizer,
  parameterGroups,
  slabLayouts,
  type SplitTask,
  type StateUpdates,
  stateUpdates,
  type Store,
  type Task,
  type Tensor,
} from "../../gpu/mod.ts";
import type { Clipping, StepContext } from "../../gpu/train/step.ts";

export interface Pair {
  readonly x: HostArray;
  readonly y: HostArray;
}

export interface TinyOptions {
  readonly rows: number;
  /** Default 7. */
  readonly hidden?: number;
  /** Batch norm couples the samples of a batch. */
  readonly batchNorm?: boolean;
  readonly dropout?: number;
  readonly frozen?: string;
  readonly clamp?: Readonly<Record<string, readonly [number, number]>>;
}

export const CLASSES = 3, WIDTH = 5;

/** Logits [rows, 3] of x [rows, 5]: linear to `hidden`, GELU, layer norm (or batch norm), dropout, linear times a learned scale. */
export function tinyLogits(s: nn.ParamScope, x: Tensor, options: TinyOptions): Tensor {
  const hidden = ops.gelu(nn.within(s, "fc1", (c) => nn.linear(c, x, options.hidden ?? 7)));
  const norm = options.batchNorm ? nn.batchNorm : nn.layerNorm;
  const normed = nn.within(s, "norm", (c) => norm(c, hidden));
  const dropped = s.train ? ops.dropout(normed, options.dropout ?? 0, { stream: 5 }) : normed;
  const logits = nn.within(s, "fc2", (c) => nn.linear(c, dropped, CLASSES));
  return ops.mul(logits, ops.exp(s.param("logit_scale", [], nn.value(0.5))));
}

export function tinyTask(options: TinyOptions): Task<Pair> {
  return {
    name: "tiny",
    build(graph) {
      const x = input(graph, "x", [options.rows, WIDTH]), y = input(graph, "y", [options.rows], "i32");
      const s = nn.scope(graph, "", { trainable: (name) => name !== options.frozen });
      const logits = tinyLogits(s, x, options);
      const right = ops.mean(ops.equal(ops.argmax(logits, 1), y), { axes: null });
      const loss = ops.mean(ops.crossEntropy(logits, y), { axes: null });
      return { loss, metrics: { accuracy: right }, updates: s.updates, clamp: options.clamp };
    },
    feed: ({ x, y }) => ({ x, y }),
  };
}

/** Batch number `index`: the class follows from the first feature. */
export function tinyBatch(index: number, rows: number): Pair {
  const x = Float32Array.from(normals(rows * WIDTH, 11, index));
  const y = Array.from({ length: rows }, (_, row) => {
    const first = x[row * WIDTH];
    return first > 0.4 ? 2 : first > -0.4 ? 1 : 0;
  });
  return { x: f32(x, [rows, WIDTH]), y: i32(y, [rows]) };
}

/** Rows [from, to) of a batch. */
export function rowsOfBatch({ x, y }: Pair, from: number, to: number): Pair {
  return {
    x: f32(x.data.slice(from * WIDTH, to * WIDTH), [to - from, WIDTH]),
    y: i32(y.data.slice(from, to), [to - from]),
  };
}

export interface Couple {
  readonly image: HostArray;
  readonly text: HostArray;
}

/** Two towers to 6 dimensions and CLIP's loss with a learned temperature; `rows` pairs to a micro-batch. */
export function tinyClip(rows: number): SplitTask<Couple> {
  const tower = (s: nn.ParamScope, name: string, x: Tensor) =>
    nn.within(s, name, (c) => {
      const hidden = ops.gelu(nn.within(c, "in", (l) => nn.linear(l, x, 7)));
      return ops.l2Normalize(nn.within(c, "out", (l) => nn.linear(l, hidden, 6)));
    });
  return {
    name: "tiny clip",
    towers(graph) {
      const s = nn.scope(graph);
      const image = input(graph, "image", [rows, 9]), text = input(graph, "text", [rows, 5]);
      return { features: [tower(s, "visual", image), tower(s, "text", text)], updates: s.updates };
    },
    head(graph, [image, text]) {
      const scale = nn.logitScale(nn.scope(graph), 1.5);
      return { loss: nn.contrastiveLoss(image, text, scale), clamp: { logit_scale: [0, Math.log(100)] } };
    },
    feed: ({ image, text }) => ({ image, text }),
  };
}

export function coupleBatch(index: number, rows: number): Couple {
  const image = normals(rows * 9, 21, index), noise = normals(rows * 5, 22, index);
  const text = noise.map((v, i) => 0.5 * v + image[Math.floor(i / 5) * 9 + (i % 5)]);
  return { image: f32(image, [rows, 9]), text: f32(text, [rows, 5]) };
}

export function rowsOfCouple({ image, text }: Couple, from: number, to: number): Couple {
  return {
    image: f32(image.data.slice(from * 9, to * 9), [to - from, 9]),
    text: f32(text.data.slice(from * 5, to * 5), [to - from, 5]),
  };
}

/** A filled store and what a step needs to know of it, without the trainer around it. */
export function contextFor(
  gpu: Store["gpu"],
  build: (graph: Graph) => { updates?: StateUpdates },
  optimizer: Optimizer,
  { clip = null, averaged = false }: { clip?: Clipping | null; averaged?: boolean } = {},
): StepContext {
  const graph = createGraph();
  const updates = build(graph).updates ?? stateUpdates();
  const groups = parameterGroups(graph, updates);
  const store = createStore(gpu), layouts = slabLayouts(groups.trained, store.slabBlocks);
  defineParams(store, "params", groups.trained, 1);
  defineParams(store, "frozen", groups.fixed, 1);
  defineParams(store, "buffers", groups.running, 1);
  for (const name of optimizer.slots) defineGroup(store, name, layouts);
  if (averaged) defineGroup(store, "ema", layouts);
  return {
    store,
    layouts,
    buffers: slabLayouts(groups.running, store.slabBlocks),
    tables: layouts.map((layout) => blockTable(layout, decayMatrices)),
    optimizer,
    clip,
    averaged,
    programs: [],
  };
}
