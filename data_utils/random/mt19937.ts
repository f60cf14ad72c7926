/**
 * The Mersenne Twister MT19937 (Matsumoto and Nishimura, ACM TOMACS 8, 1998), seeded and turned into numbers as NumPy's
 * legacy `RandomState` does, to the last bit: what older programs drew with it can be drawn again.
 */

const WORDS = 624, AHEAD = 397;

/** A stream of draws as `numpy.random.RandomState(seed)` gives them. */
export interface RandomState {
  /** The next 32 random bits as an unsigned integer; `random_sample` takes two of these. */
  next(): number;
  /** `random_sample()`: uniform in [0, 1), a multiple of 2^-53. */
  sample(): number;
  /** Fills `samples` with what as many calls of `sample` would give. */
  fill(samples: Float64Array): void;
}

/**
 * The stream of `numpy.random.RandomState(seed)`. Throws RangeError, as NumPy does, unless the seed is a whole number
 * from 0 to 2^32 - 1.
 */
export function randomState(seed: number): RandomState {
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff) {
    throw new RangeError(`The seed must be a whole number from 0 to 2^32 - 1, got ${seed}`);
  }
  const state = new Uint32Array(WORDS);
  state[0] = seed;
  for (let i = 1; i < WORDS; i++) {
    state[i] = Math.imul(1812433253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
  }
  let used = WORDS;

  function renew(): void {
    for (let i = 0; i < WORDS; i++) {
      const bits = (state[i] & 0x8000_0000) | (state[(i + 1) % WORDS] & 0x7fff_ffff);
      state[i] = state[(i + AHEAD) % WORDS] ^ (bits >>> 1) ^ (bits & 1 ? 0x9908_b0df : 0);
    }
    used = 0;
  }

  function next(): number {
    if (used === WORDS) renew();
    let bits = state[used++];
    bits ^= bits >>> 11;
    bits ^= (bits << 7) & 0x9d2c_5680;
    bits ^= (bits << 15) & 0xefc6_0000;
    return (bits ^ (bits >>> 18)) >>> 0;
  }

  function sample(): number {
    const high = next() >>> 5, low = next() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  return {
    next,
    sample,
    fill(samples) {
      for (let i = 0; i < samples.length; i++) samples[i] = sample();
    },
  };
}
