// deno-lint-ignore-file
// @ts-nocheck AssemblyScript, which `deno task wasm` compiles to scan_wasm.ts.
// Byte scanning of caption files: where records and fields begin and end.

/** The place of the first `byte` in [from, end), or `end`. */
export function indexOfByte(from: usize, end: usize, byte: u32): usize {
  const wanted = i8x16.splat(byte as i8);
  for (; from + 16 <= end; from += 16) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(from), wanted));
    if (found) return from + ctz(found);
  }
  for (; from < end; from++) if (load<u8>(from) == byte) return from;
  return end;
}
