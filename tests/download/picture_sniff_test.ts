// What bytes are, by their content: every kind that is read, every one that is named, and what only looks like one.
import { assertEquals, assertMatch } from "@std/assert";
import { sniff } from "../../data_utils/download/picture/sniff.ts";
import { joined, madeFile, text } from "./picture_made.ts";

/** The kind, or reason and detail. */
function said(bytes: Uint8Array): string {
  const sniffed = sniff(bytes);
  return "kind" in sniffed ? sniffed.kind : `${sniffed.fault.reason}: ${sniffed.fault.detail}`;
}

Deno.test("sniff: kinds that are read, as an encoder writes them", async () => {
  const size = [20, 16] as const;
  assertEquals(said(await madeFile(size, (image) => image.jpeg())), "jpg");
  assertEquals(
    said(await madeFile(size, (image) => image.jpeg({ progressive: true, mozjpeg: true }))),
    "jpg",
  );
  assertEquals(said(await madeFile(size, (image) => image.png())), "png");
  assertEquals(said(await madeFile(size, (image) => image.webp())), "webp");
  assertEquals(said(await madeFile(size, (image) => image.webp({ lossless: true }))), "webp");
  assertEquals(said(await madeFile(size, (image) => image.gif())), "gif");
  assertEquals(said(await madeFile(size, (image) => image.tiff())), "tiff");
  assertEquals(said(await madeFile(size, (image) => image.avif())), "avif");
});

/** A head of boxes with these brands; the first is the major one. */
const boxes = (...brands: string[]) =>
  joined(
    [0, 0, 0, 16 + 4 * (brands.length - 1)],
    text(`ftyp${brands[0]}`),
    [0, 0, 0, 0],
    text(brands.slice(1).join("")),
  );

Deno.test("sniff: images and films that are not read are named", () => {
  const kinds: [string, Uint8Array][] = [
    ["HEIC", boxes("heic", "mif1", "heic")],
    ["HEIC", boxes("mif1", "mif1", "heic")],
    ["video", boxes("isom", "isom", "avc1")],
    ["JPEG XL", Uint8Array.of(0xff, 0x0a, 1)],
    ["JPEG XL", joined([0, 0, 0, 12], text("JXL \r\n"))],
    ["JPEG 2000", joined([0, 0, 0, 12], text("jP  \r\n"))],
    ["Photoshop", text("8BPS\0\x01")],
    ["ICO", Uint8Array.of(0, 0, 1, 0, 1, 0, 16, 16)],
    ["BMP", joined(text("BM"), [54, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0])],
    ["video", joined([0x1a, 0x45, 0xdf, 0xa3], text("webm"))],
    ["video", joined(text("RIFF"), [1, 2, 3, 4], text("AVI LIST"))],
  ];
  for (const [kind, bytes] of kinds) assertEquals(said(bytes), `unsupported_format: ${kind}`);
  assertEquals(said(boxes("mif1", "mif1", "avif", "miaf")), "avif");
  assertEquals(said(boxes("avis", "avif")), "avif");
});

Deno.test("sniff: SVG is told from other markup by its root element, whatever comes before it", () => {
  const svg = [
    '<svg xmlns="http://www.w3.org/2000/svg"/>',
    '<?xml version="1.0"?>\n<!-- made <html> -->\n<!DOCTYPE svg PUBLIC "a" "b">\n<svg width="1">',
    "\ufeff  <!DOCTYPE svg [ <!ENTITY a 'b'> ]><svg:svg>",
  ];
  for (const document of svg) assertEquals(said(text(document)), "unsupported_format: SVG", document);
  const pages: [string, string][] = [
    ["<!DOCTYPE html><html><svg></svg>", "a web page"],
    ["\n\n<HTML><body>", "a web page"],
    ["<!-- svg --><html>", "a web page"],
    ["<?xml version='1.0'?><rss><svg/></rss>", "XML or HTML"],
    ["<svgless>", "XML or HTML"],
    ['{"error": "not found"}', "JSON"],
    ["[1]", "JSON"],
    ["Not\n  found", "text: Not found"],
    [" \n ", "blank text"],
  ];
  for (const [document, detail] of pages) {
    assertEquals(said(text(document)), `not_an_image: ${detail}`, document);
  }
  assertEquals(said(text("é".repeat(3000))), `not_an_image: text: ${"é".repeat(60)}...`); // cut within a letter
  assertEquals(said(joined(text("<html>"), [0xe9, 0xff])), "not_an_image: a web page"); // not UTF-8
  const wide = joined([0xff, 0xfe], [..."<html>"].flatMap((letter) => [letter.charCodeAt(0), 0]));
  assertEquals(said(wide), "not_an_image: a web page");
});

Deno.test("sniff: what is neither says how it begins; nothing is empty", () => {
  assertEquals(said(new Uint8Array(0)), "empty: no byte");
  assertEquals(said(text("%PDF-1.7")), "not_an_image: a PDF");
  assertEquals(said(Uint8Array.of(0x1f, 0x8b, 8, 0)), "not_an_image: a gzip stream");
  assertMatch(said(Uint8Array.of(0, 1, 2, 3, 4)), /^not_an_image: .*00 01 02 03$/);
  assertMatch(said(Uint8Array.of(0xff, 0xd8)), /^not_an_image: .*ff d8$/);
  assertMatch(said(text("\x89PN")), /^not_an_image/);
});
