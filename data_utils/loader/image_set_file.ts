/**
 * A decoded image set as a file, so that several runs over the same data decode (or render) it once: a safetensors file
 * with images, labels, and everything textual as JSON.
 */
import { readSafetensors, writeSafetensors } from "../runs/safetensors.ts";
import type { ImageSet } from "./image_set.ts";

/** Writes a set; the file appears when it is complete. */
export async function writeImageSet(path: string, set: ImageSet): Promise<void> {
  const { images, shape, labels, captions, keys, classNames, skipped } = set;
  const text = new TextEncoder().encode(JSON.stringify({ captions, keys, classNames, skipped }));
  await writeSafetensors(path, [
    { name: "labels", shape: [labels.length], dtype: "i32", data: labels },
    { name: "text", shape: [text.length], dtype: "u8", data: text },
    { name: "images", shape, dtype: "u8", data: images },
  ]);
}

/** Reads what {@link writeImageSet} wrote. Throws SyntaxError naming the file when it is something else. */
export async function readImageSet(path: string): Promise<ImageSet> {
  const { labels, text, images } = await readSafetensors(path);
  if (!labels || !text || images?.shape.length !== 4) throw new SyntaxError(`${path} holds no image set`);
  return {
    images: images.data as Uint8Array,
    shape: images.shape as ImageSet["shape"],
    labels: labels.data as Int32Array,
    ...JSON.parse(new TextDecoder().decode(text.data as Uint8Array)),
  };
}
