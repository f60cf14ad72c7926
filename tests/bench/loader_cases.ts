// The loader: how many photographs a core decodes and crops per second beside sharp alone, how many come out of shards with
// all cores at work, and how long the study's training waits for its batches.

import {
  cutPicture,
  decodeImage,
  makeWorld,
  makeWorldSet,
  memorySource,
  namedTransform,
  randomStream,
  skipTally,
  streamShards,
  TAR_END,
  tarEntry,
} from "../../data_utils/mod.ts";
import { loadSharp } from "../../data_utils/deps.ts";
import type { Gpu } from "../../gpu/device/mod.ts";
import { type Figure, rounded } from "./figures.ts";
import { openStudyStep, type StudyStep } from "./study_steps.ts";
import { elapsed, median, timeInTurns, timing } from "./timing.ts";

/** ImageNet's usual photograph. */
const WIDTH = 500, HEIGHT = 375, PHOTOGRAPHS = 8;
const SHARD_IMAGES = 128, BATCH = 32, ROUNDS = 3;
const SIZE = 224;
const MOST_WAITING = 5, STUDY_BATCH = 64, STUDY_STEPS = 12;

/** JPEGs with edges, gradients and grain, about as large in bytes as photographs of their size. */
async function madePhotographs(): Promise<Uint8Array[]> {
  const sharp = await loadSharp();
  return await Promise.all(Array.from({ length: PHOTOGRAPHS }, async (_, n) => {
    const random = randomStream(n), pixels = new Uint8Array(WIDTH * HEIGHT * 3);
    for (let at = 0; at < pixels.length; at++) {
      const c = at % 3, x = Math.floor(at / 3) % WIDTH, y = Math.floor(at / 3 / WIDTH);
      const waves = 60 * Math.sin(x / (9 + c * 5 + n) + y / 31) + 40 * Math.cos(y / (7 + c));
      const edge = (x + n * 40) % 170 < y ? 25 : -25;
      pixels[at] = Math.max(0, Math.min(255, 128 + waves + edge + random.int(24) - 12));
    }
    const raw = { raw: { width: WIDTH, height: HEIGHT, channels: 3 as const } };
    return new Uint8Array(await sharp(pixels, raw).jpeg({ quality: 90 }).toBuffer());
  }));
}

/** Photographs per second on one core: decoded, and cut as training cuts them, by us and by sharp alone. */
async function coreFigures(photographs: readonly Uint8Array[]): Promise<Figure[]> {
  const sharp = await loadSharp(),
    transform = namedTransform("sup_train", SIZE),
    threads = sharp.concurrency();
  sharp.concurrency(1);
  let draws = 0;
  const one = (work: (jpeg: Uint8Array, n: number) => Promise<unknown>) => async (times: number) => {
    for (let i = 0; i < times; i++) await work(photographs[i % PHOTOGRAPHS], draws++);
  };
  const sizeOfCrop = {
    left: 12,
    top: 9,
    width: Math.round(WIDTH * 0.975),
    height: Math.round(HEIGHT * 0.975),
  };
  const times = await timeInTurns({
    own: one(async (jpeg, n) => cutPicture(await decodeImage(jpeg), transform, randomStream(0, n))),
    decode: one((jpeg) => decodeImage(jpeg)),
    sharp: one((jpeg) =>
      sharp(jpeg).extract(sizeOfCrop)
        .resize(SIZE, SIZE, { fit: "fill", kernel: "cubic", fastShrinkOnLoad: false }).raw().toBuffer()
    ),
  });
  sharp.concurrency(threads);
  const rate = (name: keyof typeof times) => ({
    value: 1000 / times[name].median,
    best: 1000 / times[name].best,
    unit: "images/s",
  });
  const title = `loader: ${WIDTH}x${HEIGHT} to ${SIZE}, one core`;
  return [
    { name: "loader_core", title, ...rate("own"), note: "decoding and random crop, Pillow's bytes" },
    { name: "loader_decode_core", title: "  decoding only", ...rate("decode") },
    {
      name: "loader_sharp_core",
      title: "  sharp alone",
      ...rate("sharp"),
      note: "its own bicubic, other bytes",
    },
    {
      ...{ name: "loader_to_sharp", title: "  ours to sharp's", unit: "times" },
      value: times.sharp.median / times.own.median,
    },
  ];
}

/** Images per second and core out of a shard, with a worker for each core. */
async function shardFigure(photographs: readonly Uint8Array[]): Promise<Figure> {
  const cores = navigator.hardwareConcurrency, folder = await Deno.makeTempDir({ prefix: "bench loader " });
  try {
    const shard = `${folder}/00000.tar`, members: Uint8Array[] = [];
    for (let i = 0; i < SHARD_IMAGES; i++) {
      const key = String(i).padStart(6, "0");
      members.push(tarEntry(`${key}.jpg`, photographs[i % PHOTOGRAPHS]));
      members.push(tarEntry(`${key}.cls`, new TextEncoder().encode(String(i % 10))));
    }
    await Deno.writeFile(shard, new Blob([...members, TAR_END] as BlobPart[]).stream());
    const stream = streamShards([shard], {
      ...{ batchSize: BATCH, seed: 0, untilEpoch: Infinity, workers: cores },
      ...{ transform: namedTransform("sup_train", SIZE), skips: skipTally() },
    });
    const rounds: number[] = [];
    await stream.next(); // the workers have started
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push(
        await elapsed(async () => {
          for (let i = 0; i < SHARD_IMAGES / BATCH; i++) await stream.next();
        }),
      );
    }
    await stream.return(undefined);
    const took = timing(rounds), rate = (ms: number) => SHARD_IMAGES / ms * 1000;
    return {
      name: "loader_shards",
      title: `  from a shard, ${cores} workers`,
      value: rate(took.median),
      best: rate(took.best),
      unit: "images/s",
      note: `in batches of floats; ${rounded(rate(took.median) / cores)} per core`,
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What can be measured without a device. */
export async function loaderFigures(): Promise<Figure[]> {
  const photographs = await madePhotographs();
  return [...await coreFigures(photographs), await shardFigure(photographs)];
}

/** Share of the study's training time that passes between asking for a batch and having it, in percent. */
async function waitingShare(step: StudyStep, batches: Iterator<unknown>): Promise<number> {
  let waited = 0;
  const all = await elapsed(async () => {
    for (let i = 0; i < STUDY_STEPS; i++) {
      waited += await elapsed(() => Promise.resolve(batches.next()));
      await step.ready();
      step.enqueue();
    }
    await step.steps(1);
  });
  const perStep = all / (STUDY_STEPS + 1); // the last step only waits for the device
  return waited / STUDY_STEPS / perStep * 100;
}

/** How long the study's supervised and contrastive training waits for data. */
export async function waitingFigures(gpu: Gpu): Promise<Figure[]> {
  const world = makeWorld(), counts = new Int32Array(world.classNames.length).fill(STUDY_BATCH);
  const source = memorySource(makeWorldSet({ world, counts, seed: 0, split: "train" }));
  const figures: Figure[] = [];
  for (const [model, title] of [["sl", "SL"], ["clip", "CLIP"]] as const) {
    const step = await openStudyStep(gpu, model);
    try {
      const order = { batchSize: STUDY_BATCH, seed: 0, untilEpoch: Infinity };
      const batches = (source.batches(order) as Iterable<unknown>)[Symbol.iterator]();
      await step.steps(3);
      const shares: number[] = [];
      for (let round = 0; round < ROUNDS; round++) shares.push(await waitingShare(step, batches));
      figures.push({
        name: `${model}_waiting`,
        title: `  ${title} step waits for its batch`,
        value: median(shares),
        best: Math.min(...shares),
        unit: "%",
        target: { atMost: MOST_WAITING },
      });
    } finally {
      step.close();
    }
  }
  return figures;
}
