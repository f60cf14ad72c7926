// Sizes that images get, against a table that Python made by albumentations' rule and against the rule's own words; and
// what is refused by its header.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { checkImageRules } from "../../data_utils/download/picture/check_rules.ts";
import type { ImageRules } from "../../data_utils/download/picture/image_rules.ts";
import { keptAs, limitFault } from "../../data_utils/download/picture/limits.ts";
import type { Look } from "../../data_utils/download/picture/look.ts";
import { resizePlan } from "../../data_utils/download/picture/resize_plan.ts";
import { rulesWith } from "./picture_made.ts";

const shorter = ["keep_ratio", "center_crop"] as const, longer = ["keep_ratio_largest", "border"] as const;

Deno.test("plan: sides are rounded as albumentations does", () => {
  // tuple(py3round(side * (size / float(min or max))) for side in (width, height)) under Python 3.11; 0 made 1
  const byShorter = [
    ...[[640, 480, 341, 256], [480, 640, 256, 341], [333, 500, 256, 384], [1, 1000, 256, 256000]],
    ...[[257, 255, 258, 256], [101, 67, 386, 256], [512, 3, 43691, 256]],
  ];
  const byLonger = [
    ...[[640, 480, 256, 192], [480, 640, 192, 256], [333, 500, 170, 256], [1, 1000, 1, 256]],
    ...[[257, 255, 256, 254], [101, 67, 256, 170], [512, 3, 256, 2]],
  ];
  const scaled = (resizeMode: ImageRules["resizeMode"], width: number, height: number, imageSize = 256) =>
    resizePlan(width, height, rulesWith({ resizeMode, imageSize }))!.scaled;
  for (const [table, modes] of [[byShorter, shorter], [byLonger, longer]] as const) {
    for (const mode of modes) {
      for (const [w, h, width, height] of table) {
        assertEquals(scaled(mode, w, h), { width, height }, `${mode} ${w}`);
      }
    }
  }
  // 10.5 goes to the even 10; 45 * (7 / 10) is a little below 31.5 in floats
  assertEquals(scaled("keep_ratio", 7, 2, 3).width, 10);
  assertEquals(scaled("keep_ratio", 45, 10, 7).width, 31);
});

/** The side that the mode speaks of. */
const measured = (mode: ImageRules["resizeMode"], width: number, height: number) =>
  (shorter as readonly string[]).includes(mode) ? Math.min(width, height) : Math.max(width, height);

Deno.test("plan: every mode, larger and smaller, with and without only-if-bigger", () => {
  const sides = [1, 7, 63, 64, 65, 128, 200], imageSize = 64;
  for (const resizeMode of [...shorter, ...longer]) {
    for (const onlyIfBigger of [false, true]) {
      for (const width of sides) {
        for (const height of sides) {
          const plan = resizePlan(width, height, { resizeMode, imageSize, onlyIfBigger });
          const side = measured(resizeMode, width, height), about = `${resizeMode} ${width}x${height}`;
          const square = resizeMode === "border" || resizeMode === "center_crop";
          const stays = onlyIfBigger ? side <= imageSize : side === imageSize;
          const fits = width === imageSize && height === imageSize;
          if (stays && (onlyIfBigger || !square || fits)) assertEquals(plan, null, about);
          else {
            assert(plan !== null, about);
            const { scaled, window, border } = plan;
            assertEquals(measured(resizeMode, scaled.width, scaled.height), imageSize, about);
            for (const [was, is] of [[width, scaled.width], [height, scaled.height]]) {
              const exact = was * imageSize / side;
              assert(is >= 1 && Math.abs(is - exact) <= (exact < 0.5 ? 1 : 0.5 + 1e-9), about);
            }
            const size = square ? { width: imageSize, height: imageSize } : scaled;
            assertEquals([plan.width, plan.height], [size.width, size.height], about);
            assertEquals([window !== undefined, border !== undefined], [
              resizeMode === "center_crop",
              resizeMode === "border",
            ]);
            // what is cut off or added lies on both sides alike, the odd pixel to the right and below
            const { left, top } = window ?? border ?? { left: 0, top: 0 };
            for (const [before, length] of [[left, scaled.width], [top, scaled.height]]) {
              const rest = square ? Math.abs(imageSize - length) - before : 0;
              assert(rest - before === 0 || rest - before === 1, about);
            }
          }
        }
      }
    }
  }
  assertEquals(resizePlan(1000, 10, rulesWith({ resizeMode: "no" })), null);
});

const still = (width: number, height: number, changes: Partial<Look> = {}): Look => ({
  ...{ width, height, animated: false, alpha: false, cmyk: false, exif: null, damage: null },
  ...changes,
});

/** The reason, or null. */
const refusal = (look: Look, changes: Partial<ImageRules>) =>
  limitFault("jpg", look, rulesWith(changes))?.reason ?? null;

Deno.test("limits: each at its edge, judged by the original size; pixels before all others", () => {
  const size = { resizeMode: "keep_ratio", imageSize: 10 } as const;
  assertEquals(refusal(still(30, 20), { minImageSize: 20, ...size }), null);
  assertEquals(refusal(still(30, 20), { minImageSize: 21, ...size }), "too_small");
  assertEquals(refusal(still(30, 20), { maxImageArea: 600, ...size }), null);
  assertEquals(refusal(still(30, 20), { maxImageArea: 599, ...size }), "too_big");
  assertEquals(refusal(still(30, 20), { maxAspectRatio: 1.5 }), null);
  assertEquals(refusal(still(20, 30), { maxAspectRatio: 1.49 }), "bad_aspect");
  assertEquals(refusal(still(30, 20), { maxPixels: 600 }), null);
  assertEquals(
    refusal(still(30, 20, { damage: "cut" }), { maxPixels: 599, minImageSize: 50 }),
    "too_many_pixels",
  );
  assertEquals(refusal(still(30, 20, { damage: "cut" }), { minImageSize: 50 }), "too_small");
  assertEquals(refusal(still(30, 20, { damage: "cut" }), {}), "damaged_image");
  assertEquals(refusal(still(0, 0, { damage: null }), {}), "damaged_image");
});

Deno.test("limits: results that no memory or format holds are refused beforehand", () => {
  const strip = still(1, 1_000_000);
  assertEquals(refusal(strip, { resizeMode: "keep_ratio" }), "too_many_pixels");
  assertEquals(refusal(strip, { resizeMode: "center_crop" }), "too_many_pixels");
  assertEquals(refusal(strip, { resizeMode: "keep_ratio_largest" }), null);
  assertEquals(refusal(still(3, 1200), { resizeMode: "keep_ratio" }), "too_big");
  assertEquals(refusal(still(3, 1200), { resizeMode: "keep_ratio", encodeFormat: "png" }), null);
  assertEquals(refusal(still(17_000, 9), { reencode: "always", encodeFormat: "webp" }), "too_big");
  assertEquals(refusal(still(17_000, 9), { encodeFormat: "webp" }), null); // its bytes are kept
});

Deno.test("limits: bytes are kept of stills that no rule changes", () => {
  const kept = (look: Look, changes: Partial<ImageRules>) => keptAs("png", look, rulesWith(changes));
  const look = still(64, 48);
  assertEquals(kept(look, {}), "png");
  assertEquals(kept(look, { reencode: "always" }), null);
  assertEquals(kept(look, { resizeMode: "keep_ratio", imageSize: 48 }), "png");
  assertEquals(kept(look, { resizeMode: "keep_ratio", imageSize: 47, onlyIfBigger: true }), null);
  assertEquals(kept(look, { resizeMode: "border", imageSize: 64, onlyIfBigger: true }), "png");
  assertEquals(kept(look, { resizeMode: "border", imageSize: 64 }), null);
  assertEquals(kept(still(64, 48, { animated: true }), {}), null);
  for (const kind of ["gif", "tiff", "avif"] as const) assertEquals(keptAs(kind, look, rulesWith({})), null);
});

Deno.test("rules that cannot be followed are refused, and named", () => {
  const wrong: [Partial<ImageRules>, string][] = [
    [{ imageSize: 0 }, "image size"],
    [{ imageSize: 70_000 }, "image size"],
    [{ imageSize: 20_000, encodeFormat: "webp" }, "image size"],
    [{ encodeQuality: 0 }, "quality"],
    [{ encodeQuality: 101 }, "quality"],
    [{ encodeQuality: 10, encodeFormat: "png" }, "compression"],
    [{ minImageSize: -1 }, "least image size"],
    [{ maxImageArea: 0 }, "area"],
    [{ maxImageArea: NaN }, "area"],
    [{ maxAspectRatio: 0.5 }, "aspect"],
    [{ maxPixels: Infinity }, "limit of pixels"],
  ];
  for (const [changes, part] of wrong) {
    assertThrows(() => checkImageRules(rulesWith(changes)), RangeError, part);
  }
  checkImageRules(rulesWith({}));
  checkImageRules(rulesWith({ encodeFormat: "png", encodeQuality: 0 }));
});
