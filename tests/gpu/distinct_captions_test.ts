// The contrastive loss with each caption counted once: against a formula written out here, and against the usual loss,
// which it equals where nothing repeats, on the device as in float64.
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  compile,
  createGraph,
  createStore,
  destroyProgram,
  destroyStore,
  type HostArray,
  input,
  interpret,
  nn,
  openGpu,
  read,
  run,
} from "../../gpu/mod.ts";

const captions = ["a cat", "a dog", "a cat", "an owl", "a cat", "a dog"], rows = captions.length, width = 4;
const scaleLog = Math.log(5);

/** Unit rows that differ, the same for the same text. */
function unitRows(seed: number, keys: readonly unknown[]): Float32Array<ArrayBuffer> {
  const all = new Float32Array(keys.length * width);
  keys.forEach((key, i) => {
    const own = keys.indexOf(key);
    const row = Array.from({ length: width }, (_, d) => Math.sin(seed + 1.7 * own + 0.9 * d * (own + 1)));
    const norm = Math.hypot(...row);
    all.set(row.map((v) => v / norm), i * width);
  });
  return all;
}

const image = unitRows(0.3, captions.map((_, i) => i)), text = unitRows(1.1, captions);

/** The loss as the docstring says it, over the set of captions. */
function expected(): number {
  const logit = (i: number, j: number) => {
    let dot = 0;
    for (let d = 0; d < width; d++) dot += image[i * width + d] * text[j * width + d];
    return Math.exp(scaleLog) * dot;
  };
  const logSum = (values: number[]) => Math.log(values.reduce((sum, v) => sum + Math.exp(v), 0));
  const mean = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const different = [...new Set(captions)].map((caption) => captions.indexOf(caption));
  const all = captions.map((_, i) => i);
  const fromImages = mean(all.map((i) => logSum(different.map((j) => logit(i, j))) - logit(i, i)));
  const fromTexts = mean(different.map((j) => {
    const own = all.filter((i) => captions[i] === captions[j]);
    return mean(own.map((i) => logSum(all.map((k) => logit(k, j))) - logit(i, j)));
  }));
  return (fromImages + fromTexts) / 2;
}

/** Inputs by name, for a batch with these captions. */
function batch(of: readonly string[]): Record<string, HostArray> {
  const { bias, weight } = nn.distinctCaptions(of);
  const array = (data: Float32Array<ArrayBuffer>, ...shape: number[]): HostArray => ({
    data,
    shape,
    dtype: "f32",
  });
  return {
    image: array(image, rows, width),
    text: array(unitRows(1.1, of), rows, width),
    scale: array(Float32Array.of(scaleLog)),
    bias: array(bias, rows, rows),
    weight: array(weight, rows),
  };
}

/** Both losses of a batch, in an otherwise empty graph. */
function losses() {
  const graph = createGraph(),
    pair = [input(graph, "image", [rows, width]), input(graph, "text", [rows, width])] as const;
  const scale = input(graph, "scale", []);
  const once = nn.distinctContrastiveLoss(...pair, scale, {
    bias: input(graph, "bias", [rows, rows]),
    weight: input(graph, "weight", [rows]),
  });
  return { graph, once, usual: nn.contrastiveLoss(...pair, scale) };
}

function inFloat64(of: readonly string[]): { once: number; usual: number } {
  const { once, usual } = losses();
  const inputs = new Map(
    Object.entries(batch(of)).map((
      [name, { data, shape }],
    ) => [name, { data: Float64Array.from(data), shape }]),
  );
  const [a, b] = interpret([once, usual], { inputs });
  return { once: a.data[0], usual: b.data[0] };
}

const different = captions.map((caption, i) => `${caption} ${i}`);

Deno.test("distinct captions: each counts once, as the formula says", () => {
  const { once, usual } = inFloat64(captions);
  assertAlmostEquals(once, expected(), 1e-6);
  assert(Math.abs(once - usual) > 0.05, `${once} is the usual loss ${usual}`);
  const { weight, bias } = nn.distinctCaptions(captions);
  assertAlmostEquals(weight.reduce((sum, w) => sum + w, 0), 1, 1e-6);
  // Of each row as many columns count as there are different captions.
  for (let i = 0; i < rows; i++) {
    assertEquals(bias.subarray(i * rows, (i + 1) * rows).filter((b) => b === 0).length, 3);
  }
});

Deno.test("distinct captions: without repeats the loss is the usual one", () => {
  const { once, usual } = inFloat64(different);
  assertAlmostEquals(once, usual, 1e-7); // the weights 1/6 are float32
});

Deno.test("distinct captions: the device agrees with float64", async () => {
  const gpu = await openGpu();
  const store = createStore(gpu), { once, usual } = losses();
  const program = await compile(store, { outputs: { once, usual } });
  run(program, { inputs: batch(captions) });
  const found = await read(program), wanted = inFloat64(captions);
  assertAlmostEquals(found.once.data[0] as number, wanted.once, 1e-5);
  assertAlmostEquals(found.usual.data[0] as number, wanted.usual, 1e-5);
  destroyProgram(program);
  destroyStore(store);
  gpu.close();
});
