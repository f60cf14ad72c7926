// A kernel before it meets a device: the names of what it reads, writes and is told, and a body in WGSL. `assemble`
// adds the declarations for one of the two memories. Bodies reach operands only through `ld_X(i)` and `st_X(i, v)`,
// vec4 words at a flat index, so the same body serves storage buffers (a GPU) and storage textures (llvmpipe, where
// a buffer load costs ten times a texture load), and an operand of a buffer may be stored in halves.

import type { Memory } from "../base/mod.ts";
import { helperSource } from "./helpers.ts";

export interface Kernel {
  /** Short name for profiles and errors. */
  readonly label: string;
  /** Names of u32 uniforms, read as P.name. */
  readonly sizes: readonly string[];
  /** Names of f32 uniforms, read as P.name. */
  readonly constants?: readonly string[];
  /** Names of step scalars, read as `scalar_name()`. */
  readonly scalars?: readonly string[];
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** Helper functions the body calls (kernels/helpers.ts). */
  readonly helpers?: readonly string[];
  /** Module-scope declarations of the body's own (workgroup arrays, functions). */
  readonly declarations?: string;
  /** Invocations per workgroup, along x. */
  readonly workgroup: number;
  /** Statements of main; `id` is the flat invocation index, `lane` the index in the workgroup, `group` the workgroup. */
  readonly body: string;
}

/** One dispatch: a kernel with its numbers, still without buffers. */
export interface Launch {
  readonly kernel: Kernel;
  readonly sizes: readonly number[];
  readonly constants?: readonly number[];
  /** Workgroups. */
  readonly groups: number;
}

/** WebGPU's limit of workgroups along one axis; more are folded into the second. */
export const MAX_GROUPS = 65535;

/** Uniform words of a kernel in order: sizes, constants, scalar slots, then the offset of every operand. */
export function uniformNames(kernel: Kernel): string[] {
  return [
    ...kernel.sizes,
    ...(kernel.constants ?? []),
    ...(kernel.scalars ?? []).map((name) => `slot_${name}`),
    ...[...kernel.reads, ...kernel.writes].map((name) => `at_${name}`),
  ];
}

/** Binding numbers: 0 the uniform block, 1 the step scalars, then reads, then writes. */
export const FIRST_OPERAND = 2;

/** Operands of a kernel that are stored in halves; the body computes in f32 all the same. */
export type HalfOperands = ReadonlySet<string>;

/** The WGSL of a kernel for a memory. Throws RangeError for halves in textures. */
export function assemble(kernel: Kernel, memory: Memory, halves: HalfOperands = new Set()): string {
  if (halves.size > 0 && memory === "texture") throw new RangeError("Textures hold no halves");
  const constants = new Set(kernel.constants ?? []);
  const fields = uniformNames(kernel).map((name) => `${name}: ${constants.has(name) ? "f32" : "u32"},`);
  const lines = [
    ...(halves.size > 0 ? ["enable f16;"] : []),
    `struct Numbers { ${fields.join(" ")} }`,
    `@group(0) @binding(0) var<uniform> P: Numbers;`,
  ];
  if (kernel.scalars?.length) {
    lines.push(`@group(0) @binding(1) var<uniform> S: array<vec4f, 16>;`);
    for (const name of kernel.scalars) {
      lines.push(`fn scalar_${name}() -> f32 { return S[P.slot_${name} >> 2u][P.slot_${name} & 3u]; }`);
    }
  }
  kernel.reads.forEach((name, i) => lines.push(...reader(name, FIRST_OPERAND + i, memory, halves.has(name))));
  kernel.writes.forEach((name, i) =>
    lines.push(...writer(name, FIRST_OPERAND + kernel.reads.length + i, memory, halves.has(name)))
  );
  for (const name of kernel.helpers ?? []) lines.push(helperSource(name));
  lines.push(MASK_TAIL, memory === "texture" ? QUICK_DIVISION : PLAIN_DIVISION);
  if (kernel.declarations) lines.push(kernel.declarations);
  lines.push(
    `@compute @workgroup_size(${kernel.workgroup})`,
    `fn main(@builtin(workgroup_id) wg: vec3u, @builtin(num_workgroups) nwg: vec3u, @builtin(local_invocation_index) lane: u32) {`,
    `let group = wg.x + wg.y * nwg.x;`,
    `let id = group * ${kernel.workgroup}u + lane;`,
    kernel.body,
    `}`,
  );
  return lines.join("\n");
}

/** Zeroes the lanes at and beyond `last` of word c of a row. */
const MASK_TAIL = `fn mask_tail(v: vec4f, c: u32, last: u32) -> vec4f {
  return select(vec4f(0.0), v, vec4u(c * 4u) + vec4u(0u, 1u, 2u, 3u) < vec4u(last));
}`;

/** Quotient and remainder of indices (below 2^24 for the quick form). */
const PLAIN_DIVISION = `fn div_u(x: u32, d: u32) -> u32 { return x / d; }
fn mod_u(x: u32, d: u32) -> u32 { return x % d; }`;

/** llvmpipe divides integers one lane at a time, 250 cycles for eight; floats go together. Exact below 2^24. */
const QUICK_DIVISION = `fn div_u(x: u32, d: u32) -> u32 {
  let q = u32(i32(f32(i32(x)) / f32(i32(d))));
  let rest = i32(x - q * d);
  return q + select(0u, 1u, rest >= i32(d)) - select(0u, 1u, rest < 0);
}
fn mod_u(x: u32, d: u32) -> u32 { return x - div_u(x, d) * d; }`;

function reader(name: string, binding: number, memory: Memory, half: boolean): string[] {
  const at = `@group(0) @binding(${binding})`;
  if (half) {
    return [
      `${at} var<storage, read> m_${name}: array<vec4<f16>>;`,
      `fn ld_${name}(i: u32) -> vec4f { return vec4f(m_${name}[i + P.at_${name}]); }`,
    ];
  }
  if (memory === "buffer") {
    return [
      `${at} var<storage, read> m_${name}: array<vec4f>;`,
      `fn ld_${name}(i: u32) -> vec4f { return m_${name}[i + P.at_${name}]; }`,
    ];
  }
  return [
    `${at} var m_${name}: texture_storage_2d<rgba32float, read>;`,
    `fn ld_${name}(i: u32) -> vec4f { let j = i + P.at_${name}; return textureLoad(m_${name}, vec2u(j & 1023u, j >> 10u)); }`,
  ];
}

function writer(name: string, binding: number, memory: Memory, half: boolean): string[] {
  const at = `@group(0) @binding(${binding})`;
  if (half) {
    return [
      `${at} var<storage, read_write> m_${name}: array<vec4<f16>>;`,
      `fn st_${name}(i: u32, v: vec4f) { m_${name}[i + P.at_${name}] = vec4<f16>(v); }`,
    ];
  }
  if (memory === "buffer") {
    return [
      `${at} var<storage, read_write> m_${name}: array<vec4f>;`,
      `fn st_${name}(i: u32, v: vec4f) { m_${name}[i + P.at_${name}] = v; }`,
    ];
  }
  return [
    `${at} var m_${name}: texture_storage_2d<rgba32float, write>;`,
    `fn st_${name}(i: u32, v: vec4f) { let j = i + P.at_${name}; textureStore(m_${name}, vec2u(j & 1023u, j >> 10u), v); }`,
  ];
}
