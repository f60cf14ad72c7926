/** Many small parts written as few large pieces, through one buffer: making new ones costs more than the copying. */

/** Collects parts. */
export interface Gatherer {
  /** Copies a part; waits while what was collected is written. One call at a time. */
  put(part: Uint8Array): Promise<void>;
  /** Writes what is left. */
  end(): Promise<void>;
}

/** Passes parts on in pieces of `size` bytes at most, unless a part is larger. */
export function gatherer(write: (bytes: Uint8Array) => Promise<void>, size = 2 ** 21): Gatherer {
  const buffer = new Uint8Array(size);
  let held = 0;
  async function flush(): Promise<void> {
    if (held > 0) await write(buffer.subarray(0, held));
    held = 0;
  }
  return {
    async put(part) {
      if (held + part.length > size) await flush();
      if (part.length > size) return await write(part);
      buffer.set(part, held);
      held += part.length;
    },
    end: flush,
  };
}
