/** Time as the reports see it, so that tests can let it pass as they like. */

export interface Clock {
  /** Milliseconds from some moment on, never going back. */
  now(): number;
  /** Calls `work` again and again, so many milliseconds apart, until what is returned is called. */
  every(milliseconds: number, work: () => void): () => void;
}

/** The machine's. What is called again and again does not keep the process alive. */
export const machineClock: Clock = {
  now: () => performance.now(),
  every(milliseconds, work) {
    const timer = setInterval(work, milliseconds);
    Deno.unrefTimer(timer);
    return () => clearInterval(timer);
  },
};
