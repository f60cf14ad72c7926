// Single layers against loops written out, in the float64 interpreter.

import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { createGraph, input, type RefArray, type Tensor } from "../../gpu/graph/mod.ts";
import * as nn from "../../gpu/nn/mod.ts";
import * as ops from "../../gpu/ops/mod.ts";
import { runningValues } from "../../gpu/optim/mod.ts";
import { drawnArray, evaluate, freshParams } from "./model_tools.ts";

function assertNear(got: ArrayLike<number>, want: ArrayLike<number>, tolerance = 1e-12): void {
  assertEquals(got.length, want.length);
  Array.from(want).forEach((w, i) =>
    assertAlmostEquals(got[i], w, tolerance * Math.max(1, Math.abs(w)), `element ${i}`)
  );
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((s, v, i) => s + v * b[i], 0);
const rowsOf = ({ data, shape }: RefArray, size = shape[shape.length - 1]) =>
  Array.from({ length: data.length / size }, (_, r) => Array.from(data.subarray(r * size, (r + 1) * size)));
const softmax = (x: number[]) => {
  const e = x.map((v) => Math.exp(v - Math.max(...x))), total = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / total);
};

/** Attention by loops: q [B,T,D], k and v [B,S,D]; `sees(b, t, s)` is the mask. */
function attention(
  [q, k, v]: readonly RefArray[],
  heads: number,
  sees: (b: number, t: number, s: number) => boolean,
): number[] {
  const [batch, length, width] = q.shape, keys = k.shape[1], part = width / heads;
  const out: number[] = [];
  const rows = { q: rowsOf(q), k: rowsOf(k), v: rowsOf(v) };
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < length; t++) {
      for (let h = 0; h < heads; h++) {
        const own = (row: number[]) => row.slice(h * part, (h + 1) * part);
        const scores = Array.from(
          { length: keys },
          (_, s) =>
            sees(b, t, s)
              ? dot(own(rows.q[b * length + t]), own(rows.k[b * keys + s])) / Math.sqrt(part)
              : -Infinity,
        );
        const weights = softmax(scores);
        for (let c = 0; c < part; c++) {
          out.push(weights.reduce((sum, w, s) => sum + w * rows.v[b * keys + s][h * part + c], 0));
        }
      }
    }
  }
  return out;
}

Deno.test("attention: heads in place and apart, causal, and up to a position of each example", () => {
  for (const [width, heads] of [[8, 2], [7, 1], [15, 3], [6, 3]]) {
    const values = [[2, 5, width], [2, 5, width], [2, 5, width]].map(drawnArray);
    const build = (options: (last: Tensor) => nn.AttendOptions, length = 5) => {
      const graph = createGraph(), last = input(graph, "last", [2], "i32");
      const [q, k, v] = ["q", "k", "v"].map((name) =>
        input(graph, name, [2, name === "q" ? length : 5, width])
      );
      const first = {
        data: rowsOf(values[0]).filter((_, r) => r % 5 < length).flat(),
        shape: [2, length, width],
      };
      const query = { ...first, data: Float64Array.from(first.data) };
      const y = nn.attend({ q, k, v }, heads, options(last));
      const inputs = {
        q: query,
        k: values[1],
        v: values[2],
        last: { data: Float64Array.of(1, 3), shape: [2] },
      };
      return [evaluate([y], inputs)[0], [query, values[1], values[2]]] as const;
    };
    const [all, allInputs] = build(() => ({}));
    assertNear(all, attention(allInputs, heads, () => true));
    const [causal, causalInputs] = build(() => ({ causal: true }));
    assertNear(causal, attention(causalInputs, heads, (_, t, s) => s <= t));
    const [upTo, upToInputs] = build((last) => ({ bias: nn.upTo(last, 5) }), 1);
    assertNear(upTo, attention(upToInputs, heads, (b, _, s) => s <= [1, 3][b]));
  }
  const graph = createGraph(), x = input(graph, "x", [1, 2, 6]);
  assertThrows(() => nn.attend({ q: x, k: x, v: x }, 4), RangeError, "6 channels do not split into 4 heads");
});

Deno.test("a block that passes one row of each example gives that row of the whole block", () => {
  for (const causal of [true, false]) {
    const graph = createGraph(), s = nn.scope(graph);
    const x = input(graph, "x", [3, 6, 8]), at = input(graph, "at", [3], "i32");
    const options = { heads: 2, causal, activation: "quick_gelu" as const };
    const whole = ops.indexRows(nn.transformer(s, x, 2, options), at);
    const one = nn.transformer(s, x, 2, { ...options, only: at });
    assertEquals(one.shape, [3, 1, 8]);
    const inputs = { x: drawnArray([3, 6, 8], 5), at: { data: Float64Array.of(5, 0, 2), shape: [3] } };
    const [a, b] = evaluate([whole, one], inputs, freshParams(graph));
    assertNear(b, a);
  }
});

Deno.test("batch norm: batch statistics in training, running ones in evaluation, moved once per forward", () => {
  const x = drawnArray([5, 3], 6), column = (c: number) => rowsOf(x).map((row) => row[c]);
  const means = [0, 1, 2].map((c) => column(c).reduce((a, b) => a + b, 0) / 5);
  const variances = [0, 1, 2].map((c) => column(c).reduce((sum, v) => sum + (v - means[c]) ** 2, 0) / 5);
  const values = {
    "bn.weight": [2, 1, 0.5],
    "bn.bias": [0, 1, -1],
    "bn.running_mean": [1, 0, -1],
    "bn.running_var": [4, 1, 0.25],
  };
  const build = (train: boolean) => {
    const graph = createGraph(), s = nn.scope(graph, "", { train });
    const y = nn.within(
      s,
      "bn",
      (b) => nn.batchNorm(b, input(graph, "x", [5, 3]), { eps: 0.01, momentum: 0.25 }),
    );
    const params = freshParams(graph, (name) => Float64Array.from(values[name as keyof typeof values]));
    const leaf = (name: string) => graph.known.get(`param:${name}`)!;
    const moved = [...runningValues(s.updates, leaf).values()];
    return { results: evaluate([y, ...moved], { x }, params), counters: s.updates.counters };
  };
  const normal = (mean: number[], variance: number[]) =>
    rowsOf(x).flatMap((row) =>
      row.map((v, c) =>
        (v - mean[c]) / Math.sqrt(variance[c] + 0.01) * values["bn.weight"][c] + values["bn.bias"][c]
      )
    );
  const { results: [y, mean, variance], counters } = build(true);
  assertNear(y, normal(means, variances));
  assertNear(mean, means.map((m, c) => 0.75 * values["bn.running_mean"][c] + 0.25 * m));
  assertNear(variance, variances.map((v, c) => 0.75 * values["bn.running_var"][c] + 0.25 * v * 5 / 4));
  assertEquals([...counters], [["bn.num_batches_tracked", 1]]);
  const evaluated = build(false);
  assertEquals(evaluated.results.length, 1);
  assertNear(evaluated.results[0], normal(values["bn.running_mean"], values["bn.running_var"]));
});

Deno.test("linear, convolution and layer norm take their weights by PyTorch's names", () => {
  const graph = createGraph(), s = nn.scope(graph, "net");
  const x = input(graph, "x", [2, 4, 4, 3]);
  const y = nn.within(s, "conv", (c) => nn.conv(c, x, 5, { kernel: 3, stride: 2, padding: 1, bias: true }));
  const z = nn.within(
    s,
    "fc",
    (l) => nn.linear(l, nn.within(s, "ln", (n) => nn.layerNorm(n, y)), 7, { bias: false }),
  );
  assertEquals([y.shape, z.shape], [[2, 2, 2, 5], [2, 2, 2, 7]]);
  assertEquals([...graph.params.values()].map((p) => [p.name, p.shape, p.layout]), [
    ["net.conv.weight", [3, 3, 3, 5], "oihw"],
    ["net.conv.bias", [5], "plain"],
    ["net.ln.weight", [5], "plain"],
    ["net.ln.bias", [5], "plain"],
    ["net.fc.weight", [7, 5], "plain"],
  ]);
  assertThrows(() => nn.within(s, "fc", (l) => nn.linear(l, x, 7)), TypeError, '"net.fc.weight" is [7,5]');
});

Deno.test("an error inside a model names the place", () => {
  const graph = createGraph(), s = nn.scope(graph);
  const x = input(graph, "x", [2, 8, 8, 3]);
  const build = () =>
    nn.within(s, "visual", (v) => nn.within(v, "conv1", (c) => nn.conv(c, x, 4, { kernel: 11 })));
  assertThrows(build, RangeError, "@ visual/conv1]");
});

Deno.test("text: shorter captions, given positions, and captions that do not fit", () => {
  const options = { contextLength: 6, vocabSize: 9, width: 8, layers: 1, heads: 2, outputDim: 3 };
  const graph = createGraph(), s = nn.scope(graph);
  const ids = input(graph, "ids", [2, 4], "i32"), at = input(graph, "at", [2], "i32");
  const byId = nn.textTransformer(s, ids, options), given = nn.textTransformer(s, ids, options, at);
  const long = input(graph, "long", [2, 6], "i32"), padded = nn.textTransformer(s, long, options);
  const inputs = {
    ids: { data: Float64Array.of(1, 2, 8, 0, 3, 8, 0, 0), shape: [2, 4] },
    long: { data: Float64Array.of(1, 2, 8, 0, 0, 0, 3, 8, 0, 0, 0, 0), shape: [2, 6] },
    at: { data: Float64Array.of(2, 1), shape: [2] },
  };
  const [a, b, c] = evaluate([byId, given, padded], inputs, freshParams(graph));
  assertNear(b, a);
  assertNear(c, a);
  assertThrows(
    () => nn.textTransformer(s, input(graph, "x", [2, 7], "i32"), options),
    RangeError,
    "do not fit a context of 6",
  );
});

Deno.test("contrastive loss against its definition", () => {
  const graph = createGraph(), n = 5, image = drawnArray([n, 4], 8), text = drawnArray([n, 4], 9);
  const [a, b] = ["a", "b"].map((name) => ops.l2Normalize(input(graph, name, [n, 4])));
  const scale = input(graph, "scale", []);
  const inputs = { a: image, b: text, scale: { data: Float64Array.of(1.5), shape: [] } };
  const [loss, logits] = evaluate([nn.contrastiveLoss(a, b, scale), nn.pairLogits(a, b, scale)], inputs);
  const unit = (row: number[]) => row.map((v) => v / Math.hypot(...row));
  const table = rowsOf(image).map((x) => rowsOf(text).map((y) => Math.exp(1.5) * dot(unit(x), unit(y))));
  assertNear(logits, table.flat());
  let want = 0;
  for (let i = 0; i < n; i++) {
    want -= Math.log(softmax(table[i])[i]) / (2 * n);
    want -= Math.log(softmax(table.map((row) => row[i]))[i]) / (2 * n);
  }
  assertAlmostEquals(loss[0], want, 1e-12);
});
