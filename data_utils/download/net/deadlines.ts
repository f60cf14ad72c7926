/**
 * Time-outs of many requests at once. Each request has several, most of which never strike; a list that is looked at
 * now and then costs less than a timer for each of them.
 */

/** Something to be done at a time. */
export interface Deadline {
  /** In the time of {@link Deadlines.now}; may be moved while it is watched. */
  due: number;
  expire(): void;
}

/** Deadlines, each watched until it is dropped or has expired. */
export interface Deadlines extends Disposable {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  watch(deadline: Deadline): void;
  drop(deadline: Deadline): void;
}

/** Watches deadlines, each of which strikes at most `tick` ms late. No timer runs while nothing is watched. */
export function openDeadlines(tick: number): Deadlines {
  const watched = new Set<Deadline>(), now = () => performance.now();
  let timer: ReturnType<typeof setInterval> | undefined;
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
  };
  const look = () => {
    if (watched.size === 0) return stop();
    const time = now();
    for (const deadline of watched) {
      if (deadline.due > time) continue;
      watched.delete(deadline);
      deadline.expire();
    }
  };
  return {
    now,
    watch(deadline) {
      watched.add(deadline);
      timer ??= setInterval(look, tick);
    },
    drop: (deadline) => void watched.delete(deadline),
    [Symbol.dispose]() {
      watched.clear();
      stop();
    },
  };
}
