/**
 * SHA-256 of short texts by the million (FIPS 180-4), as words. The runtime's own takes no less time for them, and lets
 * memory grow by a quarter of a gigabyte with what it allocates on the way.
 */

const isPrime = (n: number) => {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return true;
};
const primes = Array.from({ length: 310 }, (_, i) => i + 2).filter(isPrime);

/** The first 32 bits behind the point. */
const fraction = (x: number) => (x - Math.floor(x)) * 2 ** 32;

/** By the standard: from the cube roots of the first 64 primes, and the square roots of the first 8. */
const K = Int32Array.from(primes.slice(0, 64), (prime) => fraction(Math.cbrt(prime)) | 0);
const START = Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)) | 0);

const BLOCK = 64;
const schedule = new Int32Array(64);

/** Takes a block of bytes into the state. */
function compress(state: Int32Array, bytes: Uint8Array, start: number): void {
  const w = schedule;
  for (let i = 0, at = start; i < 16; i++, at += 4) {
    w[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  }
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15], y = w[i - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
  }
  let a = state[0], b = state[1], c = state[2], d = state[3];
  let e = state[4], f = state[5], g = state[6], h = state[7];
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g, g = f, f = e, e = (d + t1) | 0;
    d = c, c = b, b = a, a = (t1 + t2) | 0;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d;
  state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

const encoder = new TextEncoder(), state = new Int32Array(8);
let message = new Uint8Array(2 ** 12);

/** Puts the first `count` words of the SHA-256 of a text's UTF-8 into `words` from `at`. */
export function putTextHash(text: string, words: Uint32Array, at: number, count: number): void {
  // three bytes at most for a unit of UTF-16, and the padding
  if (message.length < text.length * 3 + 2 * BLOCK) message = new Uint8Array(text.length * 3 + 2 * BLOCK);
  const { written: bytes } = encoder.encodeInto(text, message);
  const padded = Math.ceil((bytes + 9) / BLOCK) * BLOCK;
  message.fill(0, bytes, padded);
  message[bytes] = 0x80;
  for (let i = 0, bits = bytes * 8; i < 6; i++, bits = Math.floor(bits / 256)) message[padded - 1 - i] = bits;
  state.set(START);
  for (let start = 0; start < padded; start += BLOCK) compress(state, message, start);
  for (let i = 0; i < count; i++) words[at + i] = state[i];
}
