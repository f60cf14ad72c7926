// Opens the adapter. The only folder that touches WebGPU begins here: everything else sees a `Gpu`.

import type { DeviceClass, Memory } from "../base/mod.ts";

export interface Gpu {
  readonly device: GPUDevice;
  readonly queue: GPUQueue;
  readonly deviceClass: DeviceClass;
  readonly memory: Memory;
  readonly limits: GPUSupportedLimits;
  readonly features: ReadonlySet<string>;
  readonly description: AdapterDescription;
  /** Why the device is lost, else the first uncaptured device error, else null. */
  error(): string | null;
  readonly pipelines: Map<string, Promise<GPUComputePipeline>>;
  close(): void;
}

export interface AdapterDescription {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly fallback: boolean;
}

export interface OpenOptions {
  /** Overrides what the adapter says: `gpu` kernels run on any adapter, for tests. */
  readonly deviceClass?: DeviceClass;
}

const RAISED_LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxStorageBuffersPerShaderStage",
  "maxStorageTexturesPerShaderStage",
  "maxTextureDimension2D",
] as const;

const WANTED_FEATURES = ["shader-f16", "timestamp-query"] as const;

/** Opens the default adapter with the highest limits it offers. Throws Error when there is none. */
export async function openGpu(options: OpenOptions = {}): Promise<Gpu> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) {
    throw new Error(
      "No WebGPU adapter was found: install a Vulkan driver (Debian: apt-get install mesa-vulkan-drivers) and see `deno task doctor`",
    );
  }
  const limits = adapter.limits as unknown as Record<string, number>;
  const requiredLimits = Object.fromEntries(RAISED_LIMITS.map((name) => [name, limits[name]]));
  const requiredFeatures = WANTED_FEATURES.filter((name) => adapter.features.has(name)) as GPUFeatureName[];
  const device = await adapter.requestDevice({ requiredLimits, requiredFeatures });
  const software = isSoftware(adapter);
  const deviceClass = options.deviceClass ?? (software ? "software" : "gpu");
  let failure: string | null = null, loss: string | null = null, closed = false;
  device.addEventListener("uncapturederror", (event) => {
    failure ??= (event as GPUUncapturedErrorEvent).error.message;
  });
  device.lost.then((info) => {
    if (!closed) loss = `it was lost (${info.message || "no reason was given"})`;
  });
  return {
    device,
    queue: device.queue,
    deviceClass,
    memory: deviceClass === "software" ? "texture" : "buffer",
    limits: device.limits,
    features: new Set([...device.features]),
    description: describe(adapter),
    error: () => loss ?? failure,
    pipelines: new Map(),
    close: () => {
      closed = true;
      device.destroy();
    },
  };
}

function isSoftware(adapter: GPUAdapter): boolean {
  const info = adapter.info as GPUAdapterInfo & { isFallbackAdapter?: boolean };
  return info.isFallbackAdapter === true ||
    /llvmpipe|lavapipe|swiftshader/i.test(`${info.device} ${info.description}`);
}

function describe(adapter: GPUAdapter): AdapterDescription {
  const { vendor, architecture, device, description } = adapter.info;
  return { vendor, architecture, device, description, fallback: isSoftware(adapter) };
}
