// Gives every value a place on the device. Temporaries share storages: one is free again after its last reader, and
// storages come in size classes so that they are found again.

import type { KernelCall, Operand, Value } from "./calls.ts";

export interface Plan {
  /** Index of the shared storage of each temporary. */
  readonly slotOf: ReadonlyMap<Value, number>;
  /** Words of each shared storage. */
  readonly slots: readonly number[];
}

/** The value that holds an operand's words, and the word at which they begin. */
export function settle(operand: Operand): Operand {
  const { home } = operand.value;
  return home === undefined ? operand : { value: home.value, offset: home.offset + operand.offset };
}

/** Sizes are rounded up to eighths of a power of two: at most an eighth is wasted, and reuse is frequent. */
export function sizeClass(words: number): number {
  const unit = Math.max(1024, 2 ** Math.floor(Math.log2(Math.max(1, words)) - 3));
  return Math.ceil(words / unit) * unit;
}

/** Words of f32 that a value takes. */
export function roomOf(value: Value): number {
  return value.half ? Math.ceil(value.words / 2) : value.words;
}

/**
 * Values for which `isTemporary` holds are placed; `kept` ones are never given to another. No storage is rounded up
 * beyond `most` words.
 */
export function planStorage(
  calls: readonly KernelCall[],
  isTemporary: (value: Value) => boolean,
  kept: ReadonlySet<Value>,
  most = Infinity,
): Plan {
  const sizeOf = (value: Value) => Math.max(roomOf(value), Math.min(sizeClass(roomOf(value)), most));
  const lastUse = new Map<Value, number>();
  calls.forEach((call, at) => {
    for (const operand of [...call.reads, ...call.writes]) lastUse.set(settle(operand).value, at);
  });
  const slotOf = new Map<Value, number>();
  const slots: number[] = [];
  const free = new Map<number, number[]>();
  calls.forEach((call, at) => {
    const touched = new Set([...call.reads, ...call.writes].map((operand) => settle(operand).value));
    for (const value of touched) {
      if (!isTemporary(value) || slotOf.has(value)) continue;
      const size = sizeOf(value);
      const slot = free.get(size)?.pop() ?? slots.push(size) - 1;
      slotOf.set(value, slot);
    }
    for (const value of touched) {
      if (!isTemporary(value) || kept.has(value) || lastUse.get(value) !== at) continue;
      const size = sizeOf(value);
      if (!free.has(size)) free.set(size, []);
      free.get(size)!.push(slotOf.get(value)!);
    }
  });
  return { slotOf, slots };
}
