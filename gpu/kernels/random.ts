// Random tensors: element i of the row-major order is lane i % 4 of Philox block i / 4, whatever the padding.

import { lastOf, rowsOf, type Shape, vec4sOf, vec4sPerRow } from "../base/mod.ts";
import { ROW_AND_WORD, wordLaunch } from "./each_word.ts";
import { NORMALS, PHILOX } from "./philox_wgsl.ts";
import type { Launch } from "./wgsl.ts";

/** Names of the step scalars that hold seed and step; null: they are the operands A and B. */
export type SeedAndStep = readonly [string, string] | null;

/** Uniform numbers in [0, 1), or standard normal ones, of the given stream (unsigned 32 bits) in Y. */
export function randomLaunch(
  kind: "uniform" | "normal",
  shape: Shape,
  stream: number,
  source: SeedAndStep,
): Launch {
  const aligned = lastOf(shape) % 4 === 0 || rowsOf(shape) === 1;
  const [seed, step] = source === null
    ? ["ld_A(0u).x", "ld_B(0u).x"]
    : source.map((name) => `scalar_${name}()`);
  const draw = (block: string) => {
    const numbers = `uniform4(${block}, step, key)`;
    return kind === "uniform" ? numbers : `normal4(${numbers})`;
  };
  const shifted = `let first = r * P.last + c * 4u;
let a = ${draw("first / 4u")};
let b = ${draw("first / 4u + 1u")};
let s = first & 3u;
let v = select(select(a, vec4f(a.yzw, b.x), s == 1u), select(vec4f(a.zw, b.xy), vec4f(a.w, b.xyz), s == 3u), s >= 2u);`;
  return wordLaunch({
    label: `random ${kind}`,
    reads: source === null ? ["A", "B"] : [],
    scalars: source === null ? [] : [...new Set(source)],
    sizes: { perRow: vec4sPerRow(shape), last: lastOf(shape), stream },
    helpers: kind === "normal" ? ["log4"] : [],
    declarations: [PHILOX, ...(kind === "normal" ? [NORMALS] : [])],
    words: vec4sOf(shape),
    body: `${ROW_AND_WORD}
let key = vec2u(u32(${seed}), P.stream);
let step = u32(${step});
${aligned ? `let v = ${draw("id")};` : shifted}
st_Y(id, mask_tail(v, c, P.last));`,
  });
}
