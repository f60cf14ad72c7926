// deno-lint-ignore-file
// @ts-nocheck AssemblyScript, which `deno task wasm` compiles to resample_wasm.ts.
// The two passes of a resampling (resample.ts) with SIMD: the channels of a pixel, or sixteen bytes of a row, at once. Sums
// are the same 32-bit integers in the same order, so the bytes are those of the plain passes.

const PRECISION: i32 = 22;
const HALF: i32 = 1 << (PRECISION - 1);

/** Four sums, rounded, as bytes in the lowest 32 bits. */
// @ts-ignore: decorator

function toBytes(sum: v128): v128 {
  const shifted = i32x4.shr_s(sum, PRECISION), words = i16x8.narrow_i32x4_s(shifted, shifted);
  return i8x16.narrow_i16x8_u(words, words);
}

/** Four bytes as four integers. */
// @ts-ignore: decorator

function fromBytes(at: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at)));
}

/**
 * Weighted sums along lines of pixels of `channels` bytes (1 to 4). For output i: `starts[i]` the first pixel it reads,
 * `lengths[i]` how many, `weights[i * stride ...]` their weights. Reads and writes up to 3 bytes past the ends.
 */
export function across(
  source: usize,
  target: usize,
  lines: i32,
  lineBytes: i32,
  channels: i32,
  outputs: i32,
  starts: usize,
  lengths: usize,
  weights: usize,
  stride: i32,
): void {
  let to = target;
  for (let line = 0; line < lines; line++) {
    const row = source + <usize> (line * lineBytes);
    let first = weights;
    for (let i = 0; i < outputs; i++) {
      let at = row + <usize> (load<i32>(starts + (<usize> i << 2)) * channels);
      const end = first + (<usize> load<i32>(lengths + (<usize> i << 2)) << 2);
      let sum = i32x4.splat(HALF), other = i32x4.splat(0), w = first;
      for (; w + 4 < end; w += 8) {
        sum = i32x4.add(sum, i32x4.mul(fromBytes(at), v128.load32_splat(w)));
        at += channels;
        other = i32x4.add(other, i32x4.mul(fromBytes(at), v128.load32_splat(w + 4)));
        at += channels;
      }
      if (w < end) sum = i32x4.add(sum, i32x4.mul(fromBytes(at), v128.load32_splat(w)));
      v128.store32_lane(to, toBytes(i32x4.add(sum, other)), 0);
      to += channels;
      first += <usize> stride << 2;
    }
  }
}

/** Weighted sums of rows of `rowBytes` bytes, sixteen at once; else as `across`. Reads and writes up to 15 bytes past. */
export function down(
  source: usize,
  target: usize,
  rowBytes: i32,
  outputs: i32,
  starts: usize,
  lengths: usize,
  weights: usize,
  stride: i32,
): void {
  const half = i32x4.splat(HALF);
  let first = weights;
  for (let i = 0; i < outputs; i++) {
    const rows = source + <usize> (load<i32>(starts + (<usize> i << 2)) * rowBytes);
    const end = first + (<usize> load<i32>(lengths + (<usize> i << 2)) << 2),
      to = target + <usize> (i * rowBytes);
    for (let column = 0; column < rowBytes; column += 16) {
      let a = half, b = half, c = half, d = half, at = rows + <usize> column;
      for (let w = first; w < end; w += 4, at += rowBytes) {
        const weight = v128.load32_splat(w), bytes = v128.load(at);
        const low = i16x8.extend_low_i8x16_u(bytes), high = i16x8.extend_high_i8x16_u(bytes);
        a = i32x4.add(a, i32x4.mul(i32x4.extend_low_i16x8_u(low), weight));
        b = i32x4.add(b, i32x4.mul(i32x4.extend_high_i16x8_u(low), weight));
        c = i32x4.add(c, i32x4.mul(i32x4.extend_low_i16x8_u(high), weight));
        d = i32x4.add(d, i32x4.mul(i32x4.extend_high_i16x8_u(high), weight));
      }
      const words = i16x8.narrow_i32x4_s(i32x4.shr_s(a, PRECISION), i32x4.shr_s(b, PRECISION));
      const more = i16x8.narrow_i32x4_s(i32x4.shr_s(c, PRECISION), i32x4.shr_s(d, PRECISION));
      v128.store(to + <usize> column, i8x16.narrow_i16x8_u(words, more));
    }
    first += <usize> stride << 2;
  }
}
