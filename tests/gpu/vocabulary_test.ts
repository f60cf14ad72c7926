// The cosine head and its sub-vocabularies: which classes a step scores, and that scoring them is scoring those rows.

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { createGraph, input } from "../../gpu/graph/mod.ts";
import * as nn from "../../gpu/nn/mod.ts";
import { drawnArray, evaluate } from "./model_tools.ts";

Deno.test("a vocabulary is the batch's classes, topped up, in order; targets are places in it", () => {
  const weights = Float64Array.from({ length: 20 }, (_, c) => c + 1);
  for (let step = 0; step < 50; step++) {
    const targets = [3, 3, 17, 5], found = nn.subVocabulary({ targets, weights, size: 9, seed: 4, step });
    assertEquals([found.size, found.lengths], [9, [9]]);
    const list = [...found.index];
    assertEquals(list, [...new Set(list)].sort((a, b) => a - b));
    assertEquals([...found.targets].map((place) => list[place]), targets);
    assertEquals(new Set(found.bias), new Set([0]));
  }
});

Deno.test("the draw depends on seed and step only, and differs between processes", () => {
  const options = {
    targets: [0, 0, 1, 0],
    weights: new Float64Array(50).fill(1),
    size: 10,
    seed: 3,
    step: 8,
    processes: 2,
  };
  assertEquals(nn.subVocabulary(options), nn.subVocabulary(options));
  const { index } = nn.subVocabulary(options);
  assert(index.subarray(0, 10).some((c, i) => c !== index[10 + i]), "two processes draw alike");
  assert(
    nn.subVocabulary({ ...options, step: 9 }).index.some((c, i) => c !== index[i]),
    "two steps draw alike",
  );
  assert(
    nn.subVocabulary({ ...options, seed: 4 }).index.some((c, i) => c !== index[i]),
    "two seeds draw alike",
  );
});

Deno.test("classes are drawn in proportion to their weights", () => {
  // One class of four is present and one more is drawn: its chance is its weight over the sum of the absent ones'.
  const counts = new Float64Array(4), steps = 8000;
  for (let step = 0; step < steps; step++) {
    const { index } = nn.subVocabulary({ targets: [2], weights: [1, 3, 50, 6], size: 2, seed: 1, step });
    for (const c of index) counts[c]++;
  }
  assertEquals(counts[2], steps);
  [0.1, 0.3, 0, 0.6].forEach((chance, c) => {
    if (c !== 2) assertAlmostEquals(counts[c] / steps, chance, 4 * Math.sqrt(chance * (1 - chance) / steps));
  });
});

Deno.test("more classes than asked for, classes without weight, and a vocabulary of all", () => {
  const full = nn.subVocabulary({
    targets: [5, 1, 9, 7],
    weights: new Float64Array(10).fill(1),
    size: 2,
    seed: 1,
    step: 0,
  });
  assertEquals([full.size, [...full.index], [...full.targets]], [4, [1, 5, 7, 9], [1, 0, 3, 2]]);
  const short = nn.subVocabulary({ targets: [4, 4], weights: [0, 2, 0, 1, 0, 0], size: 5, seed: 1, step: 0 });
  assertEquals([short.size, short.lengths, [...short.index]], [5, [3], [1, 3, 4, 0, 0]]);
  assertEquals([...short.bias].map((b) => b < 0), [false, false, false, true, true]);
  const all = nn.subVocabulary({ targets: [0], weights: [1, 1, 1], size: 8, seed: 1, step: 0 });
  assertEquals([all.size, [...all.index]], [3, [0, 1, 2]]);
  assertEquals(nn.vocabularyRoom(64, 1000, 16, 4), 16);
  assertEquals(nn.vocabularyRoom(64, 1000, 10, 2), 32);
  assertThrows(
    () => nn.subVocabulary({ targets: [6], weights: [1, 1], size: 2, seed: 1, step: 0 }),
    RangeError,
    "Label 6",
  );
  assertThrows(
    () => nn.subVocabulary({ targets: [0, 1, 0], weights: [1, 1], size: 2, seed: 1, step: 0, processes: 2 }),
    RangeError,
    "do not split",
  );
});

Deno.test("weights from frequencies", () => {
  assertEquals([...nn.vocabularyWeights([0, 4, 9], "linear")], [0, 4, 9]);
  assertEquals([...nn.vocabularyWeights([0, 4, 9], "sqrt")], [0, 2, 3]);
  assertEquals([...nn.vocabularyWeights([0, 4, 9], "uniform")], [1, 1, 1]);
  assertThrows(() => nn.vocabularyWeights([1, -1], "linear"), RangeError, "class 1");
  assertThrows(() => nn.vocabularyWeights([NaN], "sqrt"), RangeError, "class 0");
});

Deno.test("logits over a vocabulary are those columns of the logits over all classes, process by process", () => {
  const graph = createGraph(),
    features = input(graph, "features", [6, 5]),
    head = input(graph, "head", [9, 5]);
  const scale = input(graph, "scale", []),
    index = input(graph, "index", [3, 4], "i32"),
    bias = input(graph, "bias", [3, 1, 4]);
  const targets = [0, 8, 3, 3, 2, 1];
  const chosen = nn.subVocabulary({
    targets,
    weights: [1, 1, 1, 1, 0, 0, 0, 0, 1],
    size: 4,
    seed: 2,
    step: 0,
    processes: 3,
  });
  const array = (data: ArrayLike<number>, shape: number[]) => ({ data: Float64Array.from(data), shape });
  const inputs = {
    features: drawnArray([6, 5], 1),
    head: drawnArray([9, 5], 2),
    scale: array([0.7], []),
    index: array(chosen.index, [3, 4]),
    bias: array(chosen.bias, [3, 1, 4]),
  };
  const [all, some] = evaluate([
    nn.cosineLogits(features, head, scale),
    nn.cosineLogits(features, head, scale, { index, bias }),
  ], inputs);
  const unit = (x: Float64Array) => x.map((v) => v / Math.hypot(...x));
  for (let row = 0; row < 6; row++) {
    const f = unit(inputs.features.data.subarray(row * 5, row * 5 + 5));
    for (let c = 0; c < 9; c++) {
      const h = unit(inputs.head.data.subarray(c * 5, c * 5 + 5));
      assertAlmostEquals(all[row * 9 + c], Math.exp(0.7) * f.reduce((s, v, i) => s + v * h[i], 0), 1e-12);
    }
    const process = Math.floor(row / 2);
    for (let place = 0; place < 4; place++) {
      const got = some[row * 4 + place], c = chosen.index[process * 4 + place];
      if (chosen.bias[process * 4 + place] < 0) assert(got < -1e29);
      else assertAlmostEquals(got, all[row * 9 + c], 1e-12);
    }
    assertEquals(chosen.index[process * 4 + chosen.targets[row]], targets[row]);
  }
  const odd = input(graph, "odd", [4, 2], "i32");
  assertThrows(
    () => nn.cosineLogits(features, head, scale, { index: odd }),
    TypeError,
    "6 rows do not split into 4",
  );
});
