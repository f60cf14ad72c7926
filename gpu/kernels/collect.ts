// Gathers tensors of all sizes, some still in several parts, into one slab of 256-float blocks: every gradient of a
// step in one dispatch. A table says for each block where its words begin.

import { addTo, KEPT, newSum, ZERO } from "./kahan.ts";
import type { Launch } from "./wgsl.ts";

export interface CollectEntry {
  /** First word in the source, words of the tensor, number of parts to add up and the words between them. */
  readonly at: number;
  readonly words: number;
  readonly parts: number;
  readonly stride: number;
}

/** Words of a slab block. */
export const BLOCK_WORDS = 64;

/** Two words a block: (first word / 65536, % 65536, words used, parts), (stride / 65536, % 65536, 0, 0). */
export function collectTable(entries: readonly CollectEntry[], blocks: number): Float32Array<ArrayBuffer> {
  const table = new Float32Array(blocks * 8);
  let block = 0;
  for (const { at, words, parts, stride } of entries) {
    for (let from = 0; from < words; from += BLOCK_WORDS, block++) {
      const start = at + from;
      table.set([
        Math.floor(start / 65536),
        start % 65536,
        Math.min(BLOCK_WORDS, words - from),
        parts,
        Math.floor(stride / 65536),
        stride % 65536,
      ], block * 8);
    }
  }
  return table;
}

/** Operands: X the source, T the table, Y the slab. */
export function collectLaunch(blocks: number): Launch {
  return {
    kernel: {
      label: "collect",
      sizes: ["n", ZERO[0]],
      reads: ["X", "T"],
      writes: ["Y"],
      workgroup: 64,
      declarations: KEPT,
      body: `if (id >= P.n) { return; }
let block = id / ${BLOCK_WORDS}u;
let offset = id % ${BLOCK_WORDS}u;
let entry = ld_T(block * 2u);
let step = ld_T(block * 2u + 1u);
${newSum("sum")}
if (offset < u32(entry.z)) {
var at = u32(entry.x) * 65536u + u32(entry.y) + offset;
for (var part = 0u; part < u32(entry.w); part++) {
${addTo("sum", "ld_X(at)")}
at += u32(step.x) * 65536u + u32(step.y);
}
}
st_Y(id, sum);`,
    },
    sizes: [blocks * BLOCK_WORDS, ZERO[1]],
    groups: blocks,
  };
}

/** Copies words from X to Y. */
export function copyLaunch(words: number): Launch {
  return {
    kernel: {
      label: "copy",
      sizes: ["n"],
      reads: ["X"],
      writes: ["Y"],
      workgroup: 64,
      body: `if (id < P.n) { st_Y(id, ld_X(id)); }`,
    },
    sizes: [words],
    groups: Math.ceil(words / 64),
  };
}
