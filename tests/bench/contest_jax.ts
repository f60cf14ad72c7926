// @jax-js/jax in the contest. Imported by a name that is put together when it is asked for, so that neither the type
// checker nor `setup` nor any test fetches it.

import { CHAIN, CNN, type Contender, MATRIX, numbers } from "./contest.ts";

const VERSION = "0.1.25";

/** The part of the library that is used. Every operation uses its operands up; `ref` keeps one for later. */
interface JaxArray {
  readonly ref: JaxArray;
  reshape(shape: number[]): JaxArray;
  add(other: JaxArray): JaxArray;
  sub(other: JaxArray): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  sum(): JaxArray;
  data(): Promise<Float32Array>;
  dispose(): void;
}

type Params = Record<string, JaxArray>;

interface Jax {
  init(device: "webgpu"): Promise<string[]>;
  defaultDevice(device: "webgpu"): unknown;
  getWebGPUDevice(): GPUDevice & { adapterInfo?: GPUAdapterInfo };
  blockUntilReady<T>(tree: T): Promise<T>;
  jit<F>(f: F): F;
  valueAndGrad(
    f: (p: Params, x: JaxArray, y: JaxArray) => JaxArray,
  ): (p: Params, x: JaxArray, y: JaxArray) => [JaxArray, Params];
  tree: { ref<T>(tree: T): T };
  numpy: {
    array(values: ArrayLike<number>, options?: { dtype: unknown }): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
    int32: unknown;
  };
  lax: { convGeneralDilated(x: JaxArray, w: JaxArray, strides: number[], padding: number[][]): JaxArray };
  nn: {
    relu(x: JaxArray): JaxArray;
    logSoftmax(x: JaxArray): JaxArray;
    oneHot(labels: JaxArray, classes: number): JaxArray;
  };
}

/** Loads the library. Throws Error when it cannot be had or finds no WebGPU. */
export async function openContender(): Promise<Contender> {
  const name = `npm:@jax-js/jax@${VERSION}`;
  const jax: Jax = await import(name);
  if (!(await jax.init("webgpu")).includes("webgpu")) throw new Error("jax-js finds no WebGPU adapter");
  jax.defaultDevice("webgpu");
  const { numpy: np } = jax;
  const matrix = (values: Float32Array) => np.array(values).reshape([MATRIX, MATRIX]);
  const a = matrix(numbers.a()), w = matrix(numbers.w());
  const product = jax.jit((a: JaxArray, w: JaxArray) => np.matmul(a, w));
  const chain = jax.jit((a: JaxArray, w: JaxArray) => {
    let x = a;
    for (let i = 1; i < CHAIN; i++) x = np.matmul(x, w.ref);
    return np.matmul(x, w);
  });
  const step = cnnStep(jax);
  const labels = np.array(numbers.labels(), { dtype: np.int32 });
  const y = jax.nn.oneHot(labels, CNN.classes), x = imagesFirst(jax);
  let params = firstParams(jax);
  return {
    version: VERSION,
    adapter: jax.getWebGPUDevice().adapterInfo?.description ?? "not told",
    product: () => product(a.ref, w.ref).data(),
    chain: () => chain(a.ref, w.ref).data(),
    train: async (steps) => {
      let loss: JaxArray | null = null;
      for (let i = 0; i < steps; i++) {
        loss?.dispose();
        [loss, params] = step(params, x.ref, y.ref);
      }
      await jax.blockUntilReady(jax.tree.ref(params));
      return (await loss!.data())[0];
    },
    close: () => [a, w, x, y, ...Object.values(params)].forEach((array) => array.dispose()),
  };
}

function cnnStep({ nn, lax, numpy: np, jit, valueAndGrad, tree }: Jax) {
  const inputs = CNN.map[0] * CNN.map[1] * CNN.map[2];
  const loss = (p: Params, x: JaxArray, y: JaxArray) => {
    let h = x;
    CNN.convolutions.forEach(({ stride }, i) => {
      h = nn.relu(lax.convGeneralDilated(h, p[`kernel${i}`], [stride, stride], [[1, 1], [1, 1]]));
    });
    const logits = np.matmul(h.reshape([CNN.batch, inputs]), p.dense).add(p.bias);
    return nn.logSoftmax(logits).mul(y).sum().mul(-1 / CNN.batch);
  };
  const withGradient = valueAndGrad(loss);
  return jit((p: Params, x: JaxArray, y: JaxArray): [JaxArray, Params] => {
    const [value, gradient] = withGradient(tree.ref(p), x, y);
    const next = Object.entries(p).map(([name, array]) => [name, array.sub(gradient[name].mul(CNN.rate))]);
    return [value, Object.fromEntries(next)];
  });
}

/** The library works on [N,C,H,W]. */
function imagesFirst({ numpy: np }: Jax): JaxArray {
  const { batch, size } = CNN, area = size * size;
  const from = numbers.images(), to = new Float32Array(from.length);
  from.forEach((v, i) => to[(Math.floor(i / (area * 3)) * 3 + i % 3) * area + Math.floor(i / 3) % area] = v);
  return np.array(to).reshape([batch, 3, size, size]);
}

/** Kernels [O,I,H,W]; rows of the dense layer in the order channel, height, width. */
function firstParams({ numpy: np }: Jax): Params {
  const params: Params = {};
  CNN.convolutions.forEach(({ in: c, out }, i) => {
    const from = numbers.kernel(i), to = new Float32Array(from.length);
    from.forEach((v, at) =>
      to[((at % out) * c + Math.floor(at / out) % c) * 9 + Math.floor(at / (out * c))] = v
    );
    params[`kernel${i}`] = np.array(to).reshape([out, c, 3, 3]);
  });
  const [height, width, channels] = CNN.map, area = height * width, { classes } = CNN;
  const from = numbers.dense(), to = new Float32Array(from.length);
  from.forEach((v, at) => {
    const row = Math.floor(at / classes), channel = row % channels, pixel = Math.floor(row / channels);
    to[(channel * area + pixel) * classes + at % classes] = v;
  });
  params.dense = np.array(to).reshape([area * channels, classes]);
  params.bias = np.array(new Float32Array(classes));
  return params;
}
