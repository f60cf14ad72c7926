/** Worker thread of `arrange`: a shard at a time. */
import { type ArrangedShard, arrangeShard, type ArrangeUnit } from "./arrange_unit.ts";
import { serveUnits } from "./pool.ts";

serveUnits<ArrangeUnit, ArrangedShard>(arrangeShard);
