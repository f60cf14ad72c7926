// The engine's part in the contest.

import { i32, sizeOf } from "../../gpu/base/mod.ts";
import { openGpu } from "../../gpu/device/mod.ts";
import { type Graph, input, parameter, type Tensor } from "../../gpu/graph/mod.ts";
import { sgd } from "../../gpu/optim/mod.ts";
import * as ops from "../../gpu/ops/mod.ts";
import { createTrainer, type Task } from "../../gpu/train/mod.ts";
import { CHAIN, CNN, type Contender, MATRIX, numbers } from "./contest.ts";
import { prepare } from "./replay.ts";

/** Mean cross entropy of the network on a batch that stays in the task. */
function cnnTask(): Task<null> {
  const images = { data: numbers.images(), shape: [CNN.batch, CNN.size, CNN.size, 3], dtype: "f32" } as const;
  const labels = i32(numbers.labels(), [CNN.batch]);
  return {
    name: "small CNN",
    feed: () => ({ images, labels }),
    build: (graph) => {
      const weights = (name: string, shape: number[], values: Float32Array) =>
        parameter(graph, { name, shape, init: () => values, trainable: true, layout: "plain" });
      let x = input(graph, "images", images.shape);
      CNN.convolutions.forEach(({ in: c, out, stride }, i) => {
        const kernel = weights(`kernel${i}`, [3, 3, c, out], numbers.kernel(i));
        x = ops.relu(ops.conv2d(x, kernel, { stride, padding: 1 }));
      });
      const inputs = sizeOf(CNN.map);
      const dense = weights("dense", [inputs, CNN.classes], numbers.dense());
      const bias = weights("bias", [CNN.classes], new Float32Array(CNN.classes));
      const logits = ops.add(ops.matmul(ops.reshape(x, [CNN.batch, inputs]), dense), bias);
      const losses = ops.crossEntropy(logits, input(graph, "labels", [CNN.batch], "i32"));
      return { loss: ops.mean(losses, { axes: null }) };
    },
  };
}

export async function openContender(): Promise<Contender> {
  const gpu = await openGpu();
  const matrix = (graph: Graph, name: string) => input(graph, name, [MATRIX, MATRIX]);
  const given = { a: numbers.a(), w: numbers.w() };
  const product = await prepare(gpu, (g) => ops.matmul(matrix(g, "a"), matrix(g, "w")), given);
  const chain = await prepare(gpu, (g) => {
    const w = matrix(g, "w");
    let x: Tensor = matrix(g, "a");
    for (let i = 0; i < CHAIN; i++) x = ops.matmul(x, w);
    return x;
  }, given);
  const schedule = () => ({ lr: CNN.rate });
  const trainer = await createTrainer({
    gpu,
    task: cnnTask(),
    optimizer: sgd(),
    schedule,
    seed: 0,
    ringSize: 512,
  });
  return {
    version: "this checkout",
    adapter: gpu.description.description,
    product: async () => {
      product.enqueue(1);
      return (await product.values()).data;
    },
    chain: async () => {
      chain.enqueue(1);
      return (await chain.values()).data;
    },
    train: async (steps) => {
      for (let i = 0; i < steps; i++) {
        await trainer.ready();
        trainer.step(null);
      }
      const losses = await trainer.losses();
      return losses[losses.length - 1].loss;
    },
    close: () => {
      product.close();
      chain.close();
      trainer.destroy();
      gpu.close();
    },
  };
}
