// The golden single-operation cases of contractions, normalisations, losses and attention through the float64
// interpreter: results, gradients and buffers must agree with PyTorch's float64 within each file's own tolerance.

import { assert } from "@std/assert";
import { createGraph, gradients, input, type RefArray, type Tensor } from "../../gpu/graph/mod.ts";
import { interpret } from "../../gpu/run/reference.ts";
import {
  type GoldenCase,
  goldenCase,
  goldenNames,
  goldenRoot,
  type GoldenTensor,
  present,
} from "../data_utils/golden_files.ts";
import { goldenBuilders, layoutOf, type Layouts } from "./golden_contractions.ts";

const here = present(goldenRoot);

if (here) {
  for (const name of goldenNames("a_ops")) {
    const url = new URL(`a_ops/${name}.json`, goldenRoot);
    const op = JSON.parse(Deno.readTextFileSync(url)).op as string;
    if (op in goldenBuilders) Deno.test(`golden a_ops in float64: ${name}`, () => checkCase(name, op));
  }
}

Deno.test({ name: "the golden cases of contractions are all there", ignore: !here, fn: countCases });

function countCases(): void {
  const ops = goldenNames("a_ops").map((name) => goldenCase("a_ops", name).sidecar.op as string);
  const missing = Object.keys(goldenBuilders).filter((op) => !ops.includes(op));
  assert(missing.length === 0, `no golden case for ${missing}`);
  assert(ops.filter((op) => op in goldenBuilders).length >= 75);
}

function checkCase(name: string, op: string): void {
  const golden = goldenCase("a_ops", name), { layouts, build } = goldenBuilders[op];
  const graph = createGraph(), values = new Map<string, RefArray>();
  const leaf = (key: string): Tensor => {
    const known = graph.inputs.get(key);
    if (known !== undefined) return known;
    const value = engineLayout(golden.tensors[key], layoutOf(layouts, key));
    values.set(key, value);
    return input(graph, key, value.shape, golden.tensors[key].data instanceof Int32Array ? "i32" : "f32");
  };
  const results = build(leaf, golden.attrs, (key) => key in golden.tensors);
  const cotangents: string[] = golden.sidecar.cotangents ?? [];
  const wrt: string[] = golden.sidecar.grads ?? [];
  const found = gradients(
    cotangents.map((key) => results[`out/${key}`]),
    cotangents.map((key) => leaf(`cot/${key}`)),
    wrt.map(leaf),
  );
  wrt.forEach((key, i) => {
    assert(found[i] !== null, `${name}: no gradient reaches ${key}`);
    results[`grad/${key}`] = found[i];
  });
  const keys = Object.keys(golden.tensors).filter((key) => /^(out|grad|buf_after)\//.test(key));
  assert(keys.length >= 1, `${name} holds nothing to compare with`);
  const got = interpret(keys.map((key) => results[key]), { inputs: values });
  keys.forEach((key, i) => compare(name, key, got[i], golden, layouts));
}

/** A golden tensor in the engine's layout: images NCHW to NHWC, filters OIHW to HWIO, all else as it is. */
function engineLayout({ data, shape }: GoldenTensor, layout: "image" | "filter" | undefined): RefArray {
  if (layout === undefined || shape.length !== 4) return { data: Float64Array.from(data), shape };
  const perm = layout === "image" ? [0, 2, 3, 1] : [2, 3, 1, 0];
  const to = perm.map((d) => shape[d]), moved = new Float64Array(data.length);
  const steps = [shape[1] * shape[2] * shape[3], shape[2] * shape[3], shape[3], 1];
  for (let i = 0; i < moved.length; i++) {
    let from = 0;
    for (let d = 3, rest = i; d >= 0; d--) {
      from += (rest % to[d]) * steps[perm[d]];
      rest = Math.floor(rest / to[d]);
    }
    moved[i] = data[from];
  }
  return { data: moved, shape: to };
}

function compare(name: string, key: string, got: RefArray, golden: GoldenCase, layouts?: Layouts): void {
  const want = engineLayout(golden.tensors[key], layoutOf(layouts, key));
  const { atol, rtol } = golden.sidecar.tolerance[key];
  assert(`${got.shape}` === `${want.shape}`, `${name} ${key} is [${got.shape}], wanted [${want.shape}]`);
  want.data.forEach((value, i) => {
    const difference = Math.abs(got.data[i] - value);
    assert(
      difference <= atol + rtol * Math.abs(value),
      `${name} ${key}[${i}] is ${got.data[i]}, wanted ${value} within ${atol} + ${rtol} relative`,
    );
  });
}
