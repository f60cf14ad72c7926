// What a program will take on the device, told before anything is allocated, and the refusal of what cannot fit.

import { showShape } from "../base/mod.ts";
import { type Gpu, maxWords, storageBytes } from "../device/mod.ts";
import type { Value } from "./calls.ts";
import { roomOf } from "./plan.ts";
import type { Slab, Store } from "./store.ts";

/** Bytes. */
export interface MemoryReport {
  readonly inputs: number;
  readonly constants: number;
  /** Values of the step, outputs among them, sharing storages by lifetime. */
  readonly activations: number;
  /** All slabs of the store, with the second sides that this program makes. */
  readonly slabs: number;
  readonly total: number;
}

/** The memory of a program whose temporaries share storages of `slots` words; it assigns `assigned`. */
export function memoryReport(
  store: Store,
  { slots, values, assigned }: {
    slots: readonly number[];
    values: ReadonlySet<Value>;
    assigned: readonly Slab[];
  },
): MemoryReport {
  const bytes = (words: number) => storageBytes(store.gpu, words);
  const sum = (list: Iterable<number>) => [...list].reduce((a, b) => a + b, 0);
  const leaves = (op: string) =>
    sum([...values].filter((v) => v.tensor?.op === op).map((v) => bytes(v.words)));
  const tables = sum([...values].filter((v) => v.data !== undefined).map((v) => bytes(v.words)));
  const inputs = leaves("input"),
    constants = leaves("constant") + tables,
    activations = sum(slots.map(bytes));
  const slabs = sum([...store.slabs.values()].map((slab) => {
    const second = slab.sides[1] !== null || assigned.includes(slab);
    return slab.sides[0].bytes * (second ? 2 : 1);
  }));
  return { inputs, constants, activations, slabs, total: inputs + constants + activations + slabs };
}

/** Throws RangeError, with the node's place, for a value that the device cannot bind. */
export function expectRoom(gpu: Gpu, value: Value): void {
  if (roomOf(value) <= maxWords(gpu) || value.tensor?.op === "param") return;
  const what = value.tensor === null
    ? "A temporary"
    : `[${value.tensor.op}${value.tensor.scope && ` @ ${value.tensor.scope}`}] ${
      showShape(value.tensor.shape)
    }`;
  throw new RangeError(
    `${what} needs ${Math.ceil(roomOf(value) / 65536)} MiB and this device binds at most ` +
      `${Math.floor(maxWords(gpu) / 65536)} MiB at once: take a smaller micro-batch`,
  );
}
