// The built-in world on one core, without a device: making pictures must be free beside training on them.

import {
  contactSheet,
  encodePng,
  IMAGE_BYTES,
  IMAGE_SIZE,
  makeWorld,
  makeWorldSet,
  worldCaption,
} from "../../data_utils/mod.ts";
import type { Figure } from "./figures.ts";
import { timeInTurns } from "./timing.ts";

const PICTURES = 64, IMAGES_PER_SECOND = 2000;

/** Pictures rendered, described and encoded per second, and the time of a whole contact sheet. */
export async function worldFigures(): Promise<Figure[]> {
  const world = makeWorld(), place = { world, seed: 0, split: "train" as const };
  const options = { ...place, counts: new Array(PICTURES).fill(1) },
    { images, records } = makeWorldSet(options);
  const repeated = (work: () => void) => (times: number) => {
    for (let i = 0; i < times; i++) work();
    return Promise.resolve();
  };
  const times = await timeInTurns({
    render: repeated(() => makeWorldSet(options)),
    caption: repeated(() => records.forEach((record, i) => worldCaption(place, i, record, "rich"))),
    encode: repeated(() => {
      for (let at = 0; at < images.length; at += IMAGE_BYTES) {
        encodePng({ data: images.subarray(at, at + IMAGE_BYTES), width: IMAGE_SIZE, height: IMAGE_SIZE });
      }
    }),
    sheet: repeated(() => contactSheet(world, { labelled: true })),
  });
  const rate = (name: keyof typeof times) => ({
    value: PICTURES / times[name].median * 1000,
    best: PICTURES / times[name].best * 1000,
    unit: "images/s",
  });
  return [
    {
      name: "world_render",
      title: "world: pictures",
      ...rate("render"),
      target: { atLeast: IMAGES_PER_SECOND },
    },
    { name: "world_caption", title: "  rich captions", ...rate("caption") },
    { name: "world_png", title: "  PNG files in memory", ...rate("encode") },
    {
      ...{ name: "world_sheet", title: "  contact sheet, 64 classes" },
      ...{ value: times.sheet.median, best: times.sheet.best, unit: "ms" },
    },
  ];
}
