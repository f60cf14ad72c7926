/**
 * What may end a fetch before its time: one of its time-outs, the caller's signal, the fetcher being closed. A fetch
 * does one thing after the other and always waits by way of its patience, which breaks off what it waits for.
 */
import type { Reason } from "../outcome.ts";
import type { Deadlines } from "./deadlines.ts";
import { failure } from "./fetch_failure.ts";

/** Begins something and returns what breaks it off. Its callbacks may be called more than once; the first one counts. */
export type Begin<T> = (done: (value: T) => void, fail: (error: unknown) => void) => () => void;

export interface Patience extends Disposable {
  /** The time a fetch is measured by. */
  now(): number;
  /** From here on the fetch fails with `reason` at the time `due`, if its total time has not run out before. */
  limit(reason: Reason, due: number): void;
  /** From here on only the total time counts. */
  unlimit(): void;
  /** Stops the clock of the total time, and starts it again. */
  hold(): void;
  resume(): void;
  /** Waits for what `begin` begins. Rejects with a FetchFailure, or with what broke the fetch off. */
  wait<T>(begin: Begin<T>): Promise<T>;
  /** Breaks the fetch off. */
  end(error: unknown): void;
}

/** The patience of one fetch that may take `total` ms. To be disposed. */
export function openPatience(deadlines: Deadlines, total: number, signal: AbortSignal): Patience {
  const start = deadlines.now();
  let totalDue = start + total, left = 0;
  let limitDue = Infinity, reason: Reason = "timeout";
  let ended: { readonly error: unknown } | null = null;
  let breakOff: ((error: unknown) => void) | null = null;

  const end = (error: unknown) => {
    if (ended) return;
    ended = { error };
    breakOff?.(error);
  };
  const onAbort = () => end(signal.reason);
  const deadline = {
    due: totalDue,
    expire() {
      const which = limitDue < totalDue ? reason : "timeout";
      end(failure(which, `${said[which] ?? which} after ${Math.round(deadlines.now() - start)} ms`));
    },
  };
  const move = () => void (deadline.due = Math.min(totalDue, limitDue));
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort);
  deadlines.watch(deadline);

  return {
    now: deadlines.now,
    end,
    limit(why, due) {
      [reason, limitDue] = [why, due];
      move();
    },
    unlimit() {
      limitDue = Infinity;
      move();
    },
    hold() {
      if (totalDue === Infinity) return;
      left = totalDue - deadlines.now();
      totalDue = Infinity;
      move();
    },
    resume() {
      if (totalDue !== Infinity) return;
      totalDue = deadlines.now() + left;
      move();
    },
    wait<T>(begin: Begin<T>): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        if (ended) return reject(ended.error);
        let settled = false;
        const settle = (act: () => void) => {
          if (settled) return;
          settled = true;
          breakOff = null;
          act();
        };
        let undo: (() => void) | null = null;
        breakOff = (error) =>
          settle(() => {
            reject(error);
            undo?.();
          });
        undo = begin((value) => settle(() => resolve(value)), (error) => settle(() => reject(error)));
      });
    },
    [Symbol.dispose]() {
      ended ??= over;
      deadlines.drop(deadline);
      signal.removeEventListener("abort", onAbort);
    },
  };
}

/** Made once: an error costs as much as all the rest of a patience. */
const over = { error: failure("reset", "The fetch is over") };

const said: Partial<Record<Reason, string>> = {
  timeout: "Not whole",
  connect_timeout: "No connection",
  first_byte_timeout: "No answer",
  dns_failed: "Name not looked up",
};
