// What surrounds the optimisers: layout of slabs, clipping, ranges, averages, running statistics, groups.

import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { constant, createGraph, input, packEntry, slab, slabLayout } from "../../gpu/graph/mod.ts";
import { collect } from "../../gpu/ops/mod.ts";
import * as optim from "../../gpu/optim/mod.ts";
import { interpret } from "../../gpu/run/reference.ts";
import { assertClose, drawn, layout, pack, run, shapes, type Tensors, unpack } from "./slab_tools.ts";

Deno.test("gradients are shortened together or tensor by tensor, never lengthened", () => {
  const g = drawn(3), flat = Object.values(g).flatMap((x) => [...x]), norm = Math.hypot(...flat);
  for (const limit of [norm / 10, norm * 10]) {
    const [clipped, found] = run((leaf) => {
      const { slabs, norm } = optim.clipGlobalNorm([leaf("g")], limit);
      return [slabs[0], norm];
    }, { g });
    assertAlmostEquals(found[0], norm, 1e-10);
    const factor = Math.min(1, limit / (norm + 1e-6));
    assertClose(
      unpack(clipped),
      Object.fromEntries(Object.entries(g).map(([n, x]) => [n, x.map((v) => v * factor)])),
    );
  }
  const [each] = run((leaf) => [optim.clipTensorNorms(leaf("g"), optim.blockTable(layout), 1)], { g });
  assertClose(
    unpack(each),
    Object.fromEntries(
      Object.entries(g).map(([name, x]) => {
        const factor = Math.min(1, 1 / (Math.hypot(...x) + 1e-6));
        return [name, x.map((v) => v * factor)];
      }),
    ),
  );
});

Deno.test("one parameter is kept in a range, the others are not touched", () => {
  const p = { ...drawn(4), logit_scale: Float64Array.of(9), "layer.bias": Float64Array.of(9, 9, 9, 9, -9) };
  const [kept] = run(
    (leaf) => [optim.clampParameters(leaf("p"), layout, ["logit_scale"], { min: 0, max: 4 })],
    { p },
  );
  assertClose(unpack(kept), { ...p, logit_scale: Float64Array.of(4) });
  const graph = createGraph(), leaf = slab(graph, "p", layout.blocks);
  assertEquals(optim.clampParameters(leaf, layout, [], { min: 0, max: 4 }), leaf);
  assertThrows(
    () => optim.clampParameters(leaf, layout, ["nothing"], { min: 0, max: 4 }),
    RangeError,
    "nothing",
  );
  assertThrows(
    () => optim.clampParameters(leaf, layout, ["logit_scale"], { min: 1, max: 4 }),
    RangeError,
    "does not hold 0",
  );
});

Deno.test("moving average of the weights", () => {
  const p = drawn(5), average = drawn(6);
  const [next] = run(
    (leaf) => [optim.ema(leaf("p").graph, leaf("average"), leaf("p"))],
    { p, average },
    optim.emaScalars(0.75),
  );
  assertClose(
    unpack(next),
    Object.fromEntries(Object.keys(p).map((n) => [n, p[n].map((v, i) => 0.75 * average[n][i] + 0.25 * v)])),
  );
});

Deno.test("group rules: what decays", () => {
  const names = Object.entries(shapes).map(([name, shape]) => ({ name, shape }));
  assertEquals(names.map((p) => optim.decayMatrices(p).decay), [1, 0, 1, 0, 1]);
  assertEquals(optim.decayClip({ name: "visual.bn1.odd", shape: [3, 3] }).decay, 0);
  assertEquals(optim.decayClip({ name: "visual.conv1.weight", shape: [3, 3, 3, 3] }).decay, 1);
  const table = optim.blockTable(layout, optim.decayMatrices);
  assertEquals(table.tensor, [0, 1, 2, 3, 4, 4, 4]);
  assertEquals(table.decay, [1, 0, 1, 0, 1, 1, 1]);
  assertEquals(table.adapted, [1, 0, 1, 1, 1, 1, 1]);
});

Deno.test("running statistics: one update, two of one buffer, and buffers that stay", () => {
  const graph = createGraph();
  const place = slabLayout([{ name: "a", shape: [3] }, { name: "b", shape: [2] }, { name: "c", shape: [1] }]);
  const [first, second, other] = [[3], [3], [2]].map((shape, i) => input(graph, `v${i}`, shape));
  const updates = {
    counters: new Map<string, number>(),
    running: [
      { buffer: "a", value: first, correction: 1, momentum: 0.1 },
      { buffer: "b", value: other, correction: 2, momentum: 0.5 },
      { buffer: "a", value: second, correction: 1.5, momentum: 0.2 },
    ],
  };
  const inputs = new Map([
    ["v0", { data: Float64Array.of(10, 20, 30), shape: [3] }],
    ["v1", { data: Float64Array.of(1, 2, 3), shape: [3] }],
    ["v2", { data: Float64Array.of(4, 6), shape: [2] }],
  ]);
  const before: Tensors = { a: Float64Array.of(1, 1, 1), b: Float64Array.of(2, 2), c: Float64Array.of(7) };
  const once = (old: number, v: number, k: number, m: number) => (1 - m) * old + m * k * v;
  const want: Tensors = {
    a: Float64Array.of(...[10, 20, 30].map((v, i) => once(once(1, v, 1, 0.1), i + 1, 1.5, 0.2))),
    b: Float64Array.of(once(2, 4, 2, 0.5), once(2, 6, 2, 0.5)),
    c: Float64Array.of(7),
  };
  const current = slab(graph, "buffers", place.blocks);
  const [moved] = interpret(optim.runningSlabs(graph, [place], updates, [current]), {
    inputs,
    slabs: new Map([["buffers", pack(before, place)]]),
  });
  assertClose(unpack(moved.data, place), want);
  const leaves = optim.runningValues(
    updates,
    (name) => constant(graph, [...before[name]], [before[name].length]),
  );
  const values = interpret([...leaves.values()], { inputs });
  assertClose(Object.fromEntries([...leaves.keys()].map((name, i) => [name, values[i].data])), {
    a: want.a,
    b: want.b,
  });
  assertThrows(
    () => optim.runningSlabs(graph, [slabLayout([{ name: "a", shape: [3] }])], updates, [current]),
    RangeError,
    '"b"',
  );
});

Deno.test("slab layout: every tensor at a block, rows padded to vec4s, as collect lays them out", () => {
  assertEquals(layout.entries.map(({ block, blocks, vec4s }) => [block, blocks, vec4s]), [
    [0, 1, 10],
    [1, 1, 2],
    [2, 1, 54],
    [3, 1, 1],
    [4, 3, 130],
  ]);
  const graph = createGraph(), tensors = drawn(8);
  const leaves = layout.entries.map((entry) => input(graph, entry.name, entry.shape));
  const [gathered] = interpret([collect(leaves, { blocks: layout.blocks })], {
    inputs: new Map(
      layout.entries.map((entry) => [entry.name, { data: tensors[entry.name], shape: entry.shape }]),
    ),
  });
  assertEquals(gathered.data, pack(tensors).data);
  assertClose(unpack(gathered.data), tensors, 0);
  assertThrows(() => slabLayout([{ name: "a", shape: [1] }, { name: "a", shape: [1] }]), RangeError, "twice");
  assertThrows(() => packEntry(new Float64Array(256), layout.entries[1], [1]), TypeError, "5 elements");
});

Deno.test("gradients of a model in one slab; a parameter without one is named", () => {
  const graph = createGraph();
  const make = (name: string, trainable = true) => ({
    name,
    shape: [2],
    init: () => new Float32Array(2),
    trainable,
    layout: "plain" as const,
  });
  for (const spec of [make("used"), make("unused"), make("frozen", false), make("mean", false)]) {
    graph.params.set(spec.name, spec);
  }
  const updates = {
    counters: new Map<string, number>(),
    running: [{ buffer: "mean", value: constant(graph, [0, 0], [2]), correction: 1, momentum: 0.1 }],
  };
  const groups = optim.parameterGroups(graph, updates),
    names = (list: { name: string }[]) => list.map(({ name }) => name);
  assertEquals([names(groups.trained), names(groups.running), names(groups.fixed)], [["used", "unused"], [
    "mean",
  ], ["frozen"]]);
  const loss = constant(graph, [1], []);
  assertThrows(
    () => optim.gradientSlab(graph, [loss], [loss], slabLayout(groups.trained)),
    TypeError,
    "used, unused",
  );
});
