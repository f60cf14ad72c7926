// CLIP: an image tower, a text tower and a learned temperature, trained so that matching pairs of a batch find each
// other (Radford et al. 2021). The configuration has the fields of open_clip's model files.

import type { Tensor } from "../graph/mod.ts";
import * as ops from "../ops/mod.ts";
import { value } from "./init.ts";
import type { Activation } from "./layers.ts";
import { modifiedResNet } from "./modified_resnet.ts";
import { type ParamScope, within } from "./params.ts";
import { textTransformer } from "./text_transformer.ts";
import { vit } from "./vit.ts";

export interface ImageTowerConfig {
  /** One number: a vision transformer of that depth; four numbers: a ResNet. */
  readonly layers: number | readonly number[];
  readonly width: number;
  /** Channels per attention head; default 64. */
  readonly headWidth?: number;
  /** Vision transformer only. */
  readonly patchSize?: number;
  readonly mlpRatio?: number;
  /** ResNet only. */
  readonly strides?: readonly number[];
  readonly stemPool?: boolean;
}

export interface TextTowerConfig {
  readonly contextLength: number;
  readonly vocabSize: number;
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
}

export interface ClipConfig {
  readonly embedDim: number;
  readonly vision: ImageTowerConfig;
  readonly text: TextTowerConfig;
  /** OpenAI's weights were trained with x sigmoid(1.702 x); default is the exact GELU. */
  readonly quickGelu?: boolean;
  /** Initial logit_scale, a logarithm; default ln(1 / 0.07). */
  readonly logitScale?: number;
}

/** ln(1 / 0.07), where CLIP's learned temperature starts. */
export const initialLogitScale = Math.log(1 / 0.07);

const activationOf = (config: ClipConfig): Activation => config.quickGelu ? "quick_gelu" : "gelu";

/** Images [N,H,W,3] to raw embeddings [N,embedDim]; parameters under "visual". */
export function imageFeatures(s: ParamScope, images: Tensor, config: ClipConfig): Tensor {
  const { layers, width, headWidth = 64, patchSize = 16, mlpRatio, strides, stemPool } = config.vision;
  const outputDim = config.embedDim;
  return within(s, "visual", (v) => {
    if (typeof layers !== "number") {
      const heads = Math.floor((width * 32) / headWidth);
      return modifiedResNet(v, images, { layers, width, heads, outputDim, strides, stemPool });
    }
    const heads = Math.floor(width / headWidth);
    return vit(v, images, {
      patchSize,
      width,
      layers,
      heads,
      outputDim,
      mlpRatio,
      activation: activationOf(config),
    });
  });
}

/** Token ids [N,T] to raw embeddings [N,embedDim]; parameters at the root, as in open_clip. */
export function textFeatures(s: ParamScope, ids: Tensor, config: ClipConfig, positions?: Tensor): Tensor {
  const options = { ...config.text, outputDim: config.embedDim, activation: activationOf(config) };
  return textTransformer(s, ids, options, positions);
}

/** The learned temperature, shape []: a logarithm, kept in [0, ln 100] by the optimiser's caller. */
export function logitScale(s: ParamScope, initial = initialLogitScale): Tensor {
  return s.param("logit_scale", [], value(initial));
}

export interface ClipOutputs {
  /** Unit rows [N,embedDim]. */
  readonly image: Tensor;
  readonly text: Tensor;
  /** The same before normalisation. */
  readonly imageRaw: Tensor;
  readonly textRaw: Tensor;
  /** Logarithm of the temperature, shape []. */
  readonly logitScale: Tensor;
}

/** Both towers on a batch of pairs. */
export function clip(
  s: ParamScope,
  images: Tensor,
  ids: Tensor,
  config: ClipConfig,
  positions?: Tensor,
): ClipOutputs {
  const imageRaw = imageFeatures(s, images, config);
  const textRaw = textFeatures(s, ids, config, positions);
  const image = ops.l2Normalize(imageRaw), text = ops.l2Normalize(textRaw);
  return { image, text, imageRaw, textRaw, logitScale: logitScale(s, config.logitScale) };
}

/** exp(logitScale) * image text^T: [N,D] and [M,D] unit rows give [N,M]. */
export function pairLogits(image: Tensor, text: Tensor, scaleLog: Tensor): Tensor {
  return ops.mul(ops.matmul(image, text, { tb: true }), ops.exp(scaleLog));
}

/** CLIP's loss of a batch: unit rows [N,D] of images and texts, and the logarithm of the temperature; shape []. */
export function contrastiveLoss(image: Tensor, text: Tensor, scaleLog: Tensor): Tensor {
  return ops.contrastiveLoss(image, text, ops.exp(scaleLog));
}
