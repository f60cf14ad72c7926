// The supervised head of the study: logits are cosines between the features and one learned (or frozen) row per
// class, times a learned temperature. It can score a part of the classes only, a different part for each virtual
// process of the batch (spec sections 4.1 and 4.2).

import type { Tensor } from "../graph/mod.ts";
import * as ops from "../ops/mod.ts";
import { initialLogitScale } from "./clip.ts";
import { normal, value } from "./init.ts";
import type { ParamScope } from "./params.ts";

/** The classes scored in this step, as step inputs; `subVocabulary` makes the values. */
export interface Vocabulary {
  /** Class ids [k,V] (i32): row p is the vocabulary of virtual process p, which owns rows p N/k .. (p+1) N/k. */
  readonly index: Tensor;
  /** Added to the logits, [k,1,V]: 0, or -1e30 where a vocabulary is shorter than V. Absent = none is. */
  readonly bias?: Tensor;
}

/**
 * exp(scaleLog) * cosine(features [N,D], rows): rows are all of head [C,D], giving [N,C], or those of the vocabulary,
 * giving [N,V]. Throws TypeError when N does not split into the vocabulary's processes.
 */
export function cosineLogits(
  features: Tensor,
  head: Tensor,
  scaleLog: Tensor,
  vocabulary?: Vocabulary,
): Tensor {
  const unit = ops.l2Normalize(features);
  const scale = ops.exp(scaleLog);
  if (vocabulary === undefined) {
    return ops.mul(ops.matmul(unit, ops.l2Normalize(head), { tb: true }), scale);
  }
  const { index, bias } = vocabulary;
  const [n, d] = features.shape, [k, v] = index.shape;
  if (n % k !== 0) throw new TypeError(`${n} rows do not split into ${k} virtual processes`);
  const rows = ops.l2Normalize(ops.embedding(index, head));
  const cosines = ops.matmul(ops.reshape(unit, [k, n / k, d]), rows, { tb: true });
  const scaled = ops.mul(cosines, scale);
  return ops.reshape(bias === undefined ? scaled : ops.add(scaled, bias), [n, v]);
}

export interface CosineHeadOptions {
  readonly classes: number;
  /** Initial logit_scale, a logarithm; default ln(1 / 0.07). */
  readonly logitScale?: number;
  readonly vocabulary?: Vocabulary;
}

/**
 * Features [N,D] to logits [N,C] or [N,V]. Parameters head [C,D] ~ N(0, 1/D) and logit_scale []; the scope's
 * `trainable` freezes the head.
 */
export function cosineHead(s: ParamScope, features: Tensor, options: CosineHeadOptions): Tensor {
  const { classes, logitScale = initialLogitScale, vocabulary } = options;
  const width = features.shape[1];
  const head = s.param("head", [classes, width], normal(width ** -0.5));
  return cosineLogits(features, head, s.param("logit_scale", [], value(logitScale)), vocabulary);
}
