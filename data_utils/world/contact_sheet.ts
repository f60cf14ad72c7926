/**
 * A picture of the world as a whole: a few examples of every class side by side, as plain RGB bytes for any encoder.
 */
import type { RgbImage } from "../images/png.ts";
import { IMAGE_BYTES, IMAGE_SIZE } from "./render.ts";
import type { World } from "./world.ts";
import { renderWorldImage, type Split } from "./world_set.ts";

/**
 * Draws `perClass` pictures of each class, classes from left to right in rows of `columns`, each pixel `zoom` times as
 * large, on white. `order` lists the classes to show (default: all).
 */
export function contactSheet(
  world: World,
  options: {
    seed?: number;
    split?: Split;
    perClass?: number;
    columns?: number;
    zoom?: number;
    order?: ArrayLike<number>;
  } = {},
): RgbImage {
  const { seed = 0, split = "test", perClass = 2, columns = 8, zoom = 2 } = options;
  const order = Array.from(options.order ?? world.classes.keys());
  const gap = 6, side = IMAGE_SIZE * zoom;
  const cellWidth = perClass * side + gap, cellHeight = side + gap;
  const width = columns * cellWidth + gap;
  const height = Math.ceil(order.length / columns) * cellHeight + gap;
  const data = new Uint8Array(width * height * 3).fill(255);
  const image = new Uint8Array(IMAGE_BYTES);
  order.forEach((label, cell) => {
    const top = gap + Math.floor(cell / columns) * cellHeight;
    const left = gap + cell % columns * cellWidth;
    for (let copy = 0; copy < perClass; copy++) {
      renderWorldImage({ world, seed, split }, label * perClass + copy, label, image);
      for (let y = 0; y < side; y++) {
        for (let x = 0; x < side; x++) {
          const from = 3 * (Math.floor(y / zoom) * IMAGE_SIZE + Math.floor(x / zoom));
          data.set(image.subarray(from, from + 3), 3 * ((top + y) * width + left + copy * side + x));
        }
      }
    }
  });
  return { data, width, height };
}
