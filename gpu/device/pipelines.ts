// Compiling and binding. Pipelines are cached by their source, so programs share them; a compile error shows the WGSL
// with line numbers.

import type { Gpu } from "./device.ts";

/** The pipeline of a source, compiled once per device. Throws SyntaxError with the numbered source when it is refused. */
export function pipelineOf(gpu: Gpu, code: string, label: string): Promise<GPUComputePipeline> {
  const known = gpu.pipelines.get(code);
  if (known !== undefined) return known;
  const made = compile(gpu, code, label);
  gpu.pipelines.set(code, made);
  return made;
}

async function compile(gpu: Gpu, code: string, label: string): Promise<GPUComputePipeline> {
  gpu.device.pushErrorScope("validation");
  const module = gpu.device.createShaderModule({ code, label });
  const pipeline = gpu.device.createComputePipeline({
    layout: "auto",
    compute: { module, entryPoint: "main" },
    label,
  });
  const error = await gpu.device.popErrorScope();
  if (error !== null) {
    const numbered = code.split("\n").map((line, i) => `${String(i + 1).padStart(4)}  ${line}`).join("\n");
    throw new SyntaxError(`The kernel "${label}" does not compile: ${error.message}\n${numbered}`);
  }
  return pipeline;
}

/** A bind group of the given resources at the given binding numbers. */
export function bindGroupOf(
  gpu: Gpu,
  pipeline: GPUComputePipeline,
  entries: readonly { binding: number; resource: GPUBindingResource }[],
): GPUBindGroup {
  return gpu.device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [...entries] });
}
