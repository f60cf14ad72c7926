/**
 * What every data source yields: one image with its label and caption, the image either in memory or as a place in a
 * file.
 */

/** Encoded bytes of an image, or where they lie: a file, or a part of one. */
export type ImageRef = Uint8Array | { file: string; part?: { offset: number; length: number } };

/** One sample. `label` is -1 and `caption` null where the source gives none. */
export interface Sample {
  key: string;
  label: number;
  caption: string | null;
  image: ImageRef;
  /** The archive it was read from, where its image does not say so. */
  from?: string;
}

/** Extensions that are taken for images. */
export const imageExtensions: ReadonlySet<string> = new Set(["jpg", "jpeg", "png", "webp"]);

/**
 * A function from the text of a label (a number, or a class name) to the label, or null when it is none of them. Where
 * no classes are named, a text that is no number is no label (-1).
 */
export function labelReader(classNames: readonly string[]): (text: string) => number | null {
  const byName = new Map(classNames.map((name, label) => [name, label]));
  return (text) => {
    const trimmed = text.trim(),
      label = byName.get(trimmed) ?? (/^\d+$/.test(trimmed) ? Number(trimmed) : NaN);
    if (classNames.length === 0) return Number.isNaN(label) ? -1 : label;
    return label < classNames.length ? label : null;
  };
}

/** The encoded bytes of a sample's image. Throws Deno.errors.NotFound when its file is gone. */
export async function readImage(image: ImageRef): Promise<Uint8Array> {
  if (image instanceof Uint8Array) return image;
  if (!image.part) return Deno.readFile(image.file);
  const { offset, length } = image.part, bytes = new Uint8Array(length);
  using file = await Deno.open(image.file);
  await file.seek(offset, Deno.SeekMode.Start);
  for (let got = 0; got < length;) {
    const count = await file.read(bytes.subarray(got));
    if (count === null) return bytes.subarray(0, got);
    got += count;
  }
  return bytes;
}
