// A counter for tests of counting itself: captions by the sum of their bytes, so that every caption leaves its mark. It
// can be slow, so that there is time to kill it, and it can break at a caption.
import { type CaptionArena, NULL_LENGTH, writeFully } from "../../data_utils/mod.ts";
import type { CounterKind } from "../../concept_freq/count/counter.ts";
import { encodeCounts } from "../../concept_freq/run/sparse_counts.ts";

export interface TestSpec {
  readonly places: number;
  /** Milliseconds that each batch takes longer. */
  readonly delay?: number;
  /** A caption at which the counter breaks. */
  readonly breakAt?: string;
}

/** Where a caption is counted; the empty one counts too. */
export function placeOf(caption: Uint8Array, places: number): number {
  return caption.reduce((sum, byte) => (sum * 31 + byte) % places, 7);
}

function open({ places, delay = 0, breakAt }: TestSpec, arena: CaptionArena) {
  let counts = new Float64Array(places);
  return {
    add(count: number) {
      const bytes = arena.bytes(), spans = arena.spans();
      for (let i = 0; i < count; i++) {
        const at = spans[2 * i], length = spans[2 * i + 1];
        if (length === NULL_LENGTH) continue;
        const caption = bytes.subarray(at, at + length);
        if (breakAt !== undefined && new TextDecoder().decode(caption) === breakAt) {
          throw new WebAssembly.RuntimeError("unreachable");
        }
        counts[placeOf(caption, places)]++;
      }
      if (delay > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, delay);
    },
    async finish(file: Deno.FsFile) {
      await writeFully(file, encodeCounts(counts));
      counts = new Float64Array(places);
    },
  };
}

export const counterKind: CounterKind<TestSpec> = { name: "test", open };
