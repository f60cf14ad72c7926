// What `data text-heads` and others need of the engine: texts through the text tower of a file of weights.

import { openGpu } from "../gpu/mod.ts";
import { loadClipTokenizer, openWeights } from "../data_utils/mod.ts";
import { openTextTower, textTowerWeights } from "./text_tower.ts";

export interface EmbedFileOptions {
  /** .pt of OpenAI (TorchScript), or a state dict of OpenAI or open_clip as .pt or safetensors. */
  readonly weights: string;
  /** Entry of a checkpoint that holds the model. */
  readonly section?: string;
  /** CLIP's byte pairs, bpe_simple_vocab_16e6.txt.gz. */
  readonly bpe: string;
  readonly quickGelu?: boolean;
  readonly heads?: number;
  readonly onProgress?: (done: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Raw embeddings [N, width] of texts by the tower in a file. Throws SyntaxError and RangeError naming the file for
 * weights or byte pairs that are not CLIP's.
 */
export async function embedWithFile(
  texts: readonly string[],
  options: EmbedFileOptions,
): Promise<{ embeddings: Float32Array; width: number; activation: string }> {
  const { weights, section, bpe, onProgress, signal } = options, tokenizer = await loadClipTokenizer(bpe);
  using file = await openWeights(weights, { section });
  const read = await textTowerWeights(file, options), gpu = await openGpu();
  try {
    const tower = openTextTower(gpu, read, tokenizer);
    try {
      const embeddings = await tower.embed(texts, { onProgress, signal });
      return { embeddings, width: tower.width, activation: read.options.activation ?? "gelu" };
    } finally {
      tower.destroy();
    }
  } finally {
    gpu.close();
  }
}
