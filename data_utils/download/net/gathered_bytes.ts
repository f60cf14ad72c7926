/**
 * The bytes of a body as they come. They are copied: a server that sends one byte at a time would else keep a whole
 * buffer of the socket alive for each.
 */
import type { BodyBudget, Share } from "./body_budget.ts";

/** Bodies up to here need not ask for memory. */
export const smallBody = 256 * 1024;
const firstCapacity = 32 * 1024;

export interface GatheredBytes extends Disposable {
  readonly size: number;
  /**
   * Makes room for `bytes` in all, and calls `ready` when it is there: at once for a small body, else when the budget
   * allows. Returns whether it is there already.
   */
  reserve(bytes: number, ready: () => void): boolean;
  /** Needs room for them. */
  add(chunk: Uint8Array): void;
  /** All of them, in a buffer of their own. */
  take(): Uint8Array<ArrayBuffer>;
}

/** Bytes of a body that has at most `most` of them. */
export function gatherBytes(budget: BodyBudget, most: number): GatheredBytes {
  let buffer = new Uint8Array(0), size = 0, allowed = smallBody;
  let share: Share | null = null;
  const grow = (capacity: number) => {
    if (capacity <= buffer.length) return;
    const larger = new Uint8Array(capacity);
    larger.set(buffer.subarray(0, size));
    buffer = larger;
  };
  return {
    get size() {
      return size;
    },
    reserve(bytes, ready) {
      if (bytes <= buffer.length) return true;
      // doubled, so that a body of unknown length is copied but a few times
      const doubled = Math.min(most, Math.max(firstCapacity, 2 * buffer.length));
      const capacity = size === 0 ? bytes : Math.max(bytes, doubled);
      if (bytes <= allowed) {
        grow(Math.min(capacity, allowed));
        return true;
      }
      let there = false, returned = false;
      const more = capacity - (share ? allowed : 0);
      (share ??= budget.share()).ask(more, () => {
        [there, allowed] = [true, capacity];
        grow(capacity);
        if (returned) ready();
      });
      returned = true;
      return there;
    },
    add(chunk) {
      buffer.set(chunk, size);
      size += chunk.length;
    },
    take: () => size === buffer.length ? buffer : buffer.slice(0, size),
    [Symbol.dispose]: () => share?.[Symbol.dispose](),
  };
}
