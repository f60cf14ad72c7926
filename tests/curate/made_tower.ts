// A small text tower of CLIP with made weights, in files of every kind; a list of byte pairs that stands in for CLIP's,
// with as many of them; and the tower computed a second time, slowly, in float64 and without the engine.
import { randomState, type TensorToWrite, tokenize, type Tokenizer } from "../../data_utils/mod.ts";
import { bytes, dict, name, tensor, text, torchZip } from "../data_utils/made_torch.ts";

export const SIZES = { vocab: 49_408, context: 20, width: 16, layers: 2, out: 8 };

export interface MadeWeight {
  readonly shape: number[];
  readonly data: Float32Array<ArrayBuffer>;
}
export type MadeWeights = ReadonlyMap<string, MadeWeight>;

/** Weights under OpenAI's names, which are open_clip's too; every one of them is a float16. */
export function makeWeights(seed: number): MadeWeights {
  const random = randomState(seed), { vocab, context, width, layers, out } = SIZES;
  const weights = new Map<string, MadeWeight>();
  const add = (name: string, shape: number[], spread: number, centre = 0) => {
    const count = shape.reduce((product, n) => product * n, 1);
    const data = Float32Array.from(
      random.randomSample(count),
      (v) => Math.f16round(centre + (v - 0.5) * spread),
    );
    weights.set(name, { shape, data });
  };
  add("positional_embedding", [context, width], 1);
  add("text_projection", [width, out], 1);
  add("token_embedding.weight", [vocab, width], 2);
  for (let i = 0; i < layers; i++) {
    const block = `transformer.resblocks.${i}`;
    for (const norm of ["ln_1", "ln_2"]) {
      add(`${block}.${norm}.weight`, [width], 1, 1);
      add(`${block}.${norm}.bias`, [width], 1);
    }
    add(`${block}.attn.in_proj_weight`, [3 * width, width], 2);
    add(`${block}.attn.in_proj_bias`, [3 * width], 1);
    add(`${block}.attn.out_proj.weight`, [width, width], 1);
    add(`${block}.attn.out_proj.bias`, [width], 1);
    add(`${block}.mlp.c_fc.weight`, [4 * width, width], 1);
    add(`${block}.mlp.c_fc.bias`, [4 * width], 1);
    add(`${block}.mlp.c_proj.weight`, [width, 4 * width], 1);
    add(`${block}.mlp.c_proj.bias`, [width], 1);
  }
  add("ln_final.weight", [width], 1, 1);
  add("ln_final.bias", [width], 1);
  return weights;
}

/** For a safetensors file, every name behind `prefix`. */
export const asTensors = (weights: MadeWeights, prefix = ""): TensorToWrite[] =>
  [...weights].map(([name, { shape, data }]) => ({ name: prefix + name, shape, dtype: "f32", data }));

function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, i) => shape.slice(i + 1).reduce((product, n) => product * n, 1));
}

/** The weights' storages in half precision and, by name, the pickled tensors over them. */
function pickled(
  weights: MadeWeights,
): { storages: Record<string, Uint8Array>; tensors: [string, Uint8Array][] } {
  const storages: Record<string, Uint8Array> = {};
  const tensors = [...weights].map(([name, { shape, data }], i): [string, Uint8Array] => {
    storages[i] = new Uint8Array(Float16Array.from(data).buffer);
    const made = { type: "HalfStorage", key: `${i}`, count: data.length, shape, stride: stridesOf(shape) };
    return [name, tensor(made)];
  });
  return { storages, tensors };
}

/** torch.save({"epoch": ..., "state_dict": {"module.<name>": ...}}), as open_clip's checkpoints are. */
export function asCheckpoint(weights: MadeWeights): Uint8Array<ArrayBuffer> {
  const { storages, tensors } = pickled(weights);
  const state = dict(...tensors.map(([name, value]): [string, Uint8Array] => [`module.${name}`, value]));
  return torchZip(dict(["epoch", bytes("K", 3)], ["state_dict", state]), storages);
}

/** torch.jit.save of a model whose modules hold these weights, as OpenAI's are. */
export function asTorchScript(weights: MadeWeights): Uint8Array<ArrayBuffer> {
  const { storages, tensors } = pickled(weights);
  interface Tree {
    [key: string]: Tree | Uint8Array;
  }
  const root: Tree = {};
  for (const [path, value] of tensors) {
    const parts = path.split("."), last = parts.pop()!;
    let at = root;
    for (const part of parts) at = (at[part] ??= {}) as Tree;
    at[last] = value;
  }
  const object = (tree: Tree): Uint8Array => {
    const fields = Object.entries(tree).map(([key, value]): [string, Uint8Array] => [
      key,
      value instanceof Uint8Array ? value : object(value),
    ]);
    const all = dict(["training", bytes(0x89)], ["note", text("x")], ...fields);
    return bytes(name("__torch__.clip", "Module"), ")", 0x81, all, "b");
  };
  return torchZip(object(root), storages, [{
    name: "archive/constants.pkl",
    data: bytes(0x80, 2, ")", "."),
  }]);
}

/** Merges of two letters, and after them pairs that no text joins. */
export function bpeText(): string {
  const letters = [..."abcdefghijklmnopqrstuvwxyz"];
  const real = letters.flatMap((a) => letters.map((b) => `${a} ${b}`));
  const rest = Array.from({ length: 48_894 - real.length }, (_, i) => `é${i} é`);
  return ["#version", ...real, ...rest].join("\n") + "\n";
}

const gelu = (x: number) => 0.5 * x * (1 + erf(x / Math.SQRT2));
const quickGelu = (x: number) => x / (1 + Math.exp(-1.702 * x));

/** By its series, which is exact to rounding where |x| is below 6. */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x, sum = x;
  for (let n = 1; n < 200; n++) sum += (term *= -x * x / n) / (2 * n + 1);
  return 2 / Math.sqrt(Math.PI) * sum;
}

/** Raw embeddings of texts, one token row at a time, as the papers' formulas say. */
export function slowEmbeddings(
  weights: MadeWeights,
  tokenizer: Tokenizer,
  texts: readonly string[],
  { heads = 1, quick = false }: { heads?: number; quick?: boolean } = {},
): number[][] {
  const { context, width, layers, out } = SIZES, { data: ids, eot } = tokenize(tokenizer, texts, context);
  const of = (name: string) => weights.get(name)!.data;
  const affine = (x: number[], w: string, b: string, rows: number, from = 0) =>
    Array.from(
      { length: rows },
      (_, r) => x.reduce((sum, v, i) => sum + v * of(w)[(from + r) * x.length + i], of(b)[from + r]),
    );
  const norm = (x: number[], name: string) => {
    const mean = x.reduce((a, b) => a + b) / x.length;
    const variance = x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length;
    return x.map((v, i) =>
      (v - mean) / Math.sqrt(variance + 1e-5) * of(`${name}.weight`)[i] + of(`${name}.bias`)[i]
    );
  };
  const attend = (rows: number[][], at: string) => {
    const part = (i: number) =>
      rows.map((row) => affine(row, `${at}.in_proj_weight`, `${at}.in_proj_bias`, width, i * width));
    const [q, k, v] = [part(0), part(1), part(2)], each = width / heads;
    return rows.map((_, t) => {
      const mixed = new Array<number>(width).fill(0);
      for (let h = 0; h < heads; h++) {
        const own = Array.from({ length: each }, (_, d) => h * each + d);
        const scores = k.slice(0, t + 1).map((key) =>
          own.reduce((sum, d) => sum + q[t][d] * key[d], 0) / Math.sqrt(each)
        );
        const shares = scores.map(Math.exp), total = shares.reduce((a, b) => a + b);
        for (const d of own) mixed[d] = shares.reduce((sum, share, s) => sum + share / total * v[s][d], 0);
      }
      return affine(mixed, `${at}.out_proj.weight`, `${at}.out_proj.bias`, width);
    });
  };
  return texts.map((_, row) => {
    let x = Array.from(
      { length: eot[row] + 1 },
      (_, t) =>
        Array.from(
          { length: width },
          (_, d) =>
            of("token_embedding.weight")[ids[row * context + t] * width + d] +
            of("positional_embedding")[t * width + d],
        ),
    );
    for (let i = 0; i < layers; i++) {
      const at = `transformer.resblocks.${i}`;
      const attended = attend(x.map((v) => norm(v, `${at}.ln_1`)), `${at}.attn`);
      x = x.map((v, t) => v.map((value, d) => value + attended[t][d]));
      x = x.map((v) => {
        const wide = affine(norm(v, `${at}.ln_2`), `${at}.mlp.c_fc.weight`, `${at}.mlp.c_fc.bias`, 4 * width);
        const bent = wide.map(quick ? quickGelu : gelu);
        const back = affine(bent, `${at}.mlp.c_proj.weight`, `${at}.mlp.c_proj.bias`, width);
        return v.map((value, d) => value + back[d]);
      });
    }
    const feature = norm(x.at(-1)!, "ln_final");
    return Array.from(
      { length: out },
      (_, o) => feature.reduce((sum, v, d) => sum + v * of("text_projection")[d * out + o], 0),
    );
  });
}
