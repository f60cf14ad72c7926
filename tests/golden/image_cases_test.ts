// The golden group of images: all of it passes, images that come from elsewhere are looked for by their digest, and one
// level of one pixel is noticed.

import { assertEquals, assertMatch } from "@std/assert";
import { tar } from "../data_utils/made_files.ts";
import { referenceEvaluator } from "./evaluator.ts";
import { isFolder, shared } from "./folders.ts";
import { caseNames } from "./fixture.ts";
import { defaultFactors, runCase } from "./runner.ts";

const ignore = !isFolder(`${shared}/h_images`);
if (ignore) console.warn("skipped: ../shared/golden/h_images is absent");

const run = (dir: string, name: string) =>
  runCase(dir, "h_images", name, { evaluator: referenceEvaluator, factor: defaultFactors.h_images });

/** Runs a case, and gives what it said on standard error meanwhile. */
async function runHeard(dir: string, name: string): Promise<[Awaited<ReturnType<typeof run>>, string]> {
  const said: string[] = [], { error } = console;
  console.error = (...words: unknown[]) => said.push(words.join(" "));
  try {
    return [await run(dir, name), said.join("\n")];
  } finally {
    console.error = error;
  }
}

Deno.test({
  name: "golden ../shared: all of h_images",
  ignore,
  fn: async () => {
    const names = await caseNames(shared, "h_images");
    assertEquals(names.length, 4);
    for (const name of names) {
      const [result] = await runHeard(shared, name);
      assertEquals([name, result.outcome, result.note], [name, "passed", result.note]);
    }
  },
});

Deno.test({
  name: "golden h_images: images from elsewhere are found by digest, and a pixel one level off is a failure",
  ignore,
  fn: async () => {
    const root = await Deno.makeTempDir({ prefix: "golden images " }), group = `${root}/golden/h_images`;
    await Deno.mkdir(`${group}/files`, { recursive: true });
    await Deno.copyFile(`${shared}/h_images/val_transform.safetensors`, `${group}/val_transform.safetensors`);
    const sidecar = JSON.parse(await Deno.readTextFile(`${shared}/h_images/val_transform.json`));
    type Listed = { file: string; source: string };
    const [here, elsewhere, loose]: Listed[] = ["rgb.png", "rgb_420.jpg", "grey.jpg"].map((file) =>
      sidecar.images.find((image: Listed) => image.file === file)
    );
    const fileOf = ({ file }: Listed) => Deno.readFile(`${shared}/h_images/files/${file}`);
    await Deno.writeFile(`${group}/files/${here.file}`, await fileOf(here));
    const write = (images: unknown[]) =>
      Deno.writeTextFile(`${group}/val_transform.json`, JSON.stringify({ ...sidecar, images }));
    const moved = [elsewhere, loose].map((image) => ({ ...image, source: "samples" }));
    await write([here, ...moved]);
    const [without, said] = await runHeard(`${root}/golden`, "val_transform");
    assertEquals(without.outcome, "passed");
    assertMatch(said, /^skipped: 2 sample images of val_transform/);

    const data = `${root}/data/imagenet-sample`;
    await Deno.mkdir(data, { recursive: true });
    await Deno.writeFile(`${data}/a.tar`, tar({ "0.jpg": await fileOf(elsewhere), "0.cls": "1" }));
    await Deno.writeFile(`${data}/any name.JPEG`, await fileOf(loose));
    assertEquals((await runHeard(`${root}/golden`, "val_transform"))[1], "");

    const off = moved.map((image) => structuredClone(image)) as unknown as {
      decoded_rgb: { corner_pixels: number[][] };
    }[];
    off[1].decoded_rgb.corner_pixels[3][0]++;
    await write([here, ...off]);
    const [failed] = await runHeard(`${root}/golden`, "val_transform");
    assertEquals([failed.outcome, failed.note], ["failed", "grey.jpg corners"]);
    await Deno.remove(root, { recursive: true });
  },
});
