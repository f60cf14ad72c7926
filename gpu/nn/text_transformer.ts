// CLIP's text tower: token and position embeddings, causal pre-norm blocks, the feature at the end-of-text token.

import type { Tensor } from "../graph/mod.ts";
import * as ops from "../ops/mod.ts";
import { normal } from "./init.ts";
import { type Activation, layerNorm } from "./layers.ts";
import { type ParamScope, within } from "./params.ts";
import { transformer } from "./transformer.ts";

export interface TextOptions {
  /** Rows of the position embedding; captions may be given shorter. */
  readonly contextLength: number;
  readonly vocabSize: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly outputDim: number;
  readonly activation?: Activation;
}

/**
 * Token ids [N,T] (i32, T at most contextLength) to embeddings [N,outputDim]. The feature is read at `positions` [N]
 * (i32), or where the id is largest: the end-of-text token has the last id. Initialisation as in spec section 5.2.
 * Throws RangeError when the captions are longer than the context.
 */
export function textTransformer(
  s: ParamScope,
  ids: Tensor,
  options: TextOptions,
  positions?: Tensor,
): Tensor {
  const { contextLength, vocabSize, width, layers, heads, outputDim, activation } = options;
  const length = ids.shape[1];
  if (length > contextLength) {
    throw new RangeError(`Captions of ${length} tokens do not fit a context of ${contextLength}`);
  }
  const spread = width ** -0.5, depth = (2 * layers) ** -0.5;
  const tokens = within(s, "token_embedding", (t) => t.param("weight", [vocabSize, width], normal(0.02)));
  const embedding = s.param("positional_embedding", [contextLength, width], normal(0.01));
  const places = ops.slice(embedding, { ends: [length] });

  const y = transformer(s, ops.add(ops.embedding(ids, tokens), places), layers, {
    only: positions ?? ops.argmax(ids, 1),
    heads,
    activation,
    causal: true,
    init: {
      attention: normal(spread),
      attentionOut: normal(spread * depth),
      mlpIn: normal((2 * width) ** -0.5),
      mlpOut: normal(spread * depth),
    },
  });
  const feature = ops.reshape(y, [ids.shape[0], width]);
  const normed = within(s, "ln_final", (l) => layerNorm(l, feature));
  return ops.matmul(normed, s.param("text_projection", [width, outputDim], normal(spread)));
}
