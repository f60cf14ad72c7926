// The plainest kernel: one invocation makes one word. What moves, gathers, pools or draws numbers is of this form.

import type { Launch } from "./wgsl.ts";

export interface WordKernel {
  readonly label: string;
  readonly reads: readonly string[];
  /** Default: one result, Y. */
  readonly writes?: readonly string[];
  /** u32 numbers by name, read as P.name; `words` is added. */
  readonly sizes?: Readonly<Record<string, number>>;
  readonly constants?: Readonly<Record<string, number>>;
  readonly scalars?: readonly string[];
  readonly helpers?: readonly string[];
  readonly declarations?: readonly string[];
  /** Invocations: usually the words of the result. */
  readonly words: number;
  /** Statements for word `id`. */
  readonly body: string;
}

const WORKGROUP = 64;

export function wordLaunch(kernel: WordKernel): Launch {
  const sizes = { words: kernel.words, ...kernel.sizes }, constants = kernel.constants ?? {};
  return {
    kernel: {
      label: kernel.label,
      sizes: Object.keys(sizes),
      constants: Object.keys(constants),
      scalars: kernel.scalars,
      helpers: kernel.helpers,
      reads: kernel.reads,
      writes: kernel.writes ?? ["Y"],
      declarations: kernel.declarations?.join("\n"),
      workgroup: WORKGROUP,
      body: `if (id >= P.words) { return; }\n${kernel.body}`,
    },
    sizes: Object.values(sizes),
    constants: Object.values(constants),
    groups: Math.ceil(kernel.words / WORKGROUP),
  };
}

/** Splits `id` into row `r` and word `c` of the row; wants the size `perRow`. */
export const ROW_AND_WORD = `let r = div_u(id, P.perRow);
let c = id - r * P.perRow;`;

/** `lane_of(v, k)`: lane k of a word. */
export const LANE_OF = `fn lane_of(v: vec4f, k: u32) -> f32 {
  return select(select(v.x, v.y, k == 1u), select(v.z, v.w, k == 3u), k >= 2u);
}`;

/** A WGSL function `name(i)`: lane i, counted over all words, of an operand. */
export function laneReader(name: string, operand: string): string {
  return `fn ${name}(i: u32) -> f32 { return lane_of(ld_${operand}(i >> 2u), i & 3u); }`;
}

/** A vec4f of four expressions, one per lane. */
export function fourLanes(lane: (k: number) => string): string {
  return `vec4f(${[0, 1, 2, 3].map(lane).join(", ")})`;
}
