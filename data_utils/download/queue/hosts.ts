/** The hosts of a queue: what waits and runs at each, and what is known of it, for as long as that matters. */
import type { FetchFault } from "../net/fetch_settings.ts";
import { type Chain, emptyChain } from "./chain.ts";
import { goodHealth, type Health, isRemarkable } from "./host_law.ts";

/** A task on its way. */
export interface Entry<T> {
  readonly task: T;
  readonly host: Host<T>;
  attempts: number;
  /** Of the last attempt. */
  fault: FetchFault | null;
  next: Entry<T> | null;
}

/** A host and its tasks. */
export interface Host<T> {
  readonly name: string;
  readonly health: Health;
  readonly waiting: Chain<Entry<T>>;
  /** Attempts that run, and tasks that wait for their next one. */
  running: number;
  backingOff: number;
  /** Whether it stands in line for a slot, or is to be woken when it may. */
  place: "idle" | "in_line" | "asleep";
  /** When the interval since its last request is over, and when it is woken. */
  restedAt: number;
  wakesAt: number;
  next: Host<T> | null;
}

/** Hosts by name. */
export interface Hosts<T> {
  /** The host of that name, from now on not to be forgotten. */
  at(name: string): Host<T>;
  /** Forgets a host that has nothing to do; those of which something is remembered only when they are too many. */
  release(host: Host<T>, now: number): void;
  readonly size: number;
}

/** So many hosts without work are remembered for their past; the oldest is forgotten first. */
const REMEMBERED = 20_000;

/** No host yet. */
export function openHosts<T>(remembered = REMEMBERED): Hosts<T> {
  const hosts = new Map<string, Host<T>>(), withoutWork = new Set<Host<T>>();
  return {
    at(name) {
      let host = hosts.get(name);
      if (!host) {
        host = {
          ...{ name, health: goodHealth(), waiting: emptyChain(), running: 0, backingOff: 0 },
          ...{ place: "idle", restedAt: -Infinity, wakesAt: -Infinity, next: null },
        };
        hosts.set(name, host);
      } else if (withoutWork.size > 0) {
        withoutWork.delete(host);
      }
      return host;
    },
    release(host, now) {
      if (host.waiting.first || host.running > 0 || host.backingOff > 0 || host.place !== "idle") return;
      if (host.restedAt <= now && !isRemarkable(host.health, now)) {
        hosts.delete(host.name);
        return;
      }
      withoutWork.add(host);
      if (withoutWork.size <= remembered) return;
      const [oldest] = withoutWork;
      withoutWork.delete(oldest);
      hosts.delete(oldest.name);
    },
    get size() {
      return hosts.size;
    },
  };
}
