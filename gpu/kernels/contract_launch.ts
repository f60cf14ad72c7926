// The one place that chooses how a contraction runs on a device class.

import type { DeviceClass } from "../base/mod.ts";
import type { ContractPlan } from "./contract.ts";
import { contractGpu } from "./contract_gpu.ts";
import { contractSoftware } from "./contract_software.ts";
import type { Launch } from "./wgsl.ts";

export function contractLaunch(plan: ContractPlan, target: DeviceClass): Launch {
  return target === "gpu" ? contractGpu(plan) : contractSoftware(plan);
}
