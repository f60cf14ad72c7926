/** Writing JPEG files, for data sets whose layout asks for them. */
import { loadSharp } from "../deps.ts";
import { type Picture, toRgb } from "./picture.ts";

/** Quality and chroma subsampling that Pillow's `save` uses when it is told nothing. */
export const pillowQuality = 75;

/**
 * A baseline JPEG of a picture's colours, 4:2:0, without metadata. Quantisation is that of libjpeg's quality, as Pillow
 * has it; Huffman codes are fitted to the image, so the bytes are not Pillow's. The same pixels make the same bytes under
 * the same version of sharp.
 */
export async function encodeJpeg(picture: Picture, quality = pillowQuality): Promise<Uint8Array> {
  const { pixels, width, height } = toRgb(picture), sharp = await loadSharp();
  const image = sharp(pixels, { raw: { width, height, channels: 3 } });
  return new Uint8Array(await image.jpeg({ quality, chromaSubsampling: "4:2:0", mozjpeg: false }).toBuffer());
}
