// Philox-4x32-10, the counter-based generator (Salmon et al., SC 2011): a pure function of (key, counter), so a
// replayed or resumed step draws the same numbers. kernels/philox_wgsl.ts holds the same function for the device.

const M0 = 0xd2511f53, M1 = 0xcd9e8d57, W0 = 0x9e3779b9, W1 = 0xbb67ae85;

/** Upper half of the 64-bit product of two unsigned words. */
function mulHigh(a: number, b: number): number {
  const al = a & 0xffff, ah = a >>> 16, bl = b & 0xffff, bh = b >>> 16;
  const mid1 = ah * bl + (al * bl >>> 16), mid2 = al * bh + (mid1 & 0xffff);
  return ah * bh + (mid1 >>> 16) + (mid2 >>> 16);
}

export type Words4 = [number, number, number, number];

/** Ten rounds; all words are unsigned 32-bit. */
export function philox(counter: Words4, key: [number, number]): Words4 {
  const words = Uint32Array.from(counter);
  rounds(words, key[0], key[1]);
  return [words[0], words[1], words[2], words[3]];
}

/** Replaces a counter by its random words. */
function rounds(words: Uint32Array, k0: number, k1: number): void {
  let c0 = words[0], c1 = words[1], c2 = words[2], c3 = words[3];
  for (let round = 0; round < 10; round++) {
    const h0 = mulHigh(M0, c0), h1 = mulHigh(M1, c2);
    const l0 = Math.imul(M0, c0), l1 = Math.imul(M1, c2);
    c0 = (h1 ^ c1 ^ k0) >>> 0;
    c1 = l1 >>> 0;
    c2 = (h0 ^ c3 ^ k1) >>> 0;
    c3 = l0 >>> 0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  words[0] = c0;
  words[1] = c1;
  words[2] = c2;
  words[3] = c3;
}

/** A word as a float in [0, 1) with 24 random bits: exact in float32, so the device gives the same value. */
export function unitFloat(word: number): number {
  return (word >>> 8) / 16777216;
}

/** Uniform numbers in [0, 1): element i is lane i % 4 of counter block i / 4 under key (seed, stream). */
export function uniforms(count: number, seed: number, stream: number, step = 0): Float64Array {
  const out = new Float64Array(count), words = new Uint32Array(4);
  for (let block = 0; block * 4 < count; block++) {
    words[0] = block;
    words[1] = step;
    words[2] = 0;
    words[3] = 0;
    rounds(words, seed >>> 0, stream >>> 0);
    const end = Math.min(4, count - block * 4);
    for (let lane = 0; lane < end; lane++) out[block * 4 + lane] = unitFloat(words[lane]);
  }
  return out;
}

/** Standard normal numbers by Box-Muller over pairs of `uniforms`. */
export function normals(count: number, seed: number, stream: number, step = 0): Float64Array {
  const u = uniforms(count + (count & 1), seed, stream, step);
  const out = new Float64Array(count);
  for (let i = 0; i < count; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - u[i]));
    out[i] = radius * Math.cos(2 * Math.PI * u[i + 1]);
    if (i + 1 < count) out[i + 1] = radius * Math.sin(2 * Math.PI * u[i + 1]);
  }
  return out;
}

/** A 32-bit key for a name (FNV-1a): gives each parameter its own stream, whatever the order of creation. */
export function streamOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
