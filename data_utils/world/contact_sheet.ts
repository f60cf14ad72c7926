/**
 * A picture of the world as a whole: examples of every class side by side with their names, and below some pictures
 * with what captions say about them. Plain RGB bytes, for any encoder.
 */
import type { RgbImage } from "../images/png.ts";
import type { CaptionLevel } from "./captions.ts";
import type { Grammar } from "./grammar.ts";
import { drawText, LINE_HEIGHT, textWidth, wrapText } from "./pixel_font.ts";
import { IMAGE_BYTES, IMAGE_SIZE } from "./render.ts";
import type { World } from "./world.ts";
import { renderWorldImage, type Split, worldCaption } from "./world_set.ts";

/** What {@link contactSheet} shows. */
export interface SheetOptions {
  seed?: number;
  split?: Split;
  /** Pictures of each class. */
  perClass?: number;
  columns?: number;
  /** Side of a pixel of a picture in pixels of the sheet. */
  zoom?: number;
  /** The classes to show, in this order (default: all). */
  order?: ArrayLike<number>;
  /** Class names below the pictures. */
  labelled?: boolean;
  /** With names: images of each class, shown as n=117. */
  counts?: ArrayLike<number>;
  /** Pictures with captions below the classes, two in a row, of the first classes of the order. */
  examples?: number;
  grammar?: Partial<Grammar>;
}

type Resolved = SheetOptions & Required<Omit<SheetOptions, "order" | "counts" | "grammar">>;

const GAP = 6, BLACK = 0, GREY = 110;
/** What an example says of its picture; of rich captions those of two epochs. */
const EXAMPLE_LINES: readonly { level: CaptionLevel; epoch: number }[] = [
  { level: "templates", epoch: 0 },
  { level: "attributes", epoch: 0 },
  { level: "rich", epoch: 0 },
  { level: "rich", epoch: 1 },
];

/**
 * Draws `perClass` pictures of each class, classes from left to right in rows of `columns`, on white. Pictures are
 * those that a set of this seed and split would have, one class after the other.
 */
export function contactSheet(world: World, options: SheetOptions = {}): RgbImage {
  const sheet: Resolved = {
    ...{ seed: 0, split: "test", perClass: 2, columns: 8, zoom: 2, labelled: false, examples: 0 },
    ...options,
  };
  const order = Array.from(options.order ?? world.classes.keys());
  const side = IMAGE_SIZE * sheet.zoom, cellWidth = sheet.perClass * side + GAP;
  const labels = order.map((label) => sheet.labelled ? labelLines(world, label, cellWidth - GAP, sheet) : []);
  const cellHeight = side + GAP + LINE_HEIGHT * Math.max(0, ...labels.map((lines) => lines.length));
  const width = sheet.columns * cellWidth + GAP;
  const examplesTop = Math.ceil(order.length / sheet.columns) * cellHeight + GAP;
  const exampleHeight = Math.max(side, 6 * LINE_HEIGHT) + GAP;
  const height = examplesTop + Math.ceil(sheet.examples / 2) * exampleHeight;
  const image = { data: new Uint8Array(width * height * 3).fill(255), width, height };

  order.forEach((label, cell) => {
    const left = GAP + cell % sheet.columns * cellWidth;
    const top = GAP + Math.floor(cell / sheet.columns) * cellHeight;
    for (let copy = 0; copy < sheet.perClass; copy++) {
      const index = label * sheet.perClass + copy;
      drawPicture(image, world, sheet, { index, label, left: left + copy * side, top });
    }
    labels[cell].forEach((text, i) =>
      drawText(image, text, {
        left,
        top: top + side + 2 + i * LINE_HEIGHT,
        grey: text.startsWith("n=") ? GREY : BLACK,
      })
    );
  });
  for (let i = 0; i < sheet.examples; i++) {
    const left = GAP + i % 2 * Math.floor(width / 2), top = examplesTop + Math.floor(i / 2) * exampleHeight;
    const place = {
      label: order[i % order.length],
      index: world.classes.length * sheet.perClass + i,
      left,
      top,
    };
    drawExample(image, world, sheet, { ...place, width: Math.floor(width / 2) - side - 3 * GAP });
  }
  return image;
}

function labelLines(world: World, label: number, width: number, { counts }: Resolved): string[] {
  const name = wrapText(world.classNames[label], width), count = counts && `n=${counts[label]}`;
  if (count === undefined) return name;
  const joined = `${name.at(-1)}  ${count}`;
  return textWidth(joined) <= width ? [...name.slice(0, -1), joined] : [...name, count];
}

interface Place {
  index: number;
  label: number;
  left: number;
  top: number;
}

function drawPicture(image: RgbImage, world: World, sheet: Resolved, { index, label, left, top }: Place) {
  const { seed, split, zoom } = sheet, picture = new Uint8Array(IMAGE_BYTES), side = IMAGE_SIZE * zoom;
  const record = renderWorldImage({ world, seed, split }, index, label, picture);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const from = 3 * (Math.floor(y / zoom) * IMAGE_SIZE + Math.floor(x / zoom));
      image.data.set(picture.subarray(from, from + 3), 3 * ((top + y) * image.width + left + x));
    }
  }
  return record;
}

function drawExample(image: RgbImage, world: World, sheet: Resolved, place: Place & { width: number }): void {
  const { seed, split, zoom, grammar } = sheet, record = drawPicture(image, world, sheet, place);
  const left = place.left + IMAGE_SIZE * zoom + GAP;
  let top = place.top;
  for (const { level, epoch } of EXAMPLE_LINES) {
    const text = worldCaption({ world, seed, split }, place.index, record, level, epoch, grammar);
    const indent = textWidth("attributes: ") + 2;
    drawText(image, `${level}:`, { left, top, grey: GREY });
    for (const line of wrapText(text, place.width - indent)) {
      drawText(image, line, { left: left + indent, top, grey: BLACK });
      top += LINE_HEIGHT;
    }
  }
}
