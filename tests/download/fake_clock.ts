// A time of the tests' own: it stands still until it is moved, and everything that is due happens in its order.
import { setImmediate } from "node:timers";
import type { Clock } from "../../data_utils/download/queue/clock.ts";

export interface FakeClock extends Clock {
  sleep(ms: number): Promise<void>;
  /** Moves on by `ms`, calling on the way what was asked to be called. */
  advance(ms: number): Promise<void>;
  /** Moves on until the promise has settled; throws when nothing is left that could happen. */
  until<T>(promise: Promise<T>): Promise<T>;
}

/** Lets everything happen that waits for no time. */
export const settle = () => new Promise<void>((resolve) => void setImmediate(resolve));

export function fakeClock(): FakeClock {
  const timers = new Set<{ at: number; call(): void }>();
  let now = 0;

  /** Calls the earliest timer if it is due by then. */
  function step(limit: number): boolean {
    const next = [...timers].reduce<{ at: number; call(): void } | null>(
      (earliest, timer) => !earliest || timer.at < earliest.at ? timer : earliest,
      null,
    );
    if (!next || next.at > limit) return false;
    timers.delete(next);
    now = next.at;
    next.call();
    return true;
  }

  const clock: FakeClock = {
    now: () => now,
    after(ms, call) {
      const timer = { at: now + ms, call };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    sleep: (ms) => new Promise((resolve) => void clock.after(ms, resolve)),
    async advance(ms) {
      const end = now + ms;
      do await settle(); while (step(end));
      now = end;
    },
    async until(promise) {
      let settled = false;
      promise.then(() => settled = true, () => settled = true);
      for (;;) {
        await settle();
        if (settled) return promise;
        if (!step(Infinity)) throw new Error("Nothing is left that could happen");
      }
    },
  };
  return clock;
}
