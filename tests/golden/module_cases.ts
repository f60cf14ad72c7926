// Group c_modules: the models of gpu/nn, sized by the sidecars. Parameter names must agree with the fixture's.

import type { Tensor } from "../../gpu/graph/mod.ts";
import * as nn from "../../gpu/nn/mod.ts";
import * as ops from "../../gpu/ops/mod.ts";
import { type Build, Unsupported } from "./case_graph.ts";
import { type Check, exactness } from "./compare.ts";
import { type Fixture, tensorOf } from "./fixture.ts";
import { channelsFirst, channelsLast } from "./layouts.ts";

const activations: Readonly<Record<string, nn.Activation>> = {
  gelu_erf: "gelu",
  gelu: "gelu",
  gelu_tanh: "gelu_tanh",
  quick_gelu: "quick_gelu",
  relu: "relu",
};

/** Sizes of a ResNet as the sidecars name them. */
export function resnetOptions(attrs: Fixture["attrs"]): nn.ModifiedResNetOptions {
  const { layers, width, heads, output_dim: outputDim } = attrs;
  return { layers, width, heads, outputDim };
}

const modifiedResNet: Build = (c) => ({
  y: nn.modifiedResNet(c.scope, channelsLast(c.input("x")), resnetOptions(c.attrs)),
});

const bottleneck: Build = (c) => ({
  y: channelsFirst(nn.bottleneck(c.scope, channelsLast(c.input("x")), c.attrs.planes, c.attrs.stride)),
});

/** A ResNet under "visual" with the cosine head at the root, as the supervised task has it. */
export function classifier(
  s: nn.ParamScope,
  images: Tensor,
  attrs: Fixture["attrs"],
  vocabulary?: nn.Vocabulary,
): Tensor {
  const features = nn.within(s, "visual", (v) => nn.modifiedResNet(v, images, resnetOptions(attrs)));
  return nn.cosineHead(s, features, { classes: attrs.num_classes, vocabulary });
}

const clsWrapper: Build = (c) => {
  const sampled = c.has("idxs") ? { index: ops.reshape(c.input("idxs"), [1, -1]) } : undefined;
  const logits = classifier(c.scope, channelsLast(c.input("image")), c.attrs, sampled);
  const target = c.input(sampled === undefined ? "target" : "new_target");
  return { logits, loss: ops.mean(ops.crossEntropy(logits, target), { axes: null }) };
};

const cosineHead: Build = (c) => ({
  y: nn.cosineLogits(
    c.input("features"),
    c.input("head"),
    c.input("logit_scale"),
    c.has("idxs") ? { index: ops.reshape(c.input("idxs"), [1, -1]) } : undefined,
  ),
});

const vit: Build = (c) => {
  const { patch, width, layers, heads, mlp_ratio, output_dim, act, pool = "tok", ln_eps = 1e-5 } = c.attrs;
  if (pool !== "tok" || ln_eps !== 1e-5) {
    throw new Unsupported(`openclip_vit with pool ${pool}, ln_eps ${ln_eps}`);
  }
  const options = { patchSize: patch, width, layers, heads, mlpRatio: mlp_ratio, outputDim: output_dim };
  return { y: nn.vit(c.scope, channelsLast(c.input("x")), { ...options, activation: activations[act] }) };
};

const text: Build = (c) => {
  const { context, vocab, width, heads, layers, output_dim: outputDim, act = "gelu", causal = true } =
    c.attrs;
  if (!causal) throw new Unsupported("openclip_text without a causal mask");
  const options = { contextLength: context, vocabSize: vocab, width, heads, layers, outputDim };
  return { y: nn.textTransformer(c.scope, c.input("text"), { ...options, activation: activations[act] }) };
};

/** A CLIP configuration as the sidecars give it, with open_clip's field names. */
export function clipConfig(attrs: Fixture["attrs"]): nn.ClipConfig {
  const { embed_dim, vision, text, quick_gelu } = attrs;
  return {
    embedDim: embed_dim,
    quickGelu: quick_gelu ?? false,
    vision: {
      layers: vision.layers,
      width: vision.width,
      headWidth: vision.head_width,
      patchSize: vision.patch_size,
      mlpRatio: vision.mlp_ratio,
    },
    text: {
      contextLength: text.context_length,
      vocabSize: text.vocab_size,
      width: text.width,
      heads: text.heads,
      layers: text.layers,
    },
  };
}

const clip: Build = (c) => {
  const found = nn.clip(c.scope, channelsLast(c.input("image")), c.input("text"), clipConfig(c.attrs));
  return {
    loss: nn.contrastiveLoss(found.image, found.text, found.logitScale),
    image_features: found.image,
    text_features: found.text,
    logits_per_image: nn.pairLogits(found.image, found.text, found.logitScale),
  };
};

/** The fixture's features are raw: the loss includes their normalisation. */
const clipLoss: Build = (c) => {
  const [image, text] = ["image", "text"].map((name) => ops.l2Normalize(c.input(name)));
  return { y: nn.contrastiveLoss(image, text, c.input("logit_scale")) };
};

/** Builders by the sidecar's `op`. */
export const moduleCases: Readonly<Record<string, Build>> = {
  modified_resnet: modifiedResNet,
  bottleneck,
  cls_wrapper: clsWrapper,
  cosine_head: cosineHead,
  openclip_vit: vit,
  openclip_text: text,
  clip,
  clip_loss: clipLoss,
};

/** The vocabulary of a step: the union and the new targets exactly; our own draw in size and in what it must hold. */
function subVocabularyTargets(fixture: Fixture): Check[] {
  const { num_to_sample: size, drawn } = fixture.attrs;
  const target = tensorOf(fixture, "in/target").data, wanted = tensorOf(fixture, "out/idxs").data;
  const joined = nn.joinVocabulary(target, drawn);
  const own = nn.subVocabulary({
    targets: target,
    weights: tensorOf(fixture, "in/freq").data,
    size,
    seed: 1,
    step: 0,
  });
  return [
    exactness("out/idxs", joined.classes, wanted),
    exactness("out/new_target", joined.targets, tensorOf(fixture, "out/new_target").data),
    exactness("own draw: size", own.lengths, [wanted.length]),
    exactness("own draw: targets", Array.from(own.targets, (place) => own.index[place]), target),
  ];
}

/** Checks without a graph by the sidecar's `op`. */
export const hostCases: Readonly<Record<string, (fixture: Fixture) => Check[]>> = {
  subvocab_targets: subVocabularyTargets,
};
