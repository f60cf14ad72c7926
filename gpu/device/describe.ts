// What a bug report must say about the machine's WebGPU adapter: name, kind, features and every limit, as a
// plain record. No device is requested, so it also works where a device cannot be had. The kind follows the
// adapter's own word: a software rasteriser calls itself a fallback adapter.

/** An adapter as data. */
export interface AdapterReport {
  description: string;
  vendor: string;
  architecture: string;
  device: string;
  /** "software": a rasteriser on the CPU, such as Mesa's llvmpipe. */
  kind: "gpu" | "software";
  /** Smallest and largest subgroup, in invocations. */
  subgroups: [number, number];
  features: string[];
  limits: Record<string, number>;
}

/** The default adapter, or null where the machine has none (no driver, or no WebGPU in this runtime). */
export async function describeAdapter(): Promise<AdapterReport | null> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) return null;
  const { info } = adapter;
  return {
    description: info.description,
    vendor: info.vendor,
    architecture: info.architecture,
    device: info.device,
    kind: info.isFallbackAdapter ? "software" : "gpu",
    subgroups: [info.subgroupMinSize, info.subgroupMaxSize],
    features: [...adapter.features].sort(),
    limits: readLimits(adapter.limits),
  };
}

// Limits are getters of the prototype, so neither spread nor JSON sees them.
function readLimits(limits: GPUSupportedLimits): Record<string, number> {
  const read: Record<string, number> = {};
  for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(limits)).sort()) {
    const value = limits[name as keyof GPUSupportedLimits];
    if (typeof value === "number") read[name] = value;
  }
  return read;
}
