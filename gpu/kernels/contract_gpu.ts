import type { ContractPlan } from "./contract.ts";
import type { Launch } from "./wgsl.ts";
import { contractSoftware } from "./contract_software.ts";
export function contractGpu(plan: ContractPlan): Launch { return contractSoftware(plan); }
