// TensorFlow.js with its WebGPU backend in the contest. Imported by names that are put together when they are asked
// for, so that neither the type checker nor `setup` nor any test fetches it.

import { CHAIN, CNN, type Contender, MATRIX, numbers } from "./contest.ts";

const VERSION = "4.22.0";

/** The part of the library that is used. */
interface TfTensor {
  data(): Promise<Float32Array>;
  dispose(): void;
}

interface Tf {
  setBackend(name: "webgpu"): Promise<boolean>;
  ready(): Promise<void>;
  backend(): { device?: GPUDevice & { adapterInfo?: GPUAdapterInfo } };
  tidy<T>(body: () => T): T;
  tensor(values: ArrayLike<number>, shape: readonly number[], dtype?: string): TfTensor;
  variable(value: TfTensor): TfTensor;
  matMul(a: TfTensor, b: TfTensor): TfTensor;
  conv2d(x: TfTensor, w: TfTensor, stride: number, padding: number): TfTensor;
  relu(x: TfTensor): TfTensor;
  reshape(x: TfTensor, shape: readonly number[]): TfTensor;
  add(a: TfTensor, b: TfTensor): TfTensor;
  oneHot(labels: TfTensor, classes: number): TfTensor;
  losses: { softmaxCrossEntropy(y: TfTensor, logits: TfTensor): TfTensor };
  train: { sgd(rate: number): { minimize(f: () => TfTensor, cost: true, variables: TfTensor[]): TfTensor } };
  dispose(tensors: TfTensor[]): void;
}

/** Loads the library. Throws Error when it cannot be had or finds no WebGPU. */
export async function openContender(): Promise<Contender> {
  const names = [`npm:@tensorflow/tfjs@${VERSION}`, `npm:@tensorflow/tfjs-backend-webgpu@${VERSION}`];
  const tf: Tf = await import(names[0]);
  await import(names[1]);
  if (!await tf.setBackend("webgpu")) throw new Error("TensorFlow.js finds no WebGPU adapter");
  await tf.ready();
  const a = tf.tensor(numbers.a(), [MATRIX, MATRIX]), w = tf.tensor(numbers.w(), [MATRIX, MATRIX]);
  const { step, close } = cnnStep(tf);
  return {
    version: VERSION,
    adapter: tf.backend().device?.adapterInfo?.description ?? "not told",
    product: () => readOut(tf.matMul(a, w)),
    chain: () =>
      readOut(tf.tidy(() => {
        let x = a;
        for (let i = 0; i < CHAIN; i++) x = tf.matMul(x, w);
        return x;
      })),
    train: async (steps) => {
      let loss: TfTensor | null = null;
      for (let i = 0; i < steps; i++) {
        loss?.dispose();
        loss = step();
      }
      return (await readOut(loss!))[0];
    },
    close: () => {
      tf.dispose([a, w]);
      close();
    },
  };
}

async function readOut(tensor: TfTensor): Promise<Float32Array> {
  const values = await tensor.data();
  tensor.dispose();
  return values;
}

function cnnStep(tf: Tf): { step: () => TfTensor; close: () => void } {
  const { batch, size, classes, map } = CNN;
  const inputs = map[0] * map[1] * map[2];
  const x = tf.tensor(numbers.images(), [batch, size, size, 3]);
  const y = tf.tidy(() => tf.oneHot(tf.tensor(numbers.labels(), [batch], "int32"), classes));
  const kernels = CNN.convolutions.map(({ in: c, out }, i) => {
    return tf.variable(tf.tensor(numbers.kernel(i), [3, 3, c, out]));
  });
  const dense = tf.variable(tf.tensor(numbers.dense(), [inputs, classes]));
  const bias = tf.variable(tf.tensor(new Float32Array(classes), [classes]));
  const variables = [...kernels, dense, bias], optimizer = tf.train.sgd(CNN.rate);
  const loss = () => {
    let h = x;
    CNN.convolutions.forEach(({ stride }, i) => h = tf.relu(tf.conv2d(h, kernels[i], stride, 1)));
    return tf.losses.softmaxCrossEntropy(y, tf.add(tf.matMul(tf.reshape(h, [batch, inputs]), dense), bias));
  };
  return {
    step: () => optimizer.minimize(loss, true, variables),
    close: () => tf.dispose([x, y, ...variables]),
  };
}
