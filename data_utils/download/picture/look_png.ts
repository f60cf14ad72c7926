/**
 * The structure of a PNG: its chunks up to IEND, with the check sums of those that matter for its pixels. Source: the
 * PNG specification, sections 5 and 11.
 */
import { crc32 } from "node:zlib";
import { afterExifMark, headless, type Look } from "./look.ts";

const signatureBytes = 8, headBytes = 8, sumBytes = 4;

/** Chunks whose name begins with a capital letter are needed for the pixels. */
const critical = (name: string): boolean => name[0] <= "Z";

/** Looks at a PNG. An animated one (APNG) has several frames; transparency may be a channel or a table. */
export function lookAtPng(bytes: Uint8Array): Look {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let look = headless("its header is cut off");
  for (let at = signatureBytes; at + headBytes + sumBytes <= bytes.length;) {
    const length = view.getUint32(at), end = at + headBytes + length;
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + headBytes));
    if (end + sumBytes > bytes.length) return { ...look, damage: `it ends within its chunk ${name}` };
    if (critical(name) && crc32(bytes.subarray(at + 4, end)) !== view.getUint32(end)) {
      return { ...look, damage: `the check sum of its chunk ${name} is wrong` };
    }
    if (look.width === 0) {
      if (name !== "IHDR" || length < 13) return headless("it does not begin with its header");
      const [width, height] = [view.getUint32(at + 8), view.getUint32(at + 12)], colours = bytes[at + 17];
      if (width === 0 || height === 0) return headless(`it is ${width} x ${height} pixels`);
      look = {
        ...{ width, height, alpha: colours === 4 || colours === 6 },
        ...{ animated: false, cmyk: false, exif: null, damage: "it ends before its chunk IEND" },
      };
    }
    if (name === "tRNS") look = { ...look, alpha: true };
    if (name === "acTL") look = { ...look, animated: true };
    if (name === "eXIf") look = { ...look, exif: afterExifMark(bytes.subarray(at + headBytes, end)) };
    if (name === "IEND") return { ...look, damage: null };
    at = end + sumBytes;
  }
  return look;
}
