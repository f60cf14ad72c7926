/**
 * The memory in which captions pass from reader to counter: one WebAssembly memory that both work on, so that nothing
 * is copied between them.
 *
 *   (below) the first page is the scanner's own: the key it looks for in JSON, the nesting it is in
 *   TEXT    raw bytes as read, 8 MiB and some slack on both sides, so that 64 bytes may be loaded at any place
 *   EXTRA   room of the same size for captions that had to be rewritten (unquoted, unescaped)
 *   SPANS   pairs of u32: address and length of each caption; the length NULL_LENGTH means that there is none
 *   ROWS    pairs of u32: address and length of each whole record, where asked for
 *   FREE    from here on the memory is the counter's
 */

/** Most bytes of one record. */
export const TEXT_BYTES = 8 * 2 ** 20;
/** Most captions of one batch. */
export const MOST_SPANS = 2 ** 16;
/** The length of a caption that is null. */
export const NULL_LENGTH = 0xffff_ffff;

const SLACK = 2 ** 12, PAGE = 2 ** 16;
export const TEXT_AT = PAGE;
export const EXTRA_AT = TEXT_AT + TEXT_BYTES + SLACK;
export const SPANS_AT = EXTRA_AT + TEXT_BYTES + SLACK;
export const ROWS_AT = SPANS_AT + 8 * MOST_SPANS;
export const FREE_AT = ROWS_AT + 8 * MOST_SPANS;

/** Memory that a reader and a counter share. Views are fetched anew after anything that may have grown it. */
export interface CaptionArena {
  readonly memory: WebAssembly.Memory;
  /** The whole memory. */
  bytes(): Uint8Array<ArrayBuffer>;
  /** Address and length of each caption of the batch, in turn. */
  spans(): Uint32Array<ArrayBuffer>;
  /** Address and length of each record of the batch, in turn. */
  rows(): Uint32Array<ArrayBuffer>;
  /** Makes sure that the memory reaches at least to this address. Throws RangeError when there is no room. */
  reach(address: number): void;
}

/** A new arena without anything behind FREE_AT. */
export function captionArena(): CaptionArena {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(FREE_AT / PAGE), maximum: 2 ** 16 });
  const bytes = () => new Uint8Array(memory.buffer as ArrayBuffer);
  return {
    memory,
    bytes,
    spans: () => new Uint32Array(memory.buffer as ArrayBuffer, SPANS_AT, 2 * MOST_SPANS),
    rows: () => new Uint32Array(memory.buffer as ArrayBuffer, ROWS_AT, 2 * MOST_SPANS),
    reach(address) {
      const missing = Math.ceil((address - memory.buffer.byteLength) / PAGE);
      if (missing > 0) memory.grow(missing);
    },
  };
}
