// The cases of h_images: decoding as Pillow decodes, and the evaluation transform of open_clip. Decoded pixels must be the
// very bytes; what the transform makes of them may differ by the rounding of one float.

import { clipVal, cutPicture, decodeImage, normalise, type Rgb, toRgb } from "../../data_utils/images/mod.ts";
import { tarMembers } from "../../data_utils/loader/mod.ts";
import { type Check, closeness, exactness } from "./compare.ts";
import { type Fixture, type FixtureTensor, tensorOf } from "./fixture.ts";

/** What the fixture's own note grants where pixels agree exactly, as they must here. */
const TOLERANCE = { atol: 1e-5, rtol: 0 };
const SUMS_TOLERANCE = { atol: 1e-4, rtol: 0 };

/** What the sidecar says of one image; sizes are keys of their own, as `s224`. */
interface ImageFacts {
  readonly file: string;
  readonly source: "files" | "samples";
  readonly sha256: string;
  readonly size_wh: readonly [number, number];
  readonly decoded_rgb: {
    readonly sha256: string;
    readonly mean: readonly number[];
    readonly sum: readonly number[];
    readonly corner_pixels: readonly (readonly number[])[];
  };
  readonly decoded_crop_origin_yx: readonly [number, number];
}

/** What the sidecar says of an image at one size. */
interface SquareFacts {
  readonly mean: readonly number[];
  readonly std_unbiased: readonly number[];
  readonly min: readonly number[];
  readonly max: readonly number[];
  readonly crop_origin_yx: readonly [number, number];
  readonly corners: readonly (readonly number[])[];
}

async function sha256(bytes: Uint8Array): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.slice())).toHex();
}

/** The crop of HWC values of an image `width` wide that a tensor of the fixture holds: HWC integers or CHW floats. */
function cropOf(
  values: ArrayLike<number>,
  width: number,
  [top, left]: readonly [number, number],
  { shape, dtype }: FixtureTensor,
): number[] {
  const [rows, columns] = dtype === "f32" ? shape.slice(1) : shape;
  const at = (y: number, x: number, c: number) => values[((top + y) * width + left + x) * 3 + c];
  return Array.from({ length: rows * columns * 3 }, (_, i) => {
    if (dtype === "i32") return at(Math.floor(i / columns / 3), Math.floor(i / 3) % columns, i % 3);
    return at(Math.floor(i / columns) % rows, i % columns, Math.floor(i / columns / rows));
  });
}

/** Values at the first, last-in-row, first-of-last-row and last pixel, as the sidecars list corners. */
function corners(values: ArrayLike<number>, width: number, height: number): number[] {
  const places = [0, width - 1, (height - 1) * width, height * width - 1];
  return places.flatMap((place) => [0, 1, 2].map((c) => values[place * 3 + c]));
}

function statistics(values: Float32Array): Record<"mean" | "std_unbiased" | "min" | "max", number[]> {
  const channels = [0, 1, 2].map((c) => Float64Array.from(values).filter((_, i) => i % 3 === c));
  const mean = channels.map((own) => own.reduce((a, b) => a + b, 0) / own.length);
  return {
    mean,
    std_unbiased: channels.map((own, c) =>
      Math.sqrt(own.reduce((sum, v) => sum + (v - mean[c]) ** 2, 0) / (own.length - 1))
    ),
    min: channels.map((own) => own.reduce((a, b) => Math.min(a, b))),
    max: channels.map((own) => own.reduce((a, b) => Math.max(a, b))),
  };
}

/** The files of a folder and of its archives by SHA-256, as far as they are asked for. */
async function findSamples(folder: URL, wanted: ReadonlySet<string>): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  const offer = async (bytes: Uint8Array) => {
    const digest = await sha256(bytes);
    if (wanted.has(digest)) found.set(digest, bytes);
  };
  const entries = await Array.fromAsync(Deno.readDir(folder)).catch(() => []);
  for (const { name } of entries.filter(({ isFile }) => isFile)) {
    const path = decodeURIComponent(new URL(encodeURIComponent(name), folder).pathname);
    if (!name.endsWith(".tar")) await offer(await Deno.readFile(path));
    else for await (const member of tarMembers(path)) await offer(await member.read());
  }
  return found;
}

async function checkImage(fixture: Fixture, facts: ImageFacts, bytes: Uint8Array): Promise<Check[]> {
  const key = facts.file.replace(/\.\w+$/, facts.file.endsWith(".png") ? "_png" : "");
  const colours = { mean: fixture.attrs.mean as Rgb, std: fixture.attrs.std as Rgb };
  const picture = await decodeImage(bytes), { pixels, width, height } = toRgb(picture);
  const { decoded_rgb: wanted, decoded_crop_origin_yx: origin } = facts;
  const decoded = `out/decoded.${key}`;
  const same = await sha256(bytes) === facts.sha256 && await sha256(pixels) === wanted.sha256;
  const sum = [0, 1, 2].map((c) => pixels.reduce((total, v, i) => i % 3 === c ? total + v : total, 0));
  const checks = [
    exactness(`${facts.file} size`, [width, height], facts.size_wh),
    { what: `${facts.file} SHA-256 of its pixels`, factor: same ? 0 : Infinity },
    exactness(`${facts.file} sum`, sum, wanted.sum),
    closeness(`${facts.file} mean`, sum.map((s) => s / (width * height)), wanted.mean, SUMS_TOLERANCE),
    exactness(`${facts.file} corners`, corners(pixels, width, height), wanted.corner_pixels.flat()),
    exactness(
      decoded,
      cropOf(pixels, width, origin, tensorOf(fixture, decoded)),
      tensorOf(fixture, decoded).data,
    ),
  ];
  const sizes = Object.entries(facts).filter(([name]) => /^s\d+$/.test(name)) as [string, SquareFacts][];
  if (sizes.length === 0) throw new RangeError(`${facts.file} has no transformed square in the sidecar`);
  for (const [name, square] of sizes) {
    const size = Number(name.slice(1)), transform = clipVal(size, colours);
    const values = normalise(cutPicture(picture, transform), transform), got = statistics(values);
    const where = `${facts.file} at ${size}`;
    const tensor = tensorOf(fixture, `out/${name}.${key}`);
    checks.push(
      closeness(
        `out/${name}.${key}`,
        cropOf(values, size, square.crop_origin_yx, tensor),
        tensor.data,
        TOLERANCE,
      ),
      closeness(`${where} mean`, got.mean, square.mean, SUMS_TOLERANCE),
      closeness(`${where} std`, got.std_unbiased, square.std_unbiased, SUMS_TOLERANCE),
      closeness(`${where} min`, got.min, square.min, TOLERANCE),
      closeness(`${where} max`, got.max, square.max, TOLERANCE),
      closeness(`${where} corners`, twoCorners(values, size), square.corners.flat(), TOLERANCE),
    );
  }
  return checks;
}

/** First and last pixel. */
const twoCorners = (values: Float32Array, size: number) => {
  const all = corners(values, size, size);
  return [...all.slice(0, 3), ...all.slice(9)];
};

/**
 * Every image of the case. Those that do not come with the fixtures (`source: "samples"`) are looked for, by their
 * SHA-256, in `data/imagenet-sample` (files or archives) beside the golden folder, and left out where they are not there.
 */
async function imageFiles(fixture: Fixture): Promise<Check[]> {
  const images: ImageFacts[] = fixture.sidecar.images, root = fixture.folder;
  const elsewhere = new Set(
    images.filter(({ source }) => source === "samples").map(({ sha256 }) => sha256),
  );
  const samples = await findSamples(new URL("../../data/imagenet-sample/", root), elsewhere);
  const absent = [...elsewhere].filter((digest) => !samples.has(digest)).length;
  if (absent > 0) console.error(`skipped: ${absent} sample images of ${fixture.name} are not beside ${root}`);
  const checks: Check[] = [];
  for (const facts of images) {
    const bytes = facts.source === "samples"
      ? samples.get(facts.sha256)
      : await Deno.readFile(new URL(`files/${facts.file}`, root));
    if (bytes !== undefined) checks.push(...await checkImage(fixture, facts, bytes));
  }
  return checks;
}

/** Given pixels through the transform. */
function imagePixels(fixture: Fixture): Check[] {
  const { shape: [height, width], data } = tensorOf(fixture, "in/pixels_hwc"),
    { size, mean, std } = fixture.attrs;
  const mode = { channels: 3, mode: "RGB", indexed: false } as const;
  const picture = { pixels: Uint8Array.from(data), width, height, ...mode };
  const values = normalise(cutPicture(picture, clipVal(size)), { mean, std });
  const planes = Float32Array.from(
    values,
    (_, i) => values[i % size ** 2 * 3 + Math.floor(i / size ** 2)],
  );
  return [closeness("out/y", planes, tensorOf(fixture, "out/y").data, TOLERANCE)];
}

/** Checks by the sidecar's `op`. */
export const imageCases: Readonly<Record<string, (fixture: Fixture) => Promise<Check[]> | Check[]>> = {
  image_preprocess: imageFiles,
  image_preprocess_pixels: imagePixels,
};
