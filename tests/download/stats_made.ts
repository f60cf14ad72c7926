// Statistics of shards for the tests of reports, consistent with their reasons.
import { noteOf } from "../../data_utils/download/outcome.ts";
import type { ShardStats } from "../../data_utils/download/shards/shard.ts";

const file = { name: "", bytes: 0, sha256: "" };

/** Statistics of a shard; counts are those of `status_dict`. */
export function madeStats(given: Partial<ShardStats> & Pick<ShardStats, "status_dict">): ShardStats {
  const sums = { success: 0, failed_to_download: 0, failed_to_resize: 0, skipped: 0 };
  for (const [reason, n] of Object.entries(given.status_dict)) {
    sums[reason === "success" ? reason : noteOf(reason).status] += n;
  }
  const { success, ...failures } = sums;
  return {
    count: Object.values(sums).reduce((all, n) => all + n, 0),
    successes: success,
    ...failures,
    ...{ duration: 10, start_time: 1_700_000_000, end_time: 1_700_000_010 },
    ...{ wire_bytes: 0, hosts: {}, tar: file, parquet: file },
    ...given,
  };
}
