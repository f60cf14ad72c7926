/**
 * The structure of a WebP: chunks within a RIFF file, plain (one of VP8 and VP8L) or extended (VP8X first). Sources:
 * RFC 9649 (container, lossless) and RFC 6386, section 9.1 (lossy).
 */
import { afterExifMark, headless, type Look } from "./look.ts";

const fileHead = 12, chunkHead = 8;
const flags = { animation: 0x02, alpha: 0x10 } as const;

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly alpha: boolean;
  readonly animated: boolean;
}

/** What a chunk says of the size; null when it says nothing, or nothing that can be. */
function frameOf(name: string, content: Uint8Array): Frame | null {
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  const threeBytes = (at: number) => view.getUint16(at, true) + (content[at + 2] << 16);
  if (name === "VP8X" && content.length >= 10) {
    const [width, height] = [threeBytes(4) + 1, threeBytes(7) + 1];
    const has = (flag: number) => (content[0] & flag) !== 0;
    return { width, height, alpha: has(flags.alpha), animated: has(flags.animation) };
  }
  if (name === "VP8L" && content.length >= 5 && content[0] === 0x2f) {
    const bits = view.getUint32(1, true);
    const [width, height] = [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
    return { width, height, alpha: ((bits >>> 28) & 1) === 1, animated: false };
  }
  if (
    name === "VP8 " && content.length >= 10 && content[3] === 0x9d && content[4] === 1 && content[5] === 0x2a
  ) {
    const [width, height] = [view.getUint16(6, true) & 0x3fff, view.getUint16(8, true) & 0x3fff];
    return width > 0 && height > 0 ? { width, height, alpha: false, animated: false } : null;
  }
  return null;
}

/** Looks at a WebP. */
export function lookAtWebp(bytes: Uint8Array): Look {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = chunkHead + view.getUint32(4, true);
  let frame: Frame | null = null, exif: Uint8Array | null = null, pixels = false, lies = false, at = fileHead;
  while (at + chunkHead <= Math.min(end, bytes.length)) {
    const name = String.fromCharCode(...bytes.subarray(at, at + 4)), length = view.getUint32(at + 4, true);
    const content = bytes.subarray(at + chunkHead, at + chunkHead + length);
    const said = frameOf(name, content);
    frame ??= said;
    lies ||= said !== null && (said.width !== frame?.width || said.height !== frame.height);
    if (name === "EXIF") exif = afterExifMark(content);
    pixels ||= name === "VP8 " || name === "VP8L" || name === "ANMF";
    at += chunkHead + length + length % 2;
  }
  if (!frame) return headless("it has no frame header");
  const damage = end > bytes.length
    ? `it has ${bytes.length} of ${end} bytes`
    : at > end + 1
    ? "its last chunk is cut off"
    : !pixels
    ? "it has no image data"
    : lies
    ? "its headers name different sizes"
    : null;
  return { ...frame, cmyk: false, exif, damage };
}
