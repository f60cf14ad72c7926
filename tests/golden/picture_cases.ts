// The cases of a_ops that are no graph at all: resizing of 8-bit images as Pillow does it, which must agree exactly.

import { type Filter, resample } from "../../data_utils/images/mod.ts";
import { type Check, exactness } from "./compare.ts";
import { type Fixture, tensorOf } from "./fixture.ts";

function pilResize(fixture: Fixture): Check[] {
  const { shape, data } = tensorOf(fixture, `in/${fixture.inputs[0]}`);
  const [height, width, channels = 1] = shape;
  const { filter, size_hw: [toHeight, toWidth], box_xyxy: box } = fixture.attrs;
  const picture = { pixels: Uint8Array.from(data), width, height, channels };
  const result = resample(picture, { width: toWidth, height: toHeight, filter: filter as Filter, box });
  const key = `out/${fixture.outputs[0]}`;
  return [exactness(key, result.pixels, tensorOf(fixture, key).data)];
}

/** Checks by the sidecar's `op`. */
export const pictureCases: Readonly<Record<string, (fixture: Fixture) => Check[]>> = {
  pil_resize: pilResize,
};
