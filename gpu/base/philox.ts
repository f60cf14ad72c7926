// Philox-4x32-10, the counter-based generator (Salmon et al., SC 2011): a pure function of (key, counter), so a
// replayed or resumed step draws the same numbers. kernels/philox_wgsl.ts holds the same function for the device.

const M0 = 0xd2511f53, M1 = 0xcd9e8d57, W0 = 0x9e3779b9, W1 = 0xbb67ae85;

function mulHigh(a: number, b: number): number {
  const al = a & 0xffff, ah = a >>> 16, bl = b & 0xffff, bh = b >>> 16;
  const low = al * bl, mid1 = ah * bl + (low >>> 16), mid2 = al * bh + (mid1 & 0xffff);
  return (ah * bh + Math.floor(mid1 / 65536) + Math.floor(mid2 / 65536)) >>> 0;
}

export type Words4 = [number, number, number, number];

/** Ten rounds; all words are unsigned 32-bit. */
export function philox(counter: Words4, key: [number, number]): Words4 {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const h0 = mulHigh(M0, c0), l0 = Math.imul(M0, c0) >>> 0;
    const h1 = mulHigh(M1, c2), l1 = Math.imul(M1, c2) >>> 0;
    [c0, c1, c2, c3] = [(h1 ^ c1 ^ k0) >>> 0, l1, (h0 ^ c3 ^ k1) >>> 0, l0];
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}

/** A word as a float in [0, 1) with 24 random bits: exact in float32, so the device gives the same value. */
export function unitFloat(word: number): number {
  return (word >>> 8) / 16777216;
}

/** Uniform numbers in [0, 1): element i is lane i % 4 of counter block i / 4 under key (seed, stream). */
export function uniforms(count: number, seed: number, stream: number, step = 0): Float64Array {
  const out = new Float64Array(count);
  for (let block = 0; block * 4 < count; block++) {
    const words = philox([block, step >>> 0, 0, 0], [seed >>> 0, stream >>> 0]);
    for (let lane = 0; lane < 4 && block * 4 + lane < count; lane++) {
      out[block * 4 + lane] = unitFloat(words[lane]);
    }
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
