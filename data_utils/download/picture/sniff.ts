/**
 * What the bytes of an answer are, by their content alone: servers announce images that are web pages, and pages that are
 * images. Every kind has a name, so that a fault says what came instead.
 */
import type { Fault, Reason } from "../outcome.ts";
import { sniffText } from "./sniff_text.ts";

/** Kinds of file that are read. */
export type Kind = "jpg" | "png" | "webp" | "gif" | "tiff" | "avif";

export type Sniffed = { readonly kind: Kind } | { readonly fault: Fault };

type Pattern = readonly (number | null)[];

const ascii = (text: string): number[] => Array.from(text, (letter) => letter.charCodeAt(0));
const gap = (bytes: number): null[] => Array<null>(bytes).fill(null);

const read: readonly (readonly [Kind, Pattern])[] = [
  ["jpg", [0xff, 0xd8, 0xff]],
  ["png", [0x89, ...ascii("PNG\r\n"), 0x1a, 0x0a]],
  ["webp", [...ascii("RIFF"), ...gap(4), ...ascii("WEBP")]],
  ["gif", ascii("GIF87a")],
  ["gif", ascii("GIF89a")],
  ["tiff", [...ascii("II"), 42, 0]],
  ["tiff", [...ascii("MM"), 0, 42]],
  ["tiff", [...ascii("II"), 43, 0]],
  ["tiff", [...ascii("MM"), 0, 43]],
];

/** Images and films that are not read. */
const unsupported: readonly (readonly [string, Pattern])[] = [
  ["JPEG XL", [0xff, 0x0a]],
  ["JPEG XL", [0, 0, 0, 12, ...ascii("JXL ")]],
  ["JPEG 2000", [0, 0, 0, 12, ...ascii("jP  ")]],
  ["JPEG 2000", [0xff, 0x4f, 0xff, 0x51]],
  ["JPEG XR", [...ascii("II"), 0xbc]],
  ["Photoshop", ascii("8BPS")],
  ["ICO", [0, 0, 1, 0, null, 0]],
  ["ICO", [0, 0, 2, 0, null, 0]],
  ["BMP", [...ascii("BM"), ...gap(12), null, 0, 0, 0]],
  ["DDS", ascii("DDS ")],
  ["OpenEXR", [0x76, 0x2f, 0x31, 0x01]],
  ["MNG", [0x8a, ...ascii("MNG")]],
  ["video", [0x1a, 0x45, 0xdf, 0xa3]],
  ["video", [...ascii("RIFF"), ...gap(4), ...ascii("AVI ")]],
  ["video", ascii("FLV")],
  ["video", ascii("OggS")],
];

/** Neither image nor text. */
const others: readonly (readonly [string, Pattern])[] = [
  ["a PDF", ascii("%PDF")],
  ["an archive", [...ascii("PK"), 3, 4]],
  ["a gzip stream", [0x1f, 0x8b]],
];

const starts = (bytes: Uint8Array, pattern: Pattern): boolean =>
  bytes.length >= pattern.length && pattern.every((byte, i) => byte === null || bytes[i] === byte);

const match = <Name>(bytes: Uint8Array, list: readonly (readonly [Name, Pattern])[]): Name | undefined =>
  list.find(([, pattern]) => starts(bytes, pattern))?.[0];

const heic = new Set(["heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "msf1"]);

/** The first brand known of a file of boxes as MP4 has them; null where it has no such head. */
function boxed(bytes: Uint8Array): "avif" | "HEIC" | "video" | null {
  if (!starts(bytes, [...gap(4), ...ascii("ftyp")]) || bytes.length < 16) return null;
  const end = Math.min(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0), bytes.length, 256);
  const brands: string[] = [];
  for (let at = 8; at + 4 <= end; at += 4) {
    if (at !== 12) brands.push(String.fromCharCode(...bytes.subarray(at, at + 4)));
  }
  if (brands.some((brand) => brand === "avif" || brand === "avis")) return "avif";
  return brands.some((brand) => heic.has(brand)) ? "HEIC" : "video";
}

const fault = (reason: Reason, detail: string): Sniffed => ({ fault: { reason, detail } });

/** Recognises what `bytes` are. Never throws. */
export function sniff(bytes: Uint8Array): Sniffed {
  if (bytes.length === 0) return fault("empty", "no byte");
  const kind = match(bytes, read);
  if (kind) return { kind };
  const box = boxed(bytes);
  if (box === "avif") return { kind: box };
  const image = box ?? match(bytes, unsupported);
  if (image) return fault("unsupported_format", image);
  const other = match(bytes, others);
  if (other) return fault("not_an_image", other);
  const text = sniffText(bytes);
  if (text === "SVG") return fault("unsupported_format", text);
  const head = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return fault("not_an_image", text ?? `unknown content, beginning with ${head}`);
}
