/**
 * What this folder needs of other ones and is handed by the program: a text tower, and inner products on the device.
 * data_utils imports neither the engine nor the models.
 */

/** Embeds texts as CLIP does, 77 tokens at most. */
export interface TextTower {
  readonly width: number;
  /** Unit embeddings [texts, width]. */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array>;
  destroy(): void;
}

/** Where a tower comes from. */
export interface TowerFiles {
  /** .pt (OpenAI, open_clip) or .safetensors. */
  readonly weights: string;
  /** bpe_simple_vocab_16e6.txt.gz */
  readonly bpe: string;
  /** QuickGELU rather than GELU; undefined: as the weights' origin says. */
  readonly quickGelu?: boolean;
}

/** The largest inner products of queries with a block of texts, on the device. */
export interface BlockProducts {
  /** Queries that are taken at once, and rows of a block. */
  readonly queryRows: number;
  readonly textRows: number;
  /** How many products are given for each query. */
  readonly most: number;
  /** Takes a block [textRows, width] for all that follows. */
  load(texts: Float32Array): void;
  /**
   * For each of `queryRows` queries the `most` largest products in float32, largest first, and their rows in the block.
   */
  best(queries: Float32Array): Promise<{ values: Float32Array; rows: Int32Array }>;
  destroy(): void;
}

/** What products are wanted: of vectors of `width` numbers, `most` at least for each query. */
export interface ProductSizes {
  readonly width: number;
  readonly most: number;
  /** Queries and texts there are in all, so that no more room is taken than that. */
  readonly queries: number;
  readonly texts: number;
}

/** What the program hands to `laionet-build`. */
export interface BuildEngine {
  openTower(files: TowerFiles): Promise<TextTower>;
  openProducts(sizes: ProductSizes): Promise<BlockProducts>;
}
