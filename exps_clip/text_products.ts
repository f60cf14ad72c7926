// Inner products of many queries with many texts on the device, the largest of each query: a matrix product, then the
// search for the largest in every row. The texts of a block stay on the device while all queries pass.

import {
  BLOCK,
  createEvaluator,
  createStore,
  defineParams,
  destroyStore,
  type Gpu,
  type Graph,
  input,
  maxWords,
  nn,
  openGpu,
  ops,
  packEntry,
  type Tensor,
  writeSlab,
} from "../gpu/mod.ts";
import {
  type BlockProducts,
  type BuildEngine,
  loadClipTokenizer,
  openWeights,
  type ProductSizes,
} from "../data_utils/mod.ts";
import { openTextTower, textTowerWeights } from "./text_tower.ts";

/** Queries and texts of a step: on a GPU some 10^11 products of numbers, on a CPU as many as take a moment. */
const STEPS = {
  gpu: { queries: 1024, texts: 2 ** 16 },
  software: { queries: 128, texts: 2 ** 12 },
} as const;

/** The largest step that is not larger than wanted and that the device binds. */
function stepOf(
  gpu: Gpu,
  { width, most, queries, texts }: ProductSizes,
): { queryRows: number; textRows: number } {
  const step = STEPS[gpu.deviceClass], words = (columns: number) => Math.ceil(columns / 4);
  const queryRows = Math.min(step.queries, queries), least = Math.min(texts, most);
  let textRows = Math.min(step.texts, texts);
  while (textRows > least && Math.max(queryRows * words(textRows), textRows * words(width)) > maxWords(gpu)) {
    textRows = Math.max(Math.floor(textRows / 2), least);
  }
  return { queryRows, textRows };
}

/** Opens the products on a device, whose memory they hold until `destroy`. */
export async function openProducts(gpu: Gpu, sizes: ProductSizes): Promise<BlockProducts> {
  const { width } = sizes,
    { queryRows, textRows } = stepOf(gpu, sizes),
    most = Math.min(sizes.most, textRows);
  const store = createStore(gpu), shape = [textRows, width];
  const zeros = () => new Float32Array(textRows * width);
  defineParams(store, "texts", [{ name: "texts", shape, init: zeros, trainable: false, layout: "plain" }], 0);
  const { slab, entry } = store.placeOf.get("texts")!;
  const build = (graph: Graph): Record<string, Tensor> => {
    const texts = nn.scope(graph, "", { train: false }).param("texts", shape, zeros);
    const products = ops.matmul(input(graph, "queries", [queryRows, width]), texts, { tb: true });
    const rows = ops.topkIndices(products, most);
    return { rows, values: ops.gather(products, rows, -1) };
  };
  const evaluator = await createEvaluator({ store, build });
  return {
    ...{ queryRows, textRows, most },
    load(texts) {
      const data = new Float32Array(slab.blocks * BLOCK);
      packEntry(data, entry, texts);
      writeSlab(store, slab.name, data);
    },
    async best(queries) {
      const { values, rows } = await evaluator.run({
        queries: { data: queries, shape: [queryRows, width], dtype: "f32" },
      });
      return { values: values.data as Float32Array, rows: rows.data as Int32Array };
    },
    destroy() {
      evaluator.destroy();
      destroyStore(store);
    },
  };
}

/** What `data laionet-build` needs of the engine, on a device that is opened when first needed. */
export function buildEngine(
  options: Parameters<typeof openGpu>[0] = {},
): BuildEngine & { close(): Promise<void> } {
  let opened: Promise<Gpu> | null = null;
  const device = () => opened ??= openGpu(options);
  return {
    openProducts: async (sizes) => await openProducts(await device(), sizes),
    async openTower({ weights, bpe, quickGelu }) {
      const tokenizer = await loadClipTokenizer(bpe);
      using file = await openWeights(weights);
      const read = await textTowerWeights(file, { quickGelu });
      const { width, embed, destroy } = openTextTower(await device(), read, tokenizer);
      return {
        width,
        destroy,
        embed: async (texts, signal) => unitRows(await embed(texts, { signal }), width),
      };
    },
    close: async () => (await opened)?.close(),
  };
}

/** Rows of [N, width] at length 1, in place; a row of zeros stays one. */
function unitRows(rows: Float32Array, width: number): Float32Array {
  for (let start = 0; start < rows.length; start += width) {
    const row = rows.subarray(start, start + width);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)) || 1;
    for (let i = 0; i < width; i++) row[i] /= length;
  }
  return rows;
}
