// A fetch queue on a time of its own, with a server to be that says when each attempt ends and how.
import type { FetchFault } from "../../data_utils/download/net/fetch_settings.ts";
import { type FetchQueue, fetchQueue } from "../../data_utils/download/queue/fetch_queue.ts";
import {
  type Attempt,
  defaultQueueSettings,
  type QueueSettings,
} from "../../data_utils/download/queue/queue_settings.ts";
import { fakeClock } from "./fake_clock.ts";

/** A task of the tests: "host/name". */
export type Task = string;
export const hostOf = (task: Task) => task.split("/")[0];

/** An attempt as it happened. */
export interface Seen {
  readonly task: Task;
  readonly number: number;
  readonly began: number;
  ended: number;
}

/** What an attempt gives, and after how many milliseconds: 10 unless it says so. */
export type Serve = (
  task: Task,
  number: number,
  now: number,
) => { readonly fault?: FetchFault; readonly ms?: number };

export const fault = (reason: FetchFault["reason"], more: Partial<FetchFault> = {}) => ({
  fault: { reason, detail: "made", ...more },
});

/** `random` gives 0.5 always, so that a back-off is three quarters of the whole. */
export function madeQueue(serve: Serve, settings: Partial<QueueSettings> = {}, random = () => 0.5) {
  const clock = fakeClock(), abort = new AbortController();
  const attempts: Seen[] = [], ends = new Map<Task, { attempts: number; at: number; fault?: FetchFault }>();
  const signals: AbortSignal[] = [];
  const queue: FetchQueue<Task> = fetchQueue<Task, Task>({ ...defaultQueueSettings, ...settings }, {
    async attempt(task, number, signal): Promise<Attempt<Task>> {
      const seen = { task, number, began: clock.now(), ended: Infinity };
      attempts.push(seen);
      signals.push(signal);
      const { fault, ms = 10 } = serve(task, number, clock.now());
      await clock.sleep(ms);
      seen.ended = clock.now();
      return fault ? { fault } : { result: task };
    },
    done(task, outcome, made) {
      if (ends.has(task)) throw new Error(`${task} was done before`);
      const fault = "fault" in outcome ? outcome.fault : undefined;
      ends.set(task, { attempts: made, at: clock.now(), fault });
    },
    signal: abort.signal,
    clock,
    random,
  });
  /** Pushes tasks "host/0" ... */
  const pushMany = (host: string, count: number) => {
    for (let i = 0; i < count; i++) queue.push(`${host}/${i}`, host);
  };
  /** How often each reason ("success" too) was the end of a task of the host. */
  const tally = (host: string) => {
    const counts: Record<string, number> = {};
    for (const [task, { fault }] of ends) {
      if (hostOf(task) !== host) continue;
      counts[fault?.reason ?? "success"] = (counts[fault?.reason ?? "success"] ?? 0) + 1;
    }
    return counts;
  };
  const beginnings = (host: string) =>
    attempts.filter(({ task }) => hostOf(task) === host).map((a) => a.began);
  return { abort, attempts, beginnings, clock, ends, pushMany, queue, signals, tally };
}

/** The most attempts that ran at the same time. */
export function mostAtOnce(attempts: readonly Seen[]): number {
  const changes = attempts.flatMap(({ began, ended }) => [[began, 1], [ended, -1]]);
  changes.sort(([a, up], [b, down]) => a - b || up - down);
  let running = 0, most = 0;
  for (const [, change] of changes) most = Math.max(most, running += change);
  return most;
}
