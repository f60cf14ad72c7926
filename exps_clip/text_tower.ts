// CLIP's text tower from a file of published or own weights: its sizes are read off the weights, so that any model with
// OpenAI's or open_clip's names will do. Texts are embedded in batches of about their own length, since the causal mask
// keeps what follows a text's end from mattering.

import {
  createEvaluator,
  destroyStore,
  type Evaluator,
  type Gpu,
  input,
  modelStore,
  nn,
} from "../gpu/mod.ts";
import { type StoredTensor, tokenize, type Tokenizer, type WeightsFile } from "../data_utils/mod.ts";

export interface TextTowerOptions {
  /** x sigmoid(1.702 x) in place of the exact GELU; default: as {@link textTowerWeights} finds it. */
  readonly quickGelu?: boolean;
  /** Attention heads; default: one for every 64 channels, as in all of OpenAI's and open_clip's models. */
  readonly heads?: number;
}

/** A text tower's weights and what they say of it. */
export interface TextTowerWeights {
  readonly options: nn.TextOptions;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** Embeds texts. */
export interface TextTower {
  /** Numbers of an embedding. */
  readonly width: number;
  /** Raw embeddings [N, width], not normalised; millions of texts are given in parts. Throws what `signal` was aborted with. */
  embed(
    texts: readonly string[],
    options?: { onProgress?: (done: number) => void; signal?: AbortSignal },
  ): Promise<Float32Array>;
  destroy(): void;
}

const PREFIXES = ["", "module.", "text.", "module.text."];
const HEAD_WIDTH = 64;
/** Entries beside the weights in OpenAI's models alone. */
const OPENAI_MARKS = ["input_resolution", "context_length", "vocab_size"];

/**
 * Reads the text tower out of a file of weights, as f32. QuickGELU is taken for OpenAI's weights: archives of
 * TorchScript, and files that hold OpenAI's marks (input_resolution, context_length, vocab_size), here or in the note
 * `data convert-weights` leaves. Throws RangeError naming the file for a tower that is not CLIP's.
 */
export async function textTowerWeights(
  file: WeightsFile,
  options: TextTowerOptions = {},
): Promise<TextTowerWeights> {
  const { path, tensors } = file;
  const prefix = PREFIXES.find((start) => tensors.has(`${start}token_embedding.weight`));
  if (prefix === undefined) {
    throw new RangeError(
      `${path} holds no text tower of CLIP: it has no token_embedding.weight (towers of BERT or RoBERTa are not read)`,
    );
  }
  const shapeOf = (name: string, rank: number): number[] => {
    const shape = tensors.get(prefix + name)?.shape;
    if (shape?.length !== rank) {
      throw new RangeError(
        `${path} holds no text tower of CLIP: ${prefix + name} is ${shape ? `[${shape}]` : "missing"}`,
      );
    }
    return shape;
  };
  const [vocabSize, width] = shapeOf("token_embedding.weight", 2);
  const [contextLength] = shapeOf("positional_embedding", 2), [, outputDim] = shapeOf("text_projection", 2);
  let layers = 0;
  while (tensors.has(`${prefix}transformer.resblocks.${layers}.ln_1.weight`)) layers++;
  if (layers === 0) {
    throw new RangeError(`${path} holds no text tower of CLIP: it has no ${prefix}transformer.resblocks.0`);
  }
  const heads = options.heads ?? Math.max(1, Math.floor(width / HEAD_WIDTH));
  if (width % heads !== 0) {
    throw new RangeError(`${path}: ${width} channels do not split into ${heads} heads`);
  }
  const sizes = { contextLength, vocabSize, width, layers, heads, outputDim };
  const read = new Map<string, StoredTensor>();
  for (const [name, shape] of expectedShapes(sizes)) {
    const found = shapeOf(name, shape.length);
    if (found.some((n, i) => n !== shape[i])) {
      throw new RangeError(`${path}: ${prefix + name} is [${found}] where [${shape}] is expected`);
    }
    const { data } = await file.read(prefix + name);
    read.set(name, { shape, dtype: "f32", data: Float32Array.from(data as ArrayLike<number>) });
  }
  const quick = options.quickGelu ?? isOpenAi(file);
  return { options: { ...sizes, activation: quick ? "quick_gelu" : "gelu" }, tensors: read };
}

/** Whether weights are OpenAI's, by what lies beside them. */
function isOpenAi({ format, tensors, metadata }: WeightsFile): boolean {
  return format === "torchscript" || metadata.converted_from === "torchscript" ||
    OPENAI_MARKS.every((name) => tensors.has(name));
}

function expectedShapes(sizes: nn.TextOptions): [string, number[]][] {
  const { contextLength, vocabSize, width, layers, outputDim } = sizes;
  const block = (i: number) =>
    ([
      ["ln_1.weight", [width]],
      ["ln_1.bias", [width]],
      ["attn.in_proj_weight", [3 * width, width]],
      ["attn.in_proj_bias", [3 * width]],
      ["attn.out_proj.weight", [width, width]],
      ["attn.out_proj.bias", [width]],
      ["ln_2.weight", [width]],
      ["ln_2.bias", [width]],
      ["mlp.c_fc.weight", [4 * width, width]],
      ["mlp.c_fc.bias", [4 * width]],
      ["mlp.c_proj.weight", [width, 4 * width]],
      ["mlp.c_proj.bias", [width]],
    ] as [string, number[]][]).map(([name, shape]): [string, number[]] => [
      `transformer.resblocks.${i}.${name}`,
      shape,
    ]);
  return [
    ["token_embedding.weight", [vocabSize, width]],
    ["positional_embedding", [contextLength, width]],
    ...Array.from({ length: layers }, (_, i) => block(i)).flat(),
    ["ln_final.weight", [width]],
    ["ln_final.bias", [width]],
    ["text_projection", [width, outputDim]],
  ];
}

/** Lengths that texts are padded to: the shortest that holds a text is used for it, whatever else is embedded. */
const LENGTHS = [8, 16, 24, 32, 48];
const MOST_ROWS = 64;

/**
 * A text tower on the device. Throws RangeError where the tokenizer's vocabulary is not the tower's. The device's
 * memory is held until `destroy`.
 */
export function openTextTower(
  gpu: Gpu,
  { options, tensors }: TextTowerWeights,
  tokenizer: Tokenizer,
): TextTower {
  const { vocabSize, contextLength, outputDim } = options;
  if (tokenizer.vocabSize !== vocabSize) {
    throw new RangeError(
      `The text tower knows ${vocabSize} tokens and the tokenizer ${tokenizer.vocabSize}: they do not belong together`,
    );
  }
  const graphOf = (graph: Parameters<Parameters<typeof modelStore>[1]>[0], rows: number, length: number) => {
    const ids = input(graph, "text", [rows, length], "i32"), ends = input(graph, "ends", [rows], "i32");
    return { features: nn.textTransformer(nn.scope(graph, "", { train: false }), ids, options, ends) };
  };
  const store = modelStore(gpu, (graph) => graphOf(graph, 1, contextLength), tensors);
  const evaluators = new Map<string, Promise<Evaluator>>();
  const evaluatorFor = (rows: number, length: number) => {
    const key = `${rows} ${length}`;
    const known = evaluators.get(key) ??
      createEvaluator({ store, build: (graph) => graphOf(graph, rows, length) });
    evaluators.set(key, known);
    return known;
  };
  const lengths = [...LENGTHS.filter((length) => length < contextLength), contextLength];

  return {
    width: outputDim,
    async embed(texts, { onProgress, signal } = {}) {
      const all = new Float32Array(texts.length * outputDim), byLength = new Map<number, number[]>();
      const { data, eot } = tokenize(tokenizer, texts, contextLength);
      texts.forEach((_, i) => {
        const length = lengths.find((n) => n > eot[i])!;
        byLength.get(length)?.push(i) ?? byLength.set(length, [i]);
      });
      let done = 0;
      for (const [length, members] of [...byLength].sort(([a], [b]) => a - b)) {
        const rows = Math.min(MOST_ROWS, members.length), evaluator = await evaluatorFor(rows, length);
        for (let from = 0; from < members.length; from += rows) {
          signal?.throwIfAborted();
          const some = members.slice(from, from + rows), ids = new Int32Array(rows * length);
          const ends = new Int32Array(rows);
          for (let row = 0; row < rows; row++) {
            const text = some[row] ?? some[0], start = text * contextLength;
            ids.set(data.subarray(start, start + length), row * length);
            ends[row] = eot[text];
          }
          const { features } = await evaluator.run({
            text: { data: ids, shape: [rows, length], dtype: "i32" },
            ends: { data: ends, shape: [rows], dtype: "i32" },
          });
          some.forEach((text, row) => {
            const found = (features.data as Float32Array).subarray(row * outputDim, (row + 1) * outputDim);
            all.set(found, text * outputDim);
          });
          onProgress?.(done += some.length);
        }
      }
      return all;
    },
    destroy() {
      for (const evaluator of evaluators.values()) evaluator.then(({ destroy }) => destroy(), () => {});
      destroyStore(store);
    },
  };
}
