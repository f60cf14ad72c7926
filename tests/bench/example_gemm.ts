// The reference kernel of the bench: the plainest matrix product that llvmpipe likes. Both operands are read as
// rgba32float textures, one invocation keeps an 8 x 8 tile of the result in registers and writes it to a buffer; no
// fusion, no edges, no variants. The engine's own product is held against it in the same run.

import { createStorage, destroyStorage, type Gpu, writeStorage } from "../../gpu/device/mod.ts";
import type { Work } from "./timing.ts";

const ROWS = 8, WORDS = 2, LANES = ["x", "y", "z", "w"];

const each = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join("\n");

/** WGSL of C[M,N] = A[M,K] B[K,N] with M and N multiples of 8, K of 4; sizes = (M, K/4, N/4, 0). */
export function exampleSource(): string {
  const step = (lane: number) =>
    each(WORDS, (n) => `let b${lane}${n} = word(B, at + ${n}u);`) + "\nat += sizes.z;\n" +
    each(
      ROWS,
      (m) => each(WORDS, (n) => `c${m}${n} = fma(vec4f(a${m}.${LANES[lane]}), b${lane}${n}, c${m}${n});`),
    );
  return `@group(0) @binding(0) var A: texture_storage_2d<rgba32float, read>;
@group(0) @binding(1) var B: texture_storage_2d<rgba32float, read>;
@group(0) @binding(2) var<storage, read_write> C: array<vec4f>;
@group(0) @binding(3) var<uniform> sizes: vec4u;
fn word(t: texture_storage_2d<rgba32float, read>, i: u32) -> vec4f { return textureLoad(t, vec2u(i & 1023u, i >> 10u)); }
@compute @workgroup_size(16, 4) fn main(@builtin(global_invocation_id) id: vec3u) {
let column = id.x * ${WORDS}u;
let row = id.y * ${ROWS}u;
if (row >= sizes.x || column >= sizes.z) { return; }
${each(ROWS, (m) => each(WORDS, (n) => `var c${m}${n} = vec4f(0.0);`))}
var at = column;
for (var k = 0u; k < sizes.y; k++) {
${each(ROWS, (m) => `let a${m} = word(A, (row + ${m}u) * sizes.y + k);`)}
${each(4, step)}
}
${each(ROWS, (m) => each(WORDS, (n) => `C[(row + ${m}u) * sizes.z + column + ${n}u] = c${m}${n};`))}
}`;
}

export interface ExampleGemm {
  readonly work: Work;
  values(): Promise<Float32Array>;
  close(): void;
}

/**
 * The product of a [M,K] and b [K,N] by the reference kernel, ready to run. Throws RangeError when the sizes are not
 * multiples of 8, or on a device whose operands are no textures.
 */
export async function prepareExample(
  gpu: Gpu,
  [m, n, k]: readonly [number, number, number],
  a: Float32Array<ArrayBuffer>,
  b: Float32Array<ArrayBuffer>,
): Promise<ExampleGemm> {
  if (gpu.memory !== "texture") throw new RangeError("The reference kernel is for software Vulkan only");
  if (m % 8 + n % 8 + k % 8 > 0) throw new RangeError(`Sizes ${m}, ${n}, ${k} are not multiples of 8`);
  const { device, queue } = gpu;
  const left = createStorage(gpu, m * k / 4, "reference A"),
    right = createStorage(gpu, k * n / 4, "reference B");
  writeStorage(gpu, left, a);
  writeStorage(gpu, right, b);
  const result = device.createBuffer({
    size: m * n * 4,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC,
  });
  const sizes = device.createBuffer({ size: 16, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
  queue.writeBuffer(sizes, 0, new Uint32Array([m, k / 4, n / 4, 0]));
  const module = device.createShaderModule({ code: exampleSource() });
  const compute = { module, entryPoint: "main" };
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute });
  const resources = [left.binding, right.binding, { buffer: result }, {
    buffer: sizes,
  }] as GPUBindingResource[];
  const entries = resources.map((resource, binding) => ({ binding, resource }));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  return {
    work: (times) => {
      const encoder = device.createCommandEncoder(), pass = encoder.beginComputePass();
      for (let time = 0; time < times; time++) {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(Math.ceil(n / 8 / 16), Math.ceil(m / 8 / 4));
      }
      pass.end();
      queue.submit([encoder.finish()]);
      return queue.onSubmittedWorkDone();
    },
    values: async () => {
      const staging = device.createBuffer({
        size: m * n * 4,
        usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
      });
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(result, 0, staging, 0, m * n * 4);
      queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      const values = new Float32Array(staging.getMappedRange().slice(0));
      staging.destroy();
      return values;
    },
    close: () => {
      destroyStorage(gpu, left);
      destroyStorage(gpu, right);
      result.destroy();
      sizes.destroy();
    },
  };
}
