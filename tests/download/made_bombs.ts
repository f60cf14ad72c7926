// Small files that unpack to very much: a valid PNG of 30,000 x 30,000, and bodies compressed a thousandfold. They are put
// together from one compressed block of zeros that is repeated, so that nobody has to compress a gigabyte.
import { brotliCompressSync, constants, crc32, deflateRawSync } from "node:zlib";
import { bytesOf, join } from "../data_utils/made_files.ts";

const MEBI = 2 ** 20;

/** DEFLATE of so many zeros, ending at a byte so that more can follow. */
const openBlock = (zeros: number) =>
  deflateRawSync(new Uint8Array(zeros), { level: 9, finishFlush: constants.Z_FULL_FLUSH });

/** DEFLATE of `zeros` zero bytes. */
function deflatedZeros(zeros: number): Uint8Array {
  const block = openBlock(MEBI), blocks = Array.from({ length: Math.floor(zeros / MEBI) }, () => block);
  return join(...blocks, deflateRawSync(new Uint8Array(zeros % MEBI), { level: 9 }));
}

/** Four bytes. */
export function bigEndian(value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value);
  return new Uint8Array(view.buffer);
}

/** A chunk of a PNG. */
export function pngChunk(kind: string, content: Uint8Array): Uint8Array {
  const body = join(bytesOf(kind), content);
  return join(bigEndian(content.length), body, bigEndian(crc32(body)));
}

/** A PNG of one bit per pixel, all black: valid to its last check sum. */
export function pngBomb(side = 30_000): Uint8Array<ArrayBuffer> {
  const header = join(bigEndian(side), bigEndian(side), Uint8Array.of(1, 0, 0, 0, 0));
  const zeros = side * (1 + Math.ceil(side / 8));
  // Adler-32 of zeros: the first sum stays 1, the second counts them
  const sum = bigEndian(zeros % 65_521 * 65_536 + 1);
  const pixels = join(Uint8Array.of(0x78, 0xda), deflatedZeros(zeros), sum);
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10);
  return join(
    signature,
    pngChunk("IHDR", header),
    pngChunk("IDAT", pixels),
    pngChunk("IEND", new Uint8Array(0)),
  );
}

/** A gzip file of `zeros` zero bytes, a thousandth as long. Its check sum is left at 0: nobody should get there. */
export function gzipBomb(zeros = 2 ** 30): Uint8Array<ArrayBuffer> {
  const header = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255);
  return join(header, deflatedZeros(zeros), new Uint8Array(8));
}

/** Brotli of 64 MiB of zeros, in a few hundred bytes. */
export function brotliBomb(): Uint8Array<ArrayBuffer> {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 5 };
  return new Uint8Array(brotliCompressSync(new Uint8Array(64 * MEBI), { params }));
}
