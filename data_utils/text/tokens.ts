/**
 * What text models are fed, and what every tokenizer offers: rows of ids of one length, each with a start and an end
 * mark. The end mark has the highest id of all, so that its place in a row is that of the row's maximum, as in CLIP.
 */

/** Rows of token ids [N, context], padded with 0 behind the end mark, and the end mark's place in each row [N]. */
export interface TokenBatch {
  data: Int32Array<ArrayBuffer>;
  shape: [rows: number, context: number];
  dtype: "i32";
  eot: Int32Array<ArrayBuffer>;
}

/** Turns text into token ids. */
export interface Tokenizer {
  vocabSize: number;
  sot: number;
  eot: number;
  /** The ids of a text without start and end mark, however long. */
  encode(text: string): number[];
  /** The text that some ids stand for; marks appear by name. */
  decode(ids: ArrayLike<number>): string;
}

/**
 * Tokenizes texts into rows of `context` ids; what is too long is cut, keeping the end mark.
 * Throws RangeError when the context has no room for both marks.
 */
export function tokenize(tokenizer: Tokenizer, texts: readonly string[], context: number): TokenBatch {
  if (!Number.isInteger(context) || context < 2) {
    throw new RangeError(`A context must have room for start and end, got ${context}`);
  }
  const data = new Int32Array(texts.length * context), eot = new Int32Array(texts.length);
  texts.forEach((text, row) => {
    const ids = tokenizer.encode(text).slice(0, context - 2);
    data.set([tokenizer.sot, ...ids, tokenizer.eot], row * context);
    eot[row] = ids.length + 1;
  });
  return { data, shape: [texts.length, context], dtype: "i32", eot };
}
