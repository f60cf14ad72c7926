/**
 * Compressed transfer. Images do not shrink, so none is asked for; but servers compress unasked, and a body is worth
 * nothing while packed.
 */
import type { Transform } from "node:stream";
import zlib from "node:zlib";
import { failure } from "./fetch_failure.ts";

/** Opens what unpacks a body; `first` are the bytes that the packed body begins with, at least one. */
export type Unpacker = (first: Uint8Array) => Transform;

const unpackers: Readonly<Record<string, Unpacker>> = {
  gzip: () => zlib.createGunzip(),
  "x-gzip": () => zlib.createGunzip(),
  // most servers mean zlib's format, as the standard has it, and some the bare stream
  deflate: ([first]) =>
    (first & 15) === 8 && first >> 4 <= 7 ? zlib.createInflate() : zlib.createInflateRaw(),
  br: () => zlib.createBrotliDecompress(),
  zstd: () => zlib.createZstdDecompress(),
};

/** How a body is unpacked; null where it is not packed. Throws FetchFailure when this is not known, or packed twice. */
export function unpackerOf(contentEncoding: string | undefined): Unpacker | null {
  const layers = (contentEncoding ?? "").toLowerCase().split(",").map((layer) => layer.trim())
    .filter((layer) => layer !== "" && layer !== "identity");
  if (layers.length === 0) return null;
  if (layers.length === 1 && Object.hasOwn(unpackers, layers[0])) return unpackers[layers[0]];
  throw failure("bad_encoding", `The content encoding ${layers.join(", ")} is not known`);
}
