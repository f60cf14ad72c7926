/** Turning of pixels by EXIF's orientation, for images whose tags are left behind. */
import type { Picture } from "../../images/picture.ts";

/** Whether an orientation lays the image on its side. */
export const laysDown = (orientation: number): boolean => orientation >= 5;

/**
 * The picture as it is to be seen: 2 to 4 mirrored left to right, half a turn, mirrored top to bottom; 5 to 8 mirrored
 * at the falling diagonal, a quarter clockwise, mirrored at the rising one, a quarter the other way.
 * Source: CIPA DC-008 (Exif 2.3), 4.6.4 A.
 */
export function turnPicture(picture: Picture, orientation: number): Picture {
  if (orientation === 1) return picture;
  const { pixels, width, height, channels } = picture, aside = laysDown(orientation);
  const [w, h] = aside ? [height, width] : [width, height];
  const fromRight = [2, 3, 7, 8].includes(orientation), fromBottom = [3, 4, 6, 7].includes(orientation);
  const right = fromRight ? -1 : 1, down = (fromBottom ? -1 : 1) * width;
  const [alongX, alongY] = aside ? [down, right] : [right, down];
  const start = (fromRight ? width - 1 : 0) + (fromBottom ? height - 1 : 0) * width;
  const turned = new Uint8Array(pixels.length);
  for (let y = 0, to = 0; y < h; y++) {
    for (let x = 0, from = start + y * alongY; x < w; x++, from += alongX) {
      for (let c = 0, at = from * channels; c < channels; c++) turned[to++] = pixels[at + c];
    }
  }
  return { ...picture, pixels: turned, width: w, height: h };
}
