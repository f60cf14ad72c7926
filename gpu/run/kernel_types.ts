// The kernel vocabulary that run/ speaks, in one place.

export type { DeviceClass } from "../base/mod.ts";
export type {
  Bound,
  ColumnLowered,
  ContractLowered,
  Dispatch,
  FixedLowered,
  Launch,
  Lowered,
  Tile,
} from "../kernels/mod.ts";
