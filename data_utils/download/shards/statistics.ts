/** The statistics of many shards as one. A supplementary shard's rows take the place of the outcomes they had before. */
import { noteOf, type Status } from "../outcome.ts";
import type { ShardStats } from "./shard.ts";

/** Hosts that are told apart; what comes after them is counted as {@link OTHER_HOSTS}. */
const MOST_HOSTS = 1_000_000;
export const OTHER_HOSTS = "(other hosts)";

/** Successes and failures. */
export interface HostCount {
  successes: number;
  failures: number;
}

/** A sum of statistics. Every input row of its shards is counted once, with its latest outcome. */
export interface StatsSum {
  /** Shards, those that supplement others among them. */
  readonly shards: number;
  readonly supplements: number;
  readonly count: number;
  readonly successes: number;
  readonly failed_to_download: number;
  readonly failed_to_resize: number;
  readonly skipped: number;
  /** Rows by "success" or reason, the most frequent first. */
  readonly status_dict: Readonly<Record<string, number>>;
  readonly hosts: ReadonlyMap<string, HostCount>;
  readonly wire_bytes: number;
  readonly tar_bytes: number;
  /** Unix times in seconds from the first shard's beginning to the last one's end; null without shards. */
  readonly start_time: number | null;
  readonly end_time: number | null;
}

const statusOf = (reason: string): Status => reason === "success" ? "success" : noteOf(reason).status;

/** Adds statistics up. Throws RangeError for a reason that is none of ours. */
export function sumStats(list: Iterable<ShardStats>, mostHosts = MOST_HOSTS): StatsSum {
  const rows = new Map<string, number>(), hosts = new Map<string, HostCount>();
  let shards = 0, supplements = 0, wire = 0, tar = 0, first = Infinity, last = -Infinity;
  const countHost = (host: string, successes: number, failures: number) => {
    const name = hosts.has(host) || hosts.size < mostHosts ? host : OTHER_HOSTS;
    const count = hosts.get(name) ?? { successes: 0, failures: 0 };
    count.successes += successes;
    count.failures += failures;
    hosts.set(name, count);
  };
  const countRows = (reason: string, more: number) => void rows.set(reason, (rows.get(reason) ?? 0) + more);

  for (
    const { status_dict, hosts: byHost, replaces, wire_bytes, tar: archive, start_time, end_time } of list
  ) {
    shards++;
    wire += wire_bytes;
    tar += archive.bytes;
    first = Math.min(first, start_time);
    last = Math.max(last, end_time);
    for (const [reason, count] of Object.entries(status_dict)) countRows(reason, count);
    for (const [host, [successes, failures]] of Object.entries(byHost)) countHost(host, successes, failures);
    if (!replaces) continue;
    supplements++;
    for (const [reason, count] of Object.entries(replaces.status_dict)) countRows(reason, -count);
    for (const [host, failures] of Object.entries(replaces.hosts)) countHost(host, 0, -failures);
  }

  const left = [...rows].filter(([, count]) => count !== 0);
  const having = (status: Status) =>
    left.reduce((sum, [reason, count]) => statusOf(reason) === status ? sum + count : sum, 0);
  return {
    shards,
    supplements,
    count: left.reduce((sum, [, count]) => sum + count, 0),
    successes: having("success"),
    failed_to_download: having("failed_to_download"),
    failed_to_resize: having("failed_to_resize"),
    skipped: having("skipped"),
    status_dict: Object.fromEntries(left.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))),
    hosts,
    wire_bytes: wire,
    tar_bytes: tar,
    start_time: shards > 0 ? first : null,
    end_time: shards > 0 ? last : null,
  };
}
