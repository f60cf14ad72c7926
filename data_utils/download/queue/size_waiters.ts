/** Those who wait until something has become small enough. */

/** Waiting for a number to fall. */
export interface SizeWaiters {
  /** Resolves as soon as the number is below `most`; rejects with what `fail` was given, now and from then on. */
  below(most: number): Promise<void>;
  /** Has the number looked at again. */
  changed(): void;
  fail(reason: unknown): void;
}

interface Waiter {
  readonly most: number;
  resolve(): void;
  reject(reason: unknown): void;
}

/** Nobody waits yet for this number. */
export function sizeWaiters(current: () => number): SizeWaiters {
  let waiters: Waiter[] = [], failure: { readonly reason: unknown } | null = null;
  return {
    below(most) {
      if (failure) return Promise.reject(failure.reason);
      if (current() < most) return Promise.resolve();
      return new Promise((resolve, reject) => waiters.push({ most, resolve, reject }));
    },
    changed() {
      if (waiters.length === 0) return;
      const now = current(), content = waiters.filter(({ most }) => now < most);
      if (content.length === 0) return;
      waiters = waiters.filter(({ most }) => now >= most);
      for (const { resolve } of content) resolve();
    },
    fail(reason) {
      failure = { reason };
      for (const { reject } of waiters) reject(reason);
      waiters = [];
    },
  };
}
