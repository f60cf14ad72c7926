/** Any number of wake-up times on one timer: a heap, so that setting one costs the logarithm of how many there are. */
import type { Clock } from "./clock.ts";

/** One wake-up. */
interface Alarm<T> {
  readonly at: number;
  readonly item: T;
}

/** Wake-ups that are set. */
export interface Alarms<T> {
  /** Calls `ring` with the item at that time of the clock, or a little later. */
  set(at: number, item: T): void;
  /** Forgets all of them. */
  clear(): void;
}

function add<T>(heap: Alarm<T>[], alarm: Alarm<T>): void {
  let place = heap.length;
  while (place > 0) {
    const above = (place - 1) >> 1;
    if (heap[above].at <= alarm.at) break;
    heap[place] = heap[above];
    place = above;
  }
  heap[place] = alarm;
}

function takeEarliest<T>(heap: Alarm<T>[]): Alarm<T> {
  const earliest = heap[0], moved = heap.pop()!;
  if (heap.length === 0) return earliest;
  let place = 0;
  for (;;) {
    let below = 2 * place + 1;
    if (below >= heap.length) break;
    if (below + 1 < heap.length && heap[below + 1].at < heap[below].at) below++;
    if (heap[below].at >= moved.at) break;
    heap[place] = heap[below];
    place = below;
  }
  heap[place] = moved;
  return earliest;
}

/** No alarm yet. `rung` is told when all that were due have rung. */
export function openAlarms<T>(clock: Clock, ring: (item: T) => void, rung: () => void): Alarms<T> {
  let heap: Alarm<T>[] = [], timerAt = Infinity, callOff = () => {};

  function arm(): void {
    const at = heap.length > 0 ? heap[0].at : Infinity;
    if (at >= timerAt) return;
    callOff();
    timerAt = at;
    callOff = clock.after(Math.max(0, at - clock.now()), () => {
      timerAt = -Infinity; // no timer is set for what may ring in this very loop
      const now = clock.now();
      while (heap.length > 0 && heap[0].at <= now) ring(takeEarliest(heap).item);
      timerAt = Infinity;
      rung();
      arm();
    });
  }

  return {
    set(at, item) {
      add(heap, { at, item });
      arm();
    },
    clear() {
      heap = [];
      callOff();
      timerAt = Infinity;
    },
  };
}
