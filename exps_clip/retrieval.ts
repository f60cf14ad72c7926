// How well images and captions of held-out pairs find each other: the loss of training, and recall over the whole set, as
// open_clip reports them. Only captions that score higher stand before a match, so equal texts do no harm.

import { createEvaluator, type Store } from "../gpu/mod.ts";
import type { ImageSource, Tokenizer } from "../data_utils/mod.ts";
import type { CaptionOf } from "./captions.ts";
import { type ClipModelSettings, imageGraph } from "./task.ts";
import { embedTexts } from "./zero_shot.ts";

/** Shares of matches among the best 1, 5 and 10, and the ranks of the matches, counted from 1. */
export interface Ranks {
  readonly r1: number;
  readonly r5: number;
  readonly r10: number;
  readonly mean_rank: number;
  readonly median_rank: number;
}

/** Retrieval over so many pairs, each side looking for the other. */
export interface Retrieval {
  readonly pairs: number;
  /** Contrastive loss: mean over batches of pairs. */
  readonly clip_val_loss: number;
  readonly image_to_text: Ranks;
  readonly text_to_image: Ranks;
}

export interface RetrievalOptions {
  readonly source: ImageSource;
  readonly captionOf: CaptionOf;
  /** Logarithm of the model's temperature. */
  readonly logitScale: number;
  /** Pairs to a batch of the loss. */
  readonly batchSize: number;
  /** At most this many pairs, the first of the source. */
  readonly most: number;
  readonly signal?: AbortSignal;
}

/** Retrieval by the model in a store. Throws RangeError for fewer than two pairs. */
export async function retrieve(
  store: Store,
  settings: ClipModelSettings,
  tokenizer: Tokenizer,
  options: RetrievalOptions,
): Promise<Retrieval> {
  const { source, captionOf, most, batchSize } = options;
  const pairs = Math.min(source.count, most), rows = Math.min(100, pairs), width = settings.model.embedDim;
  if (pairs < 2) throw new RangeError("Retrieval needs two pairs or more");
  const images = new Float32Array(pairs * width), indices: number[] = [];
  const evaluator = await createEvaluator({ store, build: (graph) => imageGraph(graph, settings, rows) });
  try {
    const order = { batchSize: rows, seed: 0, shuffle: false, last: "pad", signal: options.signal } as const;
    for await (const batch of source.batches(order)) {
      const room = Math.min(batch.valid, pairs - indices.length);
      const { features } = await evaluator.run({ images: batch.images });
      images.set((features.data as Float32Array).subarray(0, room * width), indices.length * width);
      indices.push(...batch.indices.subarray(0, room));
      if (indices.length === pairs) break;
    }
  } finally {
    evaluator.destroy();
  }
  const captions = indices.map((index) => captionOf(0, index));
  const texts = await embedTexts(store, settings, tokenizer, captions);
  return compare(images, texts, { pairs: indices.length, width, batchSize, logitScale: options.logitScale });
}

/** Loss and ranks of unit embeddings [pairs, width] of both sides. */
export function compare(
  images: Float32Array,
  texts: Float32Array,
  sizes: { pairs: number; width: number; batchSize: number; logitScale: number },
): Retrieval {
  const { pairs, width, batchSize, logitScale } = sizes, scale = Math.exp(logitScale);
  const similarity = (i: number, j: number) => {
    let sum = 0;
    for (let d = 0; d < width; d++) sum += images[i * width + d] * texts[j * width + d];
    return sum;
  };
  const batches = Math.max(1, Math.floor(pairs / batchSize)), size = Math.min(batchSize, pairs);
  let loss = 0;
  for (let b = 0; b < batches; b++) {
    const logit = (i: number, j: number) => scale * similarity(b * size + i, b * size + j);
    for (let i = 0; i < size; i++) {
      const row = Array.from({ length: size }, (_, j) => logit(i, j));
      const column = Array.from({ length: size }, (_, j) => logit(j, i));
      loss += (logSumExp(row) + logSumExp(column)) / 2 - row[i];
    }
  }
  const ranks = (of: (i: number, j: number) => number) =>
    summary(
      Array.from({ length: pairs }, (_, i) => {
        const own = of(i, i);
        let rank = 1;
        for (let j = 0; j < pairs; j++) if (of(i, j) > own) rank++;
        return rank;
      }),
    );
  return {
    pairs,
    clip_val_loss: loss / (batches * size),
    image_to_text: ranks(similarity),
    text_to_image: ranks((i, j) => similarity(j, i)),
  };
}

function logSumExp(values: readonly number[]): number {
  const most = Math.max(...values);
  return most + Math.log(values.reduce((sum, v) => sum + Math.exp(v - most), 0));
}

function summary(ranks: number[]): Ranks {
  const n = ranks.length, within = (k: number) => ranks.filter((rank) => rank <= k).length / n;
  ranks.sort((a, b) => a - b);
  return {
    r1: within(1),
    r5: within(5),
    r10: within(10),
    mean_rank: ranks.reduce((a, b) => a + b, 0) / n,
    median_rank: (ranks[Math.floor((n - 1) / 2)] + ranks[Math.floor(n / 2)]) / 2,
  };
}
