/**
 * The Mersenne Twister MT19937 (Matsumoto and Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed uniform
 * pseudo-random number generator", ACM TOMACS 8, 1998): the bits that both Python's `random` and NumPy's legacy
 * `RandomState` draw from. The two differ in how a seed becomes a state, and in what they make of the bits.
 */

const WORDS = 624, AHEAD = 397;

/** A stream of 32-bit words. */
export interface Twister {
  /** The next 32 random bits as an unsigned integer. */
  next(): number;
  /** Uniform in [0, 1), a multiple of 2^-53, from two draws. */
  double(): number;
}

function stateOf(seed: number): Uint32Array {
  const state = new Uint32Array(WORDS);
  state[0] = seed;
  for (let i = 1; i < WORDS; i++) {
    state[i] = Math.imul(1812433253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
  }
  return state;
}

/** The stream of one 32-bit word: `init_genrand` of the authors' program. */
export function twisterOfWord(seed: number): Twister {
  return twister(stateOf(seed));
}

/** The stream of a list of 32-bit words, at least one: `init_by_array` of the authors' program. */
export function twisterOfWords(key: ArrayLike<number>): Twister {
  const state = stateOf(19650218);
  let i = 1;
  const mix = (factor: number, add: number) => {
    state[i] = (state[i] ^ Math.imul(state[i - 1] ^ (state[i - 1] >>> 30), factor)) + add;
    if (++i === WORDS) {
      state[0] = state[WORDS - 1];
      i = 1;
    }
  };
  for (let n = Math.max(WORDS, key.length), j = 0; n > 0; n--, j = (j + 1) % key.length) {
    mix(1664525, key[j] + j);
  }
  for (let n = WORDS - 1; n > 0; n--) mix(1566083941, -i);
  state[0] = 0x8000_0000;
  return twister(state);
}

function twister(state: Uint32Array): Twister {
  let used = WORDS;

  function renew(): void {
    let from = 0;
    const twist = (to: number, ahead: number) => {
      for (; from < to; from++) {
        const bits = (state[from] & 0x8000_0000) | (state[from + 1 === WORDS ? 0 : from + 1] & 0x7fff_ffff);
        state[from] = state[from + ahead] ^ (bits >>> 1) ^ (bits & 1 ? 0x9908_b0df : 0);
      }
    };
    twist(WORDS - AHEAD, AHEAD);
    twist(WORDS, AHEAD - WORDS);
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

  return {
    next,
    double() {
      const high = next() >>> 5, low = next() >>> 6;
      return (high * 67108864 + low) / 9007199254740992;
    },
  };
}

/** The smallest 2^k - 1 that is at least `most`, for 0 <= most < 2^32; NumPy keeps as many bits of a draw. */
export function maskOf(most: number): number {
  return most === 0 ? 0 : 0xffff_ffff >>> Math.clz32(most);
}
