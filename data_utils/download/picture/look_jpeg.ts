/**
 * The structure of a JPEG: its segments and, between them, the compressed data, up to the marker of the end. What
 * cameras append behind that (films, further images) belongs to no image. Source: ITU-T T.81, annex B.
 */
import { afterExifMark, hasExifMark, headless, type Look } from "./look.ts";

const markers = { lead: 0xff, end: 0xd9, scan: 0xda, app1: 0xe1 } as const;

/** Markers without a segment: of restarts, the start, and the one of arithmetic coders' temporary use. */
const bare = (marker: number): boolean => marker >= 0xd0 && marker <= 0xd8 || marker === 0x01;
/** Start of a frame; three codes of that range mean other things. */
const frame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

/** Place of the next marker's code, from `at` on; -1 when the bytes end before. Stuffed bytes are data. */
function nextMarker(bytes: Uint8Array, at: number): number {
  for (let lead = bytes.indexOf(markers.lead, at); lead >= 0; lead = bytes.indexOf(markers.lead, lead)) {
    while (bytes[lead] === markers.lead) lead++;
    if (lead >= bytes.length) return -1;
    if (bytes[lead] !== 0) return lead;
  }
  return -1;
}

/** Looks at a JPEG. */
export function lookAtJpeg(bytes: Uint8Array): Look {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let size: { width: number; height: number; cmyk: boolean } | null = null,
    exif: Uint8Array | null = null,
    scans = 0,
    damage: string | null = "it ends before its end marker";
  for (let at = nextMarker(bytes, 2); at >= 0; at = nextMarker(bytes, at)) {
    const marker = bytes[at++];
    if (marker === markers.end) {
      damage = scans === 0 ? "it has no image data" : null;
      break;
    }
    if (bare(marker)) continue;
    const length = at + 2 <= bytes.length ? view.getUint16(at) : 0,
      segment = bytes.subarray(at + 2, at + length);
    if (length < 2 || at + length > bytes.length) break;
    if (marker === markers.scan) scans++;
    if (frame(marker) && size) return { ...headless("it has two frame headers"), ...size };
    if (frame(marker) && segment.length >= 6) {
      size = { height: view.getUint16(at + 3), width: view.getUint16(at + 5), cmyk: segment[5] === 4 };
    }
    if (marker === markers.app1 && !exif && hasExifMark(segment)) exif = afterExifMark(segment);
    at += length;
  }
  if (!size || size.width === 0 || size.height === 0) return headless(damage ?? "it has no frame header");
  return { ...size, animated: false, alpha: false, exif, damage };
}
