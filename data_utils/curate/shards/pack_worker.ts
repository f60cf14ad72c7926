/** Worker thread of `pack`: a shard at a time. */
import { type PackedShard, packShard, type PackUnit } from "./pack_unit.ts";
import { serveUnits } from "./pool.ts";

serveUnits<PackUnit, PackedShard>(packShard);
