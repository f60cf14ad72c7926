// The WGSL helpers on the device against float64, over the whole range of each: a few units in the last place, no
// overflow inside, and the right limits far out.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { openGpu } from "../../gpu/device/mod.ts";
import { helpers, helperSource } from "../../gpu/kernels/helpers.ts";
import { allOps, opRecord } from "../../gpu/graph/mod.ts";
import { erfc } from "../../gpu/ops/special_functions.ts";
import "../../gpu/ops/mod.ts";

/** Runs one op's WGSL expression over values of its first operands, as the engine would. */
async function onDevice(gpu: Awaited<ReturnType<typeof openGpu>>, op: string, x: Float32Array) {
  const { wgsl, helpers = [] } = opRecord(op).elementwise!;
  const operands = op.endsWith("Grad") ? ["vec4f(1.0)", "v"] : ["v"];
  const code = `${helpers.map(helperSource).join("\n")}
@group(0) @binding(0) var<storage, read_write> data: array<vec4f>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&data)) { let v = data[id.x]; data[id.x] = ${wgsl(operands, [])}; }
}`;
  const { device } = gpu;
  const pipeline = await device.createComputePipelineAsync({
    layout: "auto",
    compute: { module: device.createShaderModule({ code }), entryPoint: "main" },
  });
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const data = device.createBuffer({ size: x.byteLength, usage });
  const back = device.createBuffer({
    size: x.byteLength,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  device.queue.writeBuffer(data, 0, x as Float32Array<ArrayBuffer>);
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(
    0,
    device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer: data } }],
    }),
  );
  pass.dispatchWorkgroups(Math.ceil(x.length / 256));
  pass.end();
  encoder.copyBufferToBuffer(data, 0, back, 0, x.byteLength);
  device.queue.submit([encoder.finish()]);
  await back.mapAsync(GPUMapMode.READ);
  const result = new Float32Array(back.getMappedRange().slice(0));
  data.destroy();
  back.destroy();
  assertEquals(gpu.error(), null);
  return result;
}

/** Distance in units in the last place of the wanted value, at least those of `floor`. */
function ulps(got: number, want: number, floor: number): number {
  const unit = 2 ** (Math.floor(Math.log2(Math.max(Math.abs(want), floor))) - 23);
  return Math.abs(got - want) / unit;
}

/** Ranges, and the size below which only the absolute error counts (zeros of a slope, subnormal results). */
const ranges: Record<string, { from: number; to: number; floor?: number; limit: number; log?: boolean }> = {
  exp: { from: -87, to: 88.7, limit: 2 },
  log: { from: 1e-37, to: 1e37, limit: 2, log: true },
  sigmoid: { from: -87, to: 100, limit: 4 },
  tanh: { from: -20, to: 20, limit: 4 },
  gelu: { from: -12, to: 20, limit: 8 },
  geluGrad: { from: -12, to: 20, floor: 0.5, limit: 8 },
  geluTanh: { from: -5, to: 20, floor: 0.02, limit: 8 },
  geluTanhGrad: { from: -5, to: 20, floor: 0.5, limit: 8 },
  quickGelu: { from: -20, to: 20, floor: 0.02, limit: 8 },
  quickGeluGrad: { from: -20, to: 20, floor: 0.5, limit: 8 },
};

Deno.test("helpers are accurate to a few units in the last place", async () => {
  const gpu = await openGpu();
  try {
    const count = 40000;
    for (const [op, { from, to, floor = 2 ** -126, limit, log }] of Object.entries(ranges)) {
      const x = Float32Array.from({ length: count }, (_, i) => {
        const t = (i + 0.37) / count;
        return log
          ? from * (to / from) ** t
          : i % 4 === 0
          ? (from + (to - from) * t) * 0.01
          : from + (to - from) * t;
      });
      if (log) { for (let i = 0; i < count; i += 4) x[i] = 0.7 + 0.8 * i / count; }
      const got = await onDevice(gpu, op, x);
      let worst = 0, at = 0;
      const scalar = { data: new Float64Array(1).fill(1), shape: [] as number[] };
      const node = { shape: [count], attrs: {} } as never;
      const array = { data: Float64Array.from(x), shape: [count] };
      const want = opRecord(op).ref(op.endsWith("Grad") ? [scalar, array] : [array], node).data;
      for (let i = 0; i < count; i++) {
        const error = ulps(got[i], want[i], floor);
        if (!(error <= worst)) [worst, at] = [error, i];
      }
      if (Deno.env.get("SHOW")) console.log(op, worst, x[at], got[at], want[at]);
      assert(worst <= limit, `${op}(${x[at]}) = ${got[at]}, want ${want[at]}: ${worst} units`);
    }
  } finally {
    gpu.close();
  }
});

Deno.test("helpers have the right limits far out", async () => {
  const gpu = await openGpu();
  try {
    const far = Float32Array.of(-1e30, -3e4, -200, -110, 110, 200, 3e4, 1e30);
    const all = async (op: string, want: number[]) =>
      assertEquals([...await onDevice(gpu, op, far)].map((v) => v + 0), want, op);
    const zeros = [0, 0, 0, 0], ones = [1, 1, 1, 1], self = [...far].slice(4);
    await all("exp", [...zeros, Infinity, Infinity, Infinity, Infinity]);
    await all("sigmoid", [...zeros, ...ones]);
    await all("tanh", [-1, -1, -1, -1, ...ones]);
    for (const op of ["gelu", "geluTanh", "quickGelu"]) {
      await all(op, [...zeros, ...self]);
      await all(`${op}Grad`, [...zeros, ...ones]);
    }
  } finally {
    gpu.close();
  }
});

Deno.test("every helper an op names exists, and all that it calls are named with it", () => {
  for (const { name, elementwise } of allOps()) {
    const named = elementwise?.helpers ?? [];
    const text = (elementwise?.wgsl(["a", "b", "c"], ["k", "l"]) ?? "") + named.map(helperSource).join("");
    for (const helper of Object.keys(helpers)) {
      if (text.includes(`${helper}(`)) {
        assert(named.includes(helper), `${name} calls ${helper} without naming it`);
      }
    }
  }
  assertThrows(() => helperSource("cosh4"), RangeError, "cosh4");
});

Deno.test("the float64 error function meets known values", () => {
  const table = [[0, 1], [0.5, 0.4795001221869535], [1, 0.15729920705028513], [2, 0.004677734981047266], [
    3,
    2.209049699858544e-5,
  ], [5, 1.5374597944280349e-12]];
  for (const [z, want] of table) assert(Math.abs(erfc(z) / want - 1) < 1e-13, `erfc(${z}) = ${erfc(z)}`);
  assert(Math.abs(erfc(2 - 1e-12) / erfc(2) - 1) < 1e-10);
});
