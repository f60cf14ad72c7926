/** Many small parts written as few large ones. */

/** Collects parts. */
export interface Gatherer {
  /** Takes a part over; waits while what was collected is written. */
  put(part: Uint8Array): Promise<void>;
  /** Writes what is left. */
  end(): Promise<void>;
}

/** Passes parts on as pieces of at least `least` bytes. */
export function gatherer(write: (bytes: Uint8Array) => Promise<void>, least = 2 ** 21): Gatherer {
  let parts: Uint8Array[] = [], held = 0;
  async function flush(): Promise<void> {
    const whole = new Uint8Array(held);
    parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
    parts = [];
    held = 0;
    await write(whole);
  }
  return {
    async put(part) {
      parts.push(part);
      held += part.length;
      if (held >= least) await flush();
    },
    end: flush,
  };
}
