/** What happens in a run, as the meter, `--json` and the metrics port are told of it. */
import type { Status } from "./outcome.ts";
import type { ShardStats } from "./shards/shard.ts";

export type DownloadEvent =
  | {
    readonly event: "start";
    readonly rows: number;
    readonly shards: number;
    /** Of shards that earlier processes finished. */
    readonly rowsBefore: number;
    readonly shardsBefore: number;
  }
  | {
    readonly event: "row";
    readonly status: Status;
    /** "success" or the reason. */
    readonly reason: string;
    readonly host: string;
    readonly wireBytes: number;
    readonly attempts: number;
  }
  | { readonly event: "shard"; readonly name: string; readonly stats: ShardStats }
  /** `done` is false of a run that was stopped. */
  | { readonly event: "end"; readonly done: boolean };

export type Tell = (event: DownloadEvent) => void;
