// deno-lint-ignore-file
// @ts-nocheck AssemblyScript, compiled into the modules that import it.
// Words in the bytes of a caption: runs of the letters a-z in either case, everything else separates. What lower-casing
// makes of characters beyond ASCII is rewritten first, by `prepare`; words are lower-cased as they are loaded.

/** Whether a caption needs `prepare`: it has a byte beyond ASCII or, with `marks`, an apostrophe. */
export function needsPrepare(at: usize, length: usize, marks: bool): bool {
  const end = at + length, apostrophe = i8x16.splat(0x27);
  for (; at < end; at += 16) {
    const bytes = v128.load(at);
    let odd = i8x16.bitmask(bytes);
    if (marks) odd |= i8x16.bitmask(i8x16.eq(bytes, apostrophe));
    const left = end - at;
    if (left < 16) odd &= (1 << (left as i32)) - 1;
    if (odd) return true;
  }
  return false;
}

/**
 * Rewrites a caption in place and returns its new length, which is never more. Without a fold table, as Python's
 * str.lower does it: U+0130 becomes "i" and a separator (its dot), U+212A becomes "k". With one (`--modern`): Latin
 * letters with marks become their base letters, combining marks vanish, and so does 's at the end of a word.
 * `fold` is the address of u16 for U+00C0 to U+017F: one or two ASCII letters, low byte first, 0 for no letter.
 */
export function prepare(at: usize, length: usize, fold: usize): usize {
  const end = at + length;
  let to = at, from = at;
  while (from < end) {
    const byte = load<u8>(from), left = end - from;
    if (byte == 0xc4 && fold == 0 && left > 1 && load<u8>(from + 1) == 0xb0) {
      store<u8>(to++, 0x69);
      store<u8>(to++, 0x20);
      from += 2;
    } else if (byte == 0xe2 && left > 2 && load<u8>(from + 1) == 0x84 && load<u8>(from + 2) == 0xaa) {
      store<u8>(to++, 0x6b);
      from += 3;
    } else if (fold != 0 && (byte == 0x27 || byte >= 0xc3)) {
      const mark = apostropheBytes(from, left);
      if (mark > 0 && endsPossessive(from + mark, end, fold)) {
        from += mark + 1;
        continue;
      }
      if (byte >= 0xc3 && byte <= 0xc5 && left > 1 && isContinuation(load<u8>(from + 1))) {
        const letters = load<u16>(fold + 2 * foldIndex(from));
        if (letters == 0) store<u8>(to++, 0x20);
        else {
          store<u8>(to++, letters as u8);
          if (letters > 0xff) store<u8>(to++, (letters >> 8) as u8);
        }
        from += 2;
      } else if (isCombiningMark(from, left)) {
        from += 2;
      } else store<u8>(to++, load<u8>(from++));
    } else store<u8>(to++, load<u8>(from++));
  }
  return to - at;
}

function isContinuation(byte: u32): bool {
  return (byte & 0xc0) == 0x80;
}

function foldIndex(at: usize): usize {
  return ((((load<u8>(at) & 0x1f) as usize) << 6) | (load<u8>(at + 1) & 0x3f)) - 0xc0;
}

/** U+0300 to U+036F: CC 80 to CD AF. */
function isCombiningMark(at: usize, left: usize): bool {
  if (left < 2) return false;
  const first = load<u8>(at), second = load<u8>(at + 1);
  return (first == 0xcc && isContinuation(second)) || (first == 0xcd && second >= 0x80 && second <= 0xaf);
}

/** Bytes of ' or U+2019 at a place, else 0. */
function apostropheBytes(at: usize, left: usize): usize {
  if (load<u8>(at) == 0x27) return 1;
  const typographic = left > 2 && load<u8>(at) == 0xe2 && load<u8>(at + 1) == 0x80 &&
    load<u8>(at + 2) == 0x99;
  return typographic ? 3 : 0;
}

/** Whether an s stands there and ends its word. */
function endsPossessive(at: usize, end: usize, fold: usize): bool {
  if (at >= end || (load<u8>(at) | 0x20) != 0x73) return false;
  const next = at + 1;
  if (next >= end) return true;
  const byte = load<u8>(next);
  if (byte < 0x80) return !isLetter(byte);
  if (isCombiningMark(next, end - next)) return false;
  const known = byte >= 0xc3 && byte <= 0xc5 && end - next > 1 && isContinuation(load<u8>(next + 1));
  if (known) return load<u16>(fold + 2 * foldIndex(next)) == 0;
  return !(byte == 0xe2 && end - next > 2 && load<u8>(next + 1) == 0x84 && load<u8>(next + 2) == 0xaa);
}

export function isLetter(byte: u32): bool {
  return (byte | 0x20) - 0x61 < 26;
}

/** One bit for each of 64 bytes: whether it is a letter. */
export function letterMask(at: usize): u64 {
  return (letters16(at) as u64) | ((letters16(at + 16) as u64) << 16) |
    ((letters16(at + 32) as u64) << 32) | ((letters16(at + 48) as u64) << 48);
}

function letters16(at: usize): u32 {
  const fromA = i8x16.sub(v128.or(v128.load(at), i8x16.splat(0x20)), i8x16.splat(0x61));
  return i8x16.bitmask(i8x16.lt_u(fromA, i8x16.splat(26)));
}

/** A word of 16 letters at most, lower-cased, zeros behind it. */
export function shortWord(at: usize, letters: usize): v128 {
  const places = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const lower = v128.or(v128.load(at), i8x16.splat(0x20));
  return v128.and(lower, i8x16.lt_u(places, i8x16.splat(letters as i8)));
}

/** A hash of 64 bits of a word in its two halves; the upper 32 bits are the good ones. */
export function hashHalves(low: u64, high: u64): u64 {
  return low * 0x9e37_79b9_7f4a_7c15 ^ (high ^ (low >> 29)) * 0xc2b2_ae3d_27d4_eb4f;
}

/** A hash of 64 bits of a word of more than 16 letters, lower-cased. */
export function hashLong(at: usize, letters: usize): u64 {
  let hash: u64 = letters as u64;
  for (let i: usize = 0; i < letters; i++) {
    hash = (hash ^ ((load<u8>(at + i) | 0x20) as u64)) * 0x0000_0100_0000_01b3;
    hash ^= hash >> 31;
  }
  return hash * 0x9e37_79b9_7f4a_7c15;
}

/** Whether `letters` letters at `at`, lower-cased, are the bytes at `known`. */
export function sameLong(at: usize, known: usize, letters: usize): bool {
  for (let i: usize = 0; i < letters; i++) {
    if ((load<u8>(at + i) | 0x20) != load<u8>(known + i)) return false;
  }
  return true;
}
