// Memory on the device, counted in vec4 words: a storage buffer, or an rgba32float texture 1024 texels wide. The rest
// of the engine reads and writes it through these functions and never asks which.

import { fromHalfBits, TEXTURE_WIDTH } from "../base/mod.ts";
import type { Gpu } from "./device.ts";
import { mapForReading } from "./read_back.ts";

export interface Storage {
  readonly words: number;
  readonly bytes: number;
  readonly resource: GPUTexture | GPUBuffer;
  readonly binding: GPUTextureView | GPUBufferBinding;
}

const live = new WeakMap<Gpu, { bytes: number }>();

/** Bytes of storage the engine holds on this device. */
export function liveBytes(gpu: Gpu): number {
  return live.get(gpu)?.bytes ?? 0;
}

function account(gpu: Gpu, bytes: number): void {
  const entry = live.get(gpu) ?? { bytes: 0 };
  entry.bytes += bytes;
  live.set(gpu, entry);
}

/** The most words one storage can have on this device. */
export function maxWords(gpu: Gpu): number {
  if (gpu.memory === "texture") return gpu.limits.maxTextureDimension2D * TEXTURE_WIDTH;
  return Math.floor(Math.min(gpu.limits.maxStorageBufferBindingSize, gpu.limits.maxBufferSize) / 16);
}

/** Bytes a storage of so many words takes. */
export function storageBytes(gpu: Gpu, words: number): number {
  return gpu.memory === "texture"
    ? Math.ceil(Math.max(1, words) / TEXTURE_WIDTH) * TEXTURE_WIDTH * 16
    : Math.max(1, words) * 16;
}

/** Throws RangeError above the device's limit, with the remedy. */
export function createStorage(
  gpu: Gpu,
  words: number,
  label: string,
  remedy = "take a smaller micro-batch",
): Storage {
  if (words > maxWords(gpu)) {
    throw new RangeError(
      `${label} needs ${(words * 16 / 2 ** 20).toFixed(0)} MiB and this device binds at most ` +
        `${(maxWords(gpu) * 16 / 2 ** 20).toFixed(0)} MiB at once: ${remedy}`,
    );
  }
  const bytes = storageBytes(gpu, words);
  account(gpu, bytes);
  if (gpu.memory === "buffer") {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = gpu.device.createBuffer({ size: bytes, usage, label });
    return { words, bytes, resource: buffer, binding: { buffer } };
  }
  const usage = GPUTextureUsage.STORAGE_BINDING | GPUTextureUsage.COPY_SRC | GPUTextureUsage.COPY_DST;
  const size = [TEXTURE_WIDTH, bytes / 16 / TEXTURE_WIDTH];
  const texture = gpu.device.createTexture({ size, format: "rgba32float", usage, label });
  return { words, bytes, resource: texture, binding: texture.createView() };
}

export function destroyStorage(gpu: Gpu, storage: Storage): void {
  account(gpu, -storage.bytes);
  storage.resource.destroy();
}

/** Rectangles of a texture that cover words [at, at + words): a first part row, whole rows, a last part row. */
function pieces(
  at: number,
  words: number,
): { x: number; y: number; width: number; height: number; from: number }[] {
  const found = [];
  let from = 0;
  while (from < words) {
    const x = (at + from) % TEXTURE_WIDTH, y = Math.floor((at + from) / TEXTURE_WIDTH), left = words - from;
    const whole = x === 0 && left >= TEXTURE_WIDTH;
    const width = whole ? TEXTURE_WIDTH : Math.min(TEXTURE_WIDTH - x, left);
    const height = whole ? Math.floor(left / TEXTURE_WIDTH) : 1;
    found.push({ x, y, width, height, from });
    from += width * height;
  }
  return found;
}

/** Writes floats (four to a word) at a word offset; takes effect before the next submit. */
export function writeStorage(gpu: Gpu, storage: Storage, data: Float32Array<ArrayBuffer>, at = 0): void {
  if (storage.resource instanceof GPUBuffer) {
    gpu.queue.writeBuffer(storage.resource, at * 16, data);
    return;
  }
  for (const { x, y, width, height, from } of pieces(at, data.length / 4)) {
    gpu.queue.writeTexture(
      { texture: storage.resource, origin: [x, y] },
      data.subarray(from * 4, (from + width * height) * 4),
      { bytesPerRow: width * 16 },
      [width, height],
    );
  }
}

/** Words of a storage; `half`: of four halves, 8 bytes, counted as such (buffers only). */
export interface WordRange {
  readonly storage: Storage;
  readonly at: number;
  readonly words: number;
  readonly half?: boolean;
}

const wordBytes = ({ half }: WordRange) => half ? 8 : 16;

/** Copies words of a storage to a buffer at a byte offset (a multiple of 256). */
function copyToBuffer(
  encoder: GPUCommandEncoder,
  range: WordRange,
  target: GPUBuffer,
  targetOffset: number,
): void {
  const { storage, at, words } = range, unit = wordBytes(range);
  if (storage.resource instanceof GPUBuffer) {
    encoder.copyBufferToBuffer(storage.resource, at * unit, target, targetOffset, words * unit);
    return;
  }
  for (const piece of readPieces(at, words)) {
    encoder.copyTextureToBuffer(
      { texture: storage.resource, origin: [0, piece.y] },
      { buffer: target, offset: targetOffset + piece.offset, bytesPerRow: TEXTURE_WIDTH * 16 },
      [TEXTURE_WIDTH, piece.height],
    );
  }
}

/** Whole texture rows around the words: a copy's rows must be 256 bytes apart. */
function readPieces(at: number, words: number): { y: number; height: number; offset: number }[] {
  const y = Math.floor(at / TEXTURE_WIDTH), end = Math.ceil((at + words) / TEXTURE_WIDTH);
  return [{ y, height: end - y, offset: 0 }];
}

/** Bytes `copyToBuffer` fills, and where the wanted words begin among them. */
function copySpan(gpu: Gpu, range: WordRange): { bytes: number; start: number } {
  const { at, words } = range;
  if (gpu.memory === "buffer") return { bytes: words * wordBytes(range), start: 0 };
  const first = Math.floor(at / TEXTURE_WIDTH), end = Math.ceil((at + words) / TEXTURE_WIDTH);
  return { bytes: (end - first) * TEXTURE_WIDTH * 16, start: (at - first * TEXTURE_WIDTH) * 16 };
}

/**
 * Reads several ranges in one go as floats; one wait (11.5 ms in Deno, whatever the size). Throws Error when the device
 * has failed.
 */
export async function readStorages(
  gpu: Gpu,
  ranges: readonly WordRange[],
): Promise<Float32Array<ArrayBuffer>[]> {
  const spans = ranges.map((range) => copySpan(gpu, range));
  const { places, sizes } = stagingOf(spans.map(({ bytes }) => bytes), gpu.limits.maxBufferSize);
  const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
  const staging = sizes.map((size) => gpu.device.createBuffer({ size, usage }));
  const encoder = gpu.device.createCommandEncoder();
  ranges.forEach((range, i) => copyToBuffer(encoder, range, staging[places[i].buffer], places[i].at));
  gpu.queue.submit([encoder.finish()]);
  await mapForReading(gpu, staging);
  const mapped = staging.map((buffer) => buffer.getMappedRange());
  const results = ranges.map((range, i) => {
    const { buffer, at } = places[i], from = at + spans[i].start;
    const bytes = mapped[buffer].slice(from, from + range.words * wordBytes(range));
    return range.half ? Float32Array.from(new Uint16Array(bytes), fromHalfBits) : new Float32Array(bytes);
  });
  for (const buffer of staging) {
    buffer.unmap();
    buffer.destroy();
  }
  return results;
}

/** Where pieces of so many bytes lie, from multiples of 256 on, in buffers of at most `most` bytes. */
function stagingOf(
  pieces: readonly number[],
  most: number,
): { places: { buffer: number; at: number }[]; sizes: number[] } {
  const sizes = [0];
  const places = pieces.map((bytes) => {
    const next = Math.ceil(sizes[sizes.length - 1] / 256) * 256, fits = next + bytes <= most;
    if (!fits) sizes.push(0);
    const at = fits ? next : 0;
    sizes[sizes.length - 1] = at + bytes;
    return { buffer: sizes.length - 1, at };
  });
  return { places, sizes: sizes.map((size) => Math.max(256, size)) };
}
