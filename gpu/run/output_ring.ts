// Scalar outputs of many steps, read together: each step leaves its losses in a ring on the device, and the host
// fetches all that it has not seen with one wait.

import { type Gpu, scalarRing } from "../device/mod.ts";
import { outputStorage, type Program } from "./program.ts";

export interface OutputRing {
  readonly places: number;
  /** To be given to `run` as `after`: copies the program's outputs of these names into a place. */
  record(program: Program, place: number): (encoder: GPUCommandEncoder) => void;
  /** Values of all places, by output name; a place not yet recorded holds zeros. */
  read(): Promise<Map<string, Float32Array>>;
  destroy(): void;
}

/** A ring of `places` records of the named outputs, each of shape []. */
export function outputRing(gpu: Gpu, places: number, names: readonly string[]): OutputRing {
  const ring = scalarRing(gpu, places, names.length);
  return {
    places,
    record: (program, place) => (encoder) =>
      ring.write(encoder, place, names.map((name) => outputStorage(program, name))),
    read: async () => {
      const all = await ring.read();
      const column = (i: number) =>
        Float32Array.from({ length: places }, (_, at) => all[at * names.length + i]);
      return new Map(names.map((name, i) => [name, column(i)]));
    },
    destroy: () => ring.destroy(),
  };
}
