/** The passing of time as the queue sees it, so that tests can have a time of their own. */

/** Times in milliseconds. */
export interface Clock {
  /** Never goes back. */
  now(): number;
  /** Calls once, in `ms` or a little later; the result calls it off. */
  after(ms: number, call: () => void): () => void;
}

/** A timer of the system goes off at once when it is asked for more. */
const LONGEST = 2 ** 31 - 1;

/** The system's time. A wait of more than 24 days ends after that. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, Math.min(LONGEST, Math.ceil(ms)));
    return () => clearTimeout(timer);
  },
};
