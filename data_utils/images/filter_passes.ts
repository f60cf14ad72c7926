/**
 * The arithmetic of resampling: weighted sums in 22-bit fixed point, first along the rows, then down the columns, each
 * rounded to bytes. In WebAssembly with SIMD where the image fits into its memory, else in plain JavaScript; both give the
 * same bytes.
 */
import { wasmOver } from "../captions/wasm.ts";
import { resampleWasm } from "./resample_wasm.ts";

/** Bits behind the point of a weight. */
export const precision = 22;

/** For each output: the first input it reads, how many, and their fixed-point weights, `stride` apart. */
export interface Taps {
  start: Int32Array;
  length: Int32Array;
  weights: Int32Array;
  stride: number;
}

/** Rows of pixels, as many as `down` reads from its first row on, and how they are summed. */
export interface Passes {
  /** Bytes [rows, width, channels]; 1 to 4 channels. */
  pixels: Uint8Array;
  width: number;
  channels: number;
  across: Taps;
  down: Taps;
}

/** Sums along the middle axis of `source`, read as [lines, inSize, unit]; gives [lines, outputs, unit]. */
function filterPass(source: Uint8Array, inSize: number, unit: number, taps: Taps): Uint8Array {
  const { start, length, weights, stride } = taps, half = 1 << (precision - 1);
  const lineBytes = inSize * unit, lines = source.length / lineBytes;
  const target = new Uint8Array(lines * start.length * unit);
  for (let line = 0, to = 0; line < lines; line++) {
    for (let i = 0; i < start.length; i++) {
      const from = line * lineBytes + start[i] * unit, first = i * stride, end = first + length[i];
      for (let c = 0; c < unit; c++) {
        let sum = half;
        for (let w = first, at = from + c; w < end; w++, at += unit) {
          sum = (sum + source[at] * weights[w]) | 0;
        }
        const value = sum >> precision;
        target[to++] = value < 0 ? 0 : value > 255 ? 255 : value;
      }
    }
  }
  return target;
}

/** Both passes in JavaScript: bytes [down's outputs, across' outputs, channels]. */
export function plainPasses({ pixels, width, channels, across, down }: Passes): Uint8Array {
  const rows = pixels.length / (width * channels), narrow = filterPass(pixels, width, channels, across);
  return filterPass(narrow, rows, across.start.length * channels, down);
}

/** Functions of resample.as.ts; places are addresses. */
interface Kernels {
  across(
    ...numbers: [
      ...[source: number, target: number, lines: number, lineBytes: number, channels: number],
      ...[outputs: number, starts: number, lengths: number, weights: number, stride: number],
    ]
  ): void;
  down(
    ...numbers: [
      ...[source: number, target: number, rowBytes: number, outputs: number],
      ...[starts: number, lengths: number, weights: number, stride: number],
    ]
  ): void;
}

const PAGE = 2 ** 16, SLACK = 16;
/** Memory never shrinks, so what needs more takes the plain way. */
const mostBytes = 64 * 2 ** 20;

const memory = { memory: new WebAssembly.Memory({ initial: 1, maximum: mostBytes / PAGE }) };
let kernels: Kernels | undefined;

/** Both passes with SIMD, or null when they need more than 64 MiB. */
export function simdPasses({ pixels, width, channels, across, down }: Passes): Uint8Array | null {
  const rows = pixels.length / (width * channels), rowBytes = across.start.length * channels;
  let end = 0;
  const room = (bytes: number) => {
    const at = end;
    end += Math.ceil((bytes + SLACK) / SLACK) * SLACK;
    return at;
  };
  const source = room(pixels.length),
    narrow = room(rows * rowBytes),
    target = room(down.start.length * rowBytes);
  const places = [across, down].map(({ start, length, weights }) =>
    [start, length, weights].map((numbers) => [room(numbers.byteLength), numbers] as const)
  );
  if (end > mostBytes) return null;
  kernels ??= wasmOver<Kernels>(resampleWasm, memory);
  const missing = Math.ceil((end - memory.memory.buffer.byteLength) / PAGE);
  if (missing > 0) memory.memory.grow(missing);
  const bytes = new Uint8Array(memory.memory.buffer), words = new Int32Array(memory.memory.buffer);
  bytes.set(pixels, source);
  for (const [at, numbers] of places.flat()) words.set(numbers, at / 4);
  const [[starts], [lengths], [weights]] = places[0], [[from], [counts], [factors]] = places[1];
  const outputs = across.start.length, lineBytes = width * channels;
  kernels.across(
    ...[source, narrow, rows, lineBytes, channels] as const,
    ...[outputs, starts, lengths, weights, across.stride] as const,
  );
  kernels.down(narrow, target, rowBytes, down.start.length, from, counts, factors, down.stride);
  return bytes.slice(target, target + down.start.length * rowBytes);
}

/** Both passes: bytes [down's outputs, across' outputs, channels]. */
export function filterPasses(passes: Passes): Uint8Array {
  const simd = passes.channels <= 4 ? simdPasses(passes) : null;
  return simd ?? plainPasses(passes);
}
