/**
 * The order in which requests are made: so many at once, so many of one host, again after a failure that may pass, and
 * politely (host_law.ts). Hosts take turns, so that one with a long list never holds up the others. A host that cannot
 * have a request now stands in no line: it is put back there by what frees it, or by an alarm.
 */
import type { FetchFault } from "../net/fetch_settings.ts";
import { openAlarms } from "./alarms.ts";
import { append, appendAll, emptyChain, prepend, takeFirst } from "./chain.ts";
import { type Clock, systemClock } from "./clock.ts";
import { hostLaw } from "./host_law.ts";
import { type Entry, type Host, openHosts } from "./hosts.ts";
import type { Attempt, QueueSettings } from "./queue_settings.ts";
import { finalFault, retryWait } from "./retry.ts";
import { sizeWaiters } from "./size_waiters.ts";

/** Tasks to be done. */
export interface FetchQueue<T> {
  /** Takes a task of a host. Does nothing once the queue has stopped. */
  push(task: T, host: string): void;
  /** Tasks that wait, run or are being told of. */
  readonly size: number;
  /** Hosts that something is known of. */
  readonly hosts: number;
  /**
   * Resolves when fewer than `most` tasks are left; below(1) when all are done. Rejects with the signal's reason when
   * that aborts, and with what `attempt` or `done` threw: the queue has stopped then.
   */
  below(most: number): Promise<void>;
  /** Resolves when neither `attempt` nor `done` runs; after a stop, when none ever will again. */
  still(): Promise<void>;
}

/** What is done with tasks. */
export interface FetchQueueOptions<T, R> {
  /** One attempt, counted from 1. Its signal aborts when the queue stops. What it throws stops the queue. */
  attempt(task: T, number: number, signal: AbortSignal): Promise<Attempt<R>>;
  /**
   * Told of each task once: its result, or the fault with which it is given up. `attempts` is 0 of a task that was
   * never tried. At most `concurrency` of both, attempts and what is returned here, run at once, so that
   * results do not pile up. Not called any more once the queue has stopped.
   */
  done(task: T, outcome: Attempt<R>, attempts: number): void | Promise<void>;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
  /** Numbers in [0, 1). */
  readonly random?: () => number;
}

/** A host that is to be looked at again, or one of its tasks to be tried again. */
interface Wake<T> {
  readonly host: Host<T>;
  readonly entry: Entry<T> | null;
}

function checkSettings({ concurrency, perHost }: QueueSettings): void {
  for (const [name, value] of Object.entries({ concurrency, perHost })) {
    if (!(value >= 1)) {
      throw new RangeError(`${name} must be at least 1, got ${value}: nothing would ever run`);
    }
  }
}

/** Makes a queue. Throws RangeError for settings under which nothing would run. */
export function fetchQueue<T, R>(settings: QueueSettings, options: FetchQueueOptions<T, R>): FetchQueue<T> {
  checkSettings(settings);
  const { clock = systemClock, random = Math.random } = options;
  const law = hostLaw(settings, random), hosts = openHosts<T>(), stop = new AbortController();
  const line = emptyChain<Host<T>>(), givenUp = emptyChain<Entry<T>>();
  const alarms = openAlarms<Wake<T>>(clock, wake, fill);
  let size = 0, busy = 0;
  const tasksLeft = sizeWaiters(() => size), openCalls = sizeWaiters(() => busy);

  function stopWith(reason: unknown): void {
    if (stop.signal.aborted) return;
    alarms.clear();
    tasksLeft.fail(reason);
    stop.abort(reason);
  }

  /** Whether a host may have one more attempt but for the passing of time. */
  const hasRoom = ({ running, health }: Host<T>) => running < (health.onProbation ? 1 : settings.perHost);

  /** Puts a host in line, or sets its alarm, if it has a task that may run. */
  function consider(host: Host<T>): void {
    if (host.place !== "idle") return;
    if (!host.waiting.first) return hosts.release(host, clock.now());
    if (!hasRoom(host)) return;
    const at = Math.max(host.restedAt, host.health.restsUntil);
    if (at <= clock.now()) {
      host.place = "in_line";
      append(line, host);
    } else {
      host.place = "asleep";
      host.wakesAt = at;
      alarms.set(at, { host, entry: null });
    }
  }

  function wake({ host, entry }: Wake<T>): void {
    if (entry) {
      host.backingOff--;
      if (host.health.leftUntil > clock.now()) append(givenUp, entry);
      else prepend(host.waiting, entry);
    } else {
      if (host.place !== "asleep" || host.wakesAt > clock.now()) return; // it was roused before
      host.place = "idle";
    }
    consider(host);
  }

  /** Ends the wait for an interval that has not begun. */
  function rouse(host: Host<T>): void {
    host.restedAt = clock.now();
    if (host.place === "asleep") host.place = "idle";
  }

  /** Fills the free slots. */
  function fill(): void {
    while (busy < settings.concurrency && !stop.signal.aborted) {
      const lost = takeFirst(givenUp);
      if (lost) {
        busy++;
        void tell(lost, { fault: lossOf(lost) });
        continue;
      }
      const host = takeFirst(line);
      if (!host) return;
      host.place = "idle";
      // what it learnt while it stood in line may forbid it
      const entry = hasRoom(host) && host.health.restsUntil <= clock.now() ? takeFirst(host.waiting) : null;
      if (entry) void run(entry);
      consider(host);
    }
  }

  /** Why a task of a host that is left alone is given up: its own fault if it has been tried. */
  function lossOf({ fault, host }: Entry<T>): FetchFault {
    const why = `${host.name}: ${host.health.why}`;
    if (!fault) return { reason: "host_down", detail: why };
    return { ...fault, detail: `${fault.detail}; not tried again, ${why}` };
  }

  async function run(entry: Entry<T>): Promise<void> {
    const { host } = entry, { era } = host.health;
    busy++;
    host.running++;
    entry.attempts++;
    if (settings.hostInterval > 0) host.restedAt = clock.now() + settings.hostInterval;
    let outcome: Attempt<R>;
    try {
      outcome = await options.attempt(entry.task, entry.attempts, stop.signal);
    } catch (error) {
      stopWith(error);
      return freeSlot();
    }
    if (stop.signal.aborted) return freeSlot();
    host.running--;
    const fault = "fault" in outcome ? outcome.fault : null;
    const hearing = law.hear(host.health, era, fault, clock.now(), size);
    if (hearing === "left") appendAll(givenUp, host.waiting);
    if (hearing === "not_asked") rouse(host);
    const wait = fault && retryWait(settings, entry.attempts, fault, random);
    if (wait !== null) {
      entry.fault = fault;
      host.backingOff++;
      alarms.set(clock.now() + wait, { host, entry });
    }
    consider(host);
    if (wait !== null) return freeSlot();
    fill(); // the host need not wait until the result is dealt with
    await tell(entry, fault ? { fault: finalFault(settings, fault) } : outcome);
  }

  /** Tells of a task, for which a slot is taken. */
  async function tell(entry: Entry<T>, outcome: Attempt<R>): Promise<void> {
    try {
      await options.done(entry.task, outcome, entry.attempts);
    } catch (error) {
      stopWith(error);
    }
    size--;
    tasksLeft.changed();
    freeSlot();
  }

  function freeSlot(): void {
    busy--;
    openCalls.changed();
    fill();
  }

  if (options.signal.aborted) stopWith(options.signal.reason);
  else options.signal.addEventListener("abort", () => stopWith(options.signal.reason), { once: true });

  return {
    push(task, name) {
      if (stop.signal.aborted) return;
      const host = hosts.at(name);
      const entry: Entry<T> = { task, host, attempts: 0, fault: null, next: null };
      size++;
      if (host.health.leftUntil > clock.now()) append(givenUp, entry);
      else append(host.waiting, entry);
      consider(host);
      fill();
    },
    below: tasksLeft.below,
    still: () => openCalls.below(1),
    get size() {
      return size;
    },
    get hosts() {
      return hosts.size;
    },
  };
}
