/**
 * From a file to another: decoded, turned, scaled, cut or bordered, and encoded anew without any metadata. Either with
 * Pillow's pixels (decoded whole, RGB first, bicubic whether it shrinks or enlarges), or by one libvips pipeline, which
 * shrinks JPEGs while it decodes them and scales by Lanczos (cubic when it enlarges).
 */
import { loadSharp } from "../../deps.ts";
import { type Picture, resizePicture } from "../../images/picture.ts";
import type { ImageRules } from "./image_rules.ts";
import type { Look } from "./look.ts";
import type { ResizePlan } from "./resize_plan.ts";
import { careful, decodeRgb } from "./rgb.ts";
import { turnPicture } from "./turn.ts";

type Image = ReturnType<Awaited<ReturnType<typeof loadSharp>>>;

/** What is drawn: the file, how it is turned (1 for not at all) and scaled. */
export interface Sketch {
  readonly bytes: Uint8Array;
  readonly look: Look;
  readonly orientation: number;
  readonly plan: ResizePlan | null;
}

export interface Drawn {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
}

const white = { r: 255, g: 255, b: 255 };

/** Rows of the source that a band of the result may read, in bytes: so much fits into the memory of the SIMD code. */
const bandBytes = 24 * 2 ** 20;

/** {@link resizePicture} in bands, so that photographs of any size take the fast way; the bytes are the same. */
function resizeInBands(picture: Picture, { scaled, window }: ResizePlan): Picture {
  const { left, top, width, height } = window ?? { left: 0, top: 0, ...scaled };
  const bands = Math.min(height, Math.ceil(picture.pixels.length / bandBytes)), pixels: Uint8Array[] = [];
  for (let band = 0, from = 0; band < bands; band++) {
    const to = Math.round((band + 1) * height / bands);
    const part = { left, top: top + from, width, height: to - from };
    pixels.push(resizePicture(picture, { ...scaled, filter: "bicubic", window: part }).pixels);
    from = to;
  }
  if (pixels.length === 1) return { ...picture, pixels: pixels[0], width, height };
  const whole = new Uint8Array(width * height * picture.channels);
  pixels.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return { ...picture, pixels: whole, width, height };
}

/** The image in the middle of a white square. */
function bordered(image: Image, { border, scaled }: ResizePlan): Image {
  if (!border) return image;
  const { left, top, side } = border;
  const [right, bottom] = [side - scaled.width - left, side - scaled.height - top];
  return image.extend({ left, top, right, bottom, background: white });
}

async function fromPicture({ pixels, width, height }: Picture): Promise<Image> {
  return (await loadSharp())(pixels, { raw: { width, height, channels: 3 } });
}

async function exactly({ bytes, look, orientation, plan }: Sketch, rules: ImageRules): Promise<Image> {
  const picture = turnPicture(await decodeRgb(bytes, look, rules), orientation);
  if (!plan) return fromPicture(picture);
  return bordered(await fromPicture(resizeInBands(picture, plan)), plan);
}

async function fast({ bytes, look, orientation, plan }: Sketch, rules: ImageRules): Promise<Image> {
  // libvips has colours of its own for print, and of what lies behind transparency
  const odd = look.cmyk || look.alpha && rules.alpha === "drop";
  const image = odd
    ? await fromPicture(turnPicture(await decodeRgb(bytes, look, rules), orientation))
    : (await loadSharp())(bytes, { ...careful(rules.maxPixels), autoOrient: orientation !== 1 })
      .toColourspace("srgb");
  const opaque = look.alpha ? image.flatten({ background: white }) : image;
  if (!plan) return opaque;
  const { scaled: { width, height }, window } = plan;
  const kernel = width * height < look.width * look.height ? "lanczos3" : "cubic";
  const scaled = opaque.resize(width, height, { fit: "fill", kernel });
  return window ? scaled.extract({ ...window }) : bordered(scaled, plan);
}

/**
 * JPEGs are as images/encode_jpeg.ts makes them: libjpeg's quantisation, 4:2:0. The fast ones have the standard's
 * Huffman codes, as Pillow and cv2 write: a quarter of the work of encoding for 4 % of the bytes.
 */
function encoded(image: Image, { encodeFormat, encodeQuality: quality, resampler }: ImageRules): Image {
  if (encodeFormat === "png") return image.png({ compressionLevel: quality, adaptiveFiltering: true });
  if (encodeFormat === "webp") return image.webp({ quality });
  const optimiseCoding = resampler === "pillow";
  return image.jpeg({ quality, chromaSubsampling: "4:2:0", mozjpeg: false, optimiseCoding });
}

/** Draws an image by the rules. Throws what the decoder says of a damaged file. */
export async function draw(sketch: Sketch, rules: ImageRules): Promise<Drawn> {
  const image = await (rules.resampler === "pillow" ? exactly : fast)(sketch, rules);
  const { data, info: { width, height } } = await encoded(image, rules).toBuffer({ resolveWithObject: true });
  return { bytes: new Uint8Array(data), width, height };
}

/** Decodes a file to its end, without keeping its pixels. Throws what the decoder says of a damaged one. */
export async function decodeToEnd(bytes: Uint8Array, maxPixels: number): Promise<void> {
  const image = (await loadSharp())(bytes, careful(maxPixels));
  // every row counts in such a thumbnail; a kernel that left some out would leave damage out
  await image.resize(8, 8, { fit: "fill", kernel: "linear" }).raw().toBuffer();
}
