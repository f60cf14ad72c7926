// deno-lint-ignore-file
// @ts-nocheck AssemblyScript, part of scan.as.ts.
// Whether bytes are UTF-8 in the strict sense: no overlong forms, no surrogates, nothing above U+10FFFF.

/** Length of the sequence at `at`, whose first byte is not ASCII; 0 when it is not valid. */
function sequenceLength(at: usize, end: usize): usize {
  const first: u32 = load<u8>(at);
  if (first < 0xc2 || first > 0xf4) return 0;
  const length: usize = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (at + length > end) return 0;
  const second: u32 = load<u8>(at + 1);
  const least: u32 = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const most: u32 = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > most) return 0;
  for (let i: usize = 2; i < length; i++) if ((load<u8>(at + i) & 0xc0) != 0x80) return 0;
  return length;
}

/** Whether [from, end) is valid. Up to 15 bytes behind the end are loaded. */
export function isUtf8(from: usize, end: usize): bool {
  while (from < end) {
    let high: u32 = i8x16.bitmask(v128.load(from));
    if (from + 16 > end) high &= (1 << ((end - from) as u32)) - 1;
    if (!high) {
      from += 16;
      continue;
    }
    from += ctz(high);
    do {
      const length = sequenceLength(from, end);
      if (!length) return false;
      from += length;
    } while (from < end && load<u8>(from) >= 0x80);
  }
  return true;
}
