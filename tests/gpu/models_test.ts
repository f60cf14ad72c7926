// The models of gpu/nn: published sizes and names, initialisation, freezing, and the slope of each loss against
// differences, all without a device.

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { lastOf } from "../../gpu/base/mod.ts";
import {
  constant,
  createGraph,
  gradients,
  input,
  parameter,
  type RefArray,
  type Tensor,
} from "../../gpu/graph/mod.ts";
import * as nn from "../../gpu/nn/mod.ts";
import * as ops from "../../gpu/ops/mod.ts";
import { drawnArray, evaluate, freshParams, initial, trainedSize } from "./model_tools.ts";

const rn50: nn.ClipConfig = {
  embedDim: 1024,
  vision: { layers: [3, 4, 6, 3], width: 64 },
  text: { contextLength: 77, vocabSize: 49408, width: 512, heads: 8, layers: 12 },
};
const vitB32: nn.ClipConfig = { ...rn50, embedDim: 512, vision: { layers: 12, width: 768, patchSize: 32 } };

/** Width 8 at 32 pixels, as the study trains it. */
const small: nn.ModifiedResNetOptions = {
  layers: [1, 1, 1, 1],
  width: 8,
  heads: 4,
  outputDim: 64,
  strides: [1, 1, 2, 2],
};

function clipGraph(config: nn.ClipConfig, size: number) {
  const graph = createGraph();
  const found = nn.clip(
    nn.scope(graph),
    input(graph, "images", [2, size, size, 3]),
    input(graph, "ids", [2, 77], "i32"),
    config,
  );
  return { graph, found };
}

Deno.test("CLIP's published models have their published numbers of parameters", () => {
  assertEquals(trainedSize(clipGraph(rn50, 224).graph), 102_007_137);
  assertEquals(trainedSize(clipGraph(vitB32, 224).graph), 151_277_313);
  const graph = createGraph(), s = nn.scope(graph);
  nn.within(
    s,
    "visual",
    (v) =>
      nn.modifiedResNet(v, input(graph, "x", [2, 224, 224, 3]), {
        ...small,
        layers: [3, 4, 6, 3],
        width: 64,
        heads: 32,
        outputDim: 1024,
        strides: undefined,
      }),
  );
  assertEquals(trainedSize(graph), 38_316_896);
});

Deno.test("the study's image model: size of the design, last map 2 x 2, and other stems", () => {
  const graph = createGraph(), x = input(graph, "x", [2, 32, 32, 3]);
  assertEquals(nn.modifiedResNet(nn.scope(graph), x, small).shape, [2, 64]);
  assertEquals(trainedSize(graph), 342_876);
  const map = (options: Partial<nn.ModifiedResNetOptions>) => {
    const g = createGraph();
    return nn.modifiedResNetMap(nn.scope(g), input(g, "x", [1, 32, 32, 3]), { ...small, ...options }).shape;
  };
  assertEquals(map({}), [1, 2, 2, 256]);
  assertEquals(map({ strides: undefined }), [1, 1, 1, 256]);
  assertEquals(map({ strides: undefined, stemPool: false }), [1, 2, 2, 256]);
  assertThrows(() => map({ strides: [1, 2, 2, 8] }), RangeError);
  const model = (options: Partial<nn.ModifiedResNetOptions>) => {
    const g = createGraph();
    return nn.modifiedResNet(nn.scope(g), input(g, "x", [1, 32, 32, 3]), { ...small, ...options });
  };
  assertThrows(() => model({ width: 7 }), RangeError, "even whole number");
  assertThrows(() => model({ strides: [1, 2] }), RangeError, "2 strides given for 4 stages");
  assertThrows(() => model({ heads: 7 }), RangeError, "do not split into 7 heads");
});

Deno.test("state-dict names, layouts and counters of RN50", () => {
  const { graph, found } = clipGraph(rn50, 224);
  const shape = (name: string) => graph.params.get(name)?.shape;
  assertEquals(shape("visual.layer4.0.downsample.0.weight"), [1, 1, 1024, 2048]);
  assertEquals(graph.params.get("visual.layer4.0.downsample.0.weight")?.layout, "oihw");
  assertEquals(shape("visual.attnpool.positional_embedding"), [50, 2048]);
  assertEquals(shape("visual.attnpool.c_proj.weight"), [1024, 2048]);
  assertEquals(shape("transformer.resblocks.11.attn.in_proj_weight"), [1536, 512]);
  assertEquals(shape("transformer.resblocks.0.mlp.c_fc.bias"), [2048]);
  assertEquals(shape("text_projection"), [512, 1024]);
  assertEquals(shape("logit_scale"), []);
  assertEquals([...graph.params.values()].filter((p) => !p.trainable).length, 2 * 55);
  assertEquals([found.image.shape, found.textRaw.shape], [[2, 1024], [2, 1024]]);
});

Deno.test("initial weights follow the specification, whatever else the model holds", () => {
  const text = { ...rn50.text, vocabSize: 500, layers: 4 };
  const { graph } = clipGraph({ ...rn50, text, vision: { layers: [1, 1, 1, 1], width: 16 } }, 64);
  const values = (name: string) => initial(graph.params.get(name)!);
  const spread = (name: string) =>
    Math.sqrt(values(name).reduce((s, v) => s + v * v, 0) / values(name).length);
  const close = (got: number, want: number) => assert(Math.abs(got / want - 1) < 0.03, `${got} for ${want}`);
  close(spread("visual.attnpool.q_proj.weight"), 512 ** -0.5);
  close(spread("token_embedding.weight"), 0.02);
  close(spread("positional_embedding"), 0.01);
  close(spread("transformer.resblocks.3.attn.in_proj_weight"), 512 ** -0.5);
  close(spread("transformer.resblocks.3.attn.out_proj.weight"), 512 ** -0.5 * 8 ** -0.5);
  close(spread("transformer.resblocks.3.mlp.c_fc.weight"), 1024 ** -0.5);
  close(spread("text_projection"), 512 ** -0.5);
  for (
    const [name, fanIn] of [["visual.layer3.0.conv2.weight", 9 * 64], [
      "visual.attnpool.k_proj.bias",
      512,
    ]] as const
  ) {
    const largest = values(name).reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    assert(largest <= fanIn ** -0.5 && largest > 0.97 * fanIn ** -0.5, name);
  }
  assertEquals(new Set(values("visual.layer2.0.bn3.weight")), new Set([0]));
  assertEquals(new Set(values("visual.layer2.0.bn2.weight")), new Set([1]));
  assertEquals(new Set(values("transformer.resblocks.0.attn.in_proj_bias")), new Set([0]));
  assertAlmostEquals(values("logit_scale")[0], 2.6593, 1e-4);
  const other = clipGraph({ ...rn50, text, vision: { layers: [2, 1, 1, 1], width: 16 } }, 64).graph;
  assertEquals(initial(other.params.get("text_projection")!), values("text_projection"));
});

Deno.test("freezing is a predicate over names; frozen norms still move their statistics", () => {
  const graph = createGraph(),
    s = nn.scope(graph, "", { trainable: (name) => !/^visual\.(?!attnpool)/.test(name) });
  nn.within(s, "visual", (v) => nn.modifiedResNet(v, input(graph, "x", [2, 32, 32, 3]), small));
  const trained = [...graph.params.values()].filter((p) => p.trainable).map((p) => p.name);
  assertEquals(trained.length, 9);
  assert(trained.every((name) => name.startsWith("visual.attnpool.")));
  assertEquals(s.updates.running.length, 2 * 19);
  assertEquals(s.updates.counters.get("visual.bn1.num_batches_tracked"), 1);
  const evaluating = nn.scope(createGraph(), "", { train: false });
  nn.modifiedResNet(evaluating, input(evaluating.graph, "x", [2, 32, 32, 3]), small);
  assertEquals([evaluating.updates.running.length, evaluating.updates.counters.size], [0, 0]);
});

/** Slope of a loss along a random direction of all trained parameters, against a central difference. */
function checkSlope(loss: Tensor, inputs: Record<string, RefArray>): void {
  const { graph } = loss;
  // Norms that start at gamma 0 would hide the branches behind them.
  const params = freshParams(
    graph,
    (name, v) => name.endsWith("bn3.weight") ? v.map((_, i) => 0.5 + i % 3) : v,
  );
  const trained = [...graph.params.values()].filter((p) => p.trainable);
  const slopes = gradients([loss], [constant(graph, [1], [])], trained.map((spec) => parameter(graph, spec)));
  assertEquals(trained.filter((_, i) => slopes[i] === null).map((p) => p.name), []);
  const found = evaluate(slopes as Tensor[], inputs, params);
  const directions = trained.map(({ name }, i) => drawnArray(params.get(name)!.shape, 100 + i).data);
  const along = found.reduce((sum, g, i) => sum + g.reduce((s, v, j) => s + v * directions[i][j], 0), 0);
  const at = (step: number) => {
    const moved = new Map(params);
    trained.forEach(({ name, shape }, i) =>
      moved.set(name, { data: params.get(name)!.data.map((v, j) => v + step * directions[i][j]), shape })
    );
    return evaluate([loss], inputs, moved)[0][0];
  };
  const step = 1e-7, differences = (at(step) - at(-step)) / (2 * step);
  assertAlmostEquals(along, differences, 2e-5 * Math.max(1, Math.abs(along)));
}

const ids = (rows: number, length: number, vocabulary: number): RefArray => {
  const data = new Float64Array(rows * length);
  for (let r = 0; r < rows; r++) {
    const end = 2 + (3 * r) % (length - 2);
    for (let i = 0; i < end; i++) data[r * length + i] = 1 + (7 * r + 5 * i) % (vocabulary - 2);
    data[r * length + end] = vocabulary - 1;
  }
  return { data, shape: [rows, length] };
};

Deno.test("slope of the CLIP loss: ResNet and text tower", () => {
  const graph = createGraph(), s = nn.scope(graph);
  const images = input(graph, "images", [3, 16, 16, 3]), text = input(graph, "ids", [3, 7], "i32");
  const image = nn.within(
    s,
    "visual",
    (v) => nn.modifiedResNet(v, images, { layers: [1, 1], width: 4, heads: 4, outputDim: 8 }),
  );
  const raw = nn.textTransformer(s, text, {
    contextLength: 9,
    vocabSize: 17,
    width: 12,
    heads: 3,
    layers: 2,
    outputDim: 8,
  });
  const loss = nn.contrastiveLoss(ops.l2Normalize(image), ops.l2Normalize(raw), nn.logitScale(s));
  checkSlope(loss, { images: drawnArray([3, 16, 16, 3], 1), ids: ids(3, 7, 17) });
});

Deno.test("slope of the CLIP loss: vision transformer, odd heads, QuickGELU", () => {
  const graph = createGraph(), s = nn.scope(graph);
  const found = nn.clip(s, input(graph, "images", [3, 9, 6, 3]), input(graph, "ids", [3, 5], "i32"), {
    embedDim: 6,
    vision: { layers: 2, width: 15, headWidth: 5, patchSize: 3 },
    text: { contextLength: 5, vocabSize: 11, width: 10, heads: 2, layers: 1 },
    quickGelu: true,
    logitScale: 1,
  });
  checkSlope(nn.contrastiveLoss(found.image, found.text, found.logitScale), {
    images: drawnArray([3, 9, 6, 3], 2),
    ids: ids(3, 5, 11),
  });
});

Deno.test("slope of the supervised loss with two vocabularies", () => {
  const graph = createGraph(), s = nn.scope(graph);
  const features = nn.within(
    s,
    "visual",
    (v) =>
      nn.modifiedResNet(v, input(graph, "images", [4, 16, 16, 3]), {
        layers: [1, 1],
        width: 2,
        heads: 2,
        outputDim: 5,
      }),
  );
  const vocabulary = { index: input(graph, "index", [2, 3], "i32"), bias: input(graph, "bias", [2, 1, 3]) };
  const logits = nn.cosineHead(s, features, { classes: 7, logitScale: 0.5, vocabulary });
  assertEquals([logits.shape, lastOf(logits.shape)], [[4, 3], 3]);
  const loss = ops.mean(ops.crossEntropy(logits, input(graph, "target", [4], "i32")), { axes: null });
  checkSlope(loss, {
    images: drawnArray([4, 16, 16, 3], 3),
    index: { data: Float64Array.of(1, 4, 6, 0, 4, 0), shape: [2, 3] },
    bias: { data: Float64Array.of(0, 0, 0, 0, 0, -1e30), shape: [2, 1, 3] },
    target: { data: Float64Array.of(0, 2, 1, 0), shape: [4] },
  });
});
