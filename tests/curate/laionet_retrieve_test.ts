// Exact search for the largest inner products: against float64 brute force, with a device that is as wrong as float32 may
// be, and with the engine's; ties, copies, padding, and going on after a stop.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type BlockProducts, type ProductSizes, randomStream } from "../../data_utils/mod.ts";
import { innerProduct } from "../../data_utils/curate/laionet_build/exact_top_k.ts";
import { retrieve, type RetrieveJob } from "../../data_utils/curate/laionet_build/retrieve_stage.ts";
import { npyWriter } from "../../data_utils/tables/npy.ts";
import { buildEngine } from "../../exps_clip/mod.ts";
import { withFolder } from "../data_utils/made_files.ts";

const signal = new AbortController().signal;

/** Vectors of normal numbers, some of them copies of ones before, some turned around, some zero. */
function vectors(rows: number, width: number, seed: number): Float32Array {
  const draw = randomStream(seed), data = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const kind = draw.int(10), from = row === 0 ? 0 : draw.int(row);
    for (let i = 0; i < width; i++) {
      const at = row * width + i;
      if (row > 0 && kind < 3) data[at] = data[from * width + i];
      else if (kind !== 3) data[at] = draw.uniform() + draw.uniform() + draw.uniform() - 1.5;
    }
  }
  return data;
}

async function save(path: string, data: Float32Array, width: number, dtype: "f32" | "f16" = "f32") {
  using file = await Deno.create(path);
  const writer = await npyWriter(file, width, dtype);
  await writer.add(data);
  await writer.end();
}

/** All products in float64, sorted. */
function bruteForce(
  queries: Float32Array,
  texts: readonly [first: number, data: Float32Array][],
  width: number,
  k: number,
) {
  return Array.from({ length: queries.length / width }, (_, query) => {
    const all = texts.flatMap(([first, data]) =>
      Array.from({ length: data.length / width }, (_, row) => ({
        id: first + row,
        value: innerProduct(queries, query * width, data, row * width, width),
      }))
    );
    return all.sort((a, b) => b.value - a.value || a.id - b.id).slice(0, k);
  });
}

/** A device that computes in float32 and then errs at random by as much as float32 may. */
function sloppyDevice(sizes: ProductSizes, seed: number, textRows: number): BlockProducts {
  const { width } = sizes, most = Math.min(sizes.most, textRows), queryRows = Math.min(3, sizes.queries);
  const draw = randomStream(seed);
  let texts = new Float32Array();
  return {
    ...{ queryRows, textRows, most },
    load: (block) => void (texts = Float32Array.from(block)),
    best(queries) {
      const values = new Float32Array(queryRows * most), rows = new Int32Array(queryRows * most);
      for (let query = 0; query < queryRows; query++) {
        const products = Array.from({ length: textRows }, (_, row) => {
          let size = 0;
          for (let i = 0; i < width; i++) {
            size += Math.abs(queries[query * width + i] * texts[row * width + i]);
          }
          const error = (2 * draw.uniform() - 1) * width * 2 ** -24 * size;
          return { row, value: innerProduct(queries, query * width, texts, row * width, width) + error };
        }).sort((a, b) => b.value - a.value || a.row - b.row).slice(0, most);
        products.forEach(({ row, value }, i) => {
          values[query * most + i] = value;
          rows[query * most + i] = row;
        });
      }
      return Promise.resolve({ values, rows });
    },
    destroy() {},
  };
}

/** Queries and three files of texts, of which part 1 is missing. */
async function made(
  folder: string,
  width: number,
  sizes: readonly number[],
  seed: number,
  dtype: "f32" | "f16" = "f32",
) {
  const half = (data: Float32Array) => dtype === "f16" ? new Float32Array(new Float16Array(data)) : data;
  const queries = vectors(7, width, seed);
  await save(`${folder}/q.npy`, queries, width);
  const texts: [number, Float32Array][] = [], parts = [];
  for (const [i, rows] of sizes.entries()) {
    const number = i === 0 ? 0 : i + 1,
      data = vectors(rows, width, seed + 1 + i),
      path = `${folder}/part-0000${number}.npy`;
    await save(path, data, width, dtype);
    texts.push([number * 100_000_000, half(data)]);
    parts.push({ path, number });
  }
  return { queries, texts, parts };
}

type Made = Awaited<ReturnType<typeof made>>;

async function check(
  folder: string,
  { queries, texts, parts }: Made,
  width: number,
  k: number,
  open: RetrieveJob["openProducts"],
) {
  const found = await retrieve({
    ...{ queries: `${folder}/q.npy`, parts, k, expected: 7, scratch: null, openProducts: open, signal },
  });
  bruteForce(queries, texts, width, k).forEach((expected, query) => {
    assertEquals(found.top.counts[query], expected.length);
    assertEquals(
      [...found.top.ids.subarray(query * k, query * k + expected.length)],
      expected.map(({ id }) => id),
    );
    assertEquals(
      [...found.top.values.subarray(query * k, query * k + expected.length)],
      expected.map(({ value }) => value),
    );
  });
  return found;
}

Deno.test("retrieval: equals float64 brute force, however float32 rounds, whatever the blocks", async () => {
  await withFolder(async (folder) => {
    for (
      const [round, [width, k, textRows]] of [[8, 5, 16], [16, 10, 100], [33, 1, 7], [4, 20, 1000], [
        12,
        30,
        64,
      ]].entries()
    ) {
      const data = await made(folder, width, [150, 31, 60], 10 * round);
      const open = (sizes: ProductSizes) => Promise.resolve(sloppyDevice(sizes, round, textRows));
      await check(folder, data, width, k, open);
    }
  });
});

Deno.test("retrieval: a hundred copies of the best text, of which those with the lowest ids count", async () => {
  await withFolder(async (folder) => {
    const width = 8, one = vectors(1, width, 3), texts = vectors(300, width, 4);
    for (let row = 100; row < 200; row++) texts.set(one.map((x) => 9 * x), row * width);
    const queries = new Float32Array(7 * width);
    for (let query = 0; query < 7; query++) queries.set(one, query * width);
    await save(`${folder}/q.npy`, queries, width);
    await save(`${folder}/part-00000.npy`, texts, width);
    const data: Made = {
      queries,
      texts: [[0, texts]],
      parts: [{ path: `${folder}/part-00000.npy`, number: 0 }],
    };
    for (const textRows of [50, 128, 300]) {
      const open = (sizes: ProductSizes) => Promise.resolve(sloppyDevice(sizes, 1, textRows));
      const { top, wholeBlocks } = await check(folder, data, width, 10, open);
      assert(wholeBlocks > 0, "more copies than the device names: only a whole block can tell");
      assertEquals([...top.ids.subarray(0, 10)], Array.from({ length: 10 }, (_, i) => 100 + i));
    }
  });
});

for (const deviceClass of ["software", "gpu"] as const) {
  Deno.test(`retrieval: the engine's device gives the same, from halves too, on ${deviceClass}`, async () => {
    await withFolder(async (folder) => {
      const engine = buildEngine({ deviceClass });
      try {
        for (const [width, k, dtype] of [[32, 6, "f32"], [20, 3, "f16"]] as const) {
          const data = await made(folder, width, [900, 40, 333], 77 + width, dtype);
          await check(folder, data, width, k, engine.openProducts);
        }
      } finally {
        await engine.close();
      }
    });
  });
}

Deno.test("retrieval: goes on behind the last file after a stop, and starts anew for other files", async () => {
  await withFolder(async (folder) => {
    const width = 8, k = 4, data = await made(folder, width, [50, 40, 60], 5), scratch = `${folder}/partial`;
    let blocks = 0, most = Infinity;
    const openProducts = (sizes: ProductSizes) => {
      const device = sloppyDevice(sizes, 2, 16);
      return Promise.resolve({
        ...device,
        load(texts: Float32Array) {
          if (++blocks > most) throw new Error("the power went");
          device.load(texts);
        },
      });
    };
    const job = {
      queries: `${folder}/q.npy`,
      parts: data.parts,
      k,
      expected: 7,
      scratch,
      openProducts,
      signal,
    };
    const whole = await retrieve({ ...job, scratch: null });
    const all = blocks;
    [blocks, most] = [0, 6]; // the first file takes 4, the second 3
    await assertRejects(() => retrieve(job), Error, "the power went");
    [blocks, most] = [0, Infinity];
    const rest = await retrieve(job);
    assertEquals([rest.kept, blocks], [1, all - 4]);
    assertEquals(rest.top, whole.top);
    await save(data.parts[2].path, vectors(60, width, 1234), width);
    assertEquals((await retrieve(job)).kept, 0);
    await Deno.writeFile(scratch, (await Deno.readFile(scratch)).subarray(0, 300));
    assertEquals((await retrieve(job)).kept, 0, "a damaged file of the best so far is none");
  });
});

Deno.test("retrieval: what is no input is refused by name", async () => {
  await withFolder(async (folder) => {
    const { parts } = await made(folder, 8, [20, 10, 10], 1);
    const openProducts = (sizes: ProductSizes) => Promise.resolve(sloppyDevice(sizes, 2, 16));
    const job = { queries: `${folder}/q.npy`, parts, k: 4, expected: 7, scratch: null, openProducts, signal };
    await assertRejects(() => retrieve({ ...job, expected: 6 }), RangeError, "q.npy has 7 rows for 6 images");
    await assertRejects(() => retrieve({ ...job, k: 41 }), RangeError, "--topk 41 is more than the 40 texts");
    await save(parts[1].path, new Float32Array(90), 9);
    await assertRejects(() => retrieve(job), RangeError, "has vectors of 9, ");
    const bad = vectors(10, 8, 3);
    bad[3 * 8 + 2] = NaN;
    await save(parts[1].path, bad, 8);
    await assertRejects(
      () => retrieve(job),
      RangeError,
      "part-00002.npy: row 3 holds a number that is not finite",
    );
    const stopped = AbortSignal.abort(new Error("stop"));
    await assertRejects(() => retrieve({ ...job, signal: stopped }), Error, "stop");
  });
});
