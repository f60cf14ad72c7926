/**
 * Puts captions that do not lie in the arena already (values of a parquet page, of JSON, of an archive) into it, one
 * behind another, and hands them on whenever it is full.
 */
import { type CaptionArena, EXTRA_AT, MOST_SPANS, NULL_LENGTH, TEXT_AT, TEXT_BYTES } from "./arena.ts";
import { type CaptionSink, type CaptionTally, emptyTally } from "./caption_file.ts";
import { tallySpans } from "./tally.ts";

/** Captions within one piece of memory: places and lengths; a length of NULL_LENGTH is a caption that is null. */
export interface CaptionRun {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly lengths: Uint32Array;
  readonly count: number;
}

/** Gathers captions and counts what they are. */
export interface CaptionPacker {
  readonly tally: CaptionTally;
  /** Captions of a piece of memory. */
  addRun(run: CaptionRun): void;
  /** A caption's bytes, or null; `record` gets its span among the arena's rows. */
  add(caption: Uint8Array | null, record?: Uint8Array): void;
  /** A caption that is a string; `invalid` when its bytes were no UTF-8 before they became one. */
  addText(caption: string, invalid?: boolean, record?: Uint8Array): void;
  /** A record without a caption. */
  leaveOut(why: "malformed" | "tooLong"): void;
  /** Hands on what there is. To be called at the end. */
  flush(): void;
}

/** Bytes between two captions that are rather copied with them than left out. */
const LARGEST_GAP = 64;

/** A packer into an arena. Of a record that is left out `onLeftOut` hears behind all that came before it. */
export function captionPacker(
  arena: CaptionArena,
  sink: CaptionSink,
  onLeftOut?: () => void,
): CaptionPacker {
  const tally = emptyTally(), encoder = new TextEncoder();
  let text = arena.bytes(),
    spans = arena.spans(),
    rows = arena.rows(),
    filled = 0,
    count = 0,
    recordBytes = 0;

  function flush() {
    if (count === 0) return;
    tally.rows += count;
    tallySpans(arena, count, tally);
    sink(count);
    text = arena.bytes(); // the counter may have made the memory grow
    spans = arena.spans();
    rows = arena.rows();
    filled = count = recordBytes = 0;
  }

  /** Makes room for a caption of at most so many bytes, and its record. */
  function makeRoom(bytes: number, record?: Uint8Array) {
    const full = filled + bytes > TEXT_BYTES || record && recordBytes + record.length > TEXT_BYTES;
    if (full || count === MOST_SPANS) flush();
  }

  function span(address: number, length: number, record?: Uint8Array) {
    if (record) {
      const at = EXTRA_AT + recordBytes;
      text.set(record, at);
      rows[2 * count] = at;
      rows[2 * count + 1] = record.length;
      recordBytes += record.length;
    }
    spans[2 * count] = address;
    spans[2 * count + 1] = length;
    count++;
  }

  function leaveOut(why: "malformed" | "tooLong") {
    if (onLeftOut) {
      flush();
      onLeftOut();
    }
    tally.rows++;
    tally[why]++;
  }

  function add(caption: Uint8Array | null, record?: Uint8Array) {
    if (caption && caption.length > TEXT_BYTES) return leaveOut("tooLong");
    makeRoom(caption?.length ?? 0, record);
    if (caption === null) return span(TEXT_AT, NULL_LENGTH, record);
    text.set(caption, TEXT_AT + filled);
    span(TEXT_AT + filled, caption.length, record);
    filled += caption.length;
  }

  function addText(caption: string, invalid = false, record?: Uint8Array) {
    makeRoom(3 * caption.length, record);
    const at = TEXT_AT + filled;
    const { read, written } = encoder.encodeInto(caption, text.subarray(at, TEXT_AT + TEXT_BYTES));
    if (read < caption.length) return leaveOut("tooLong");
    if (invalid) tally.invalidUtf8++;
    span(at, written, record);
    filled += written;
  }

  /** Copies stretches of captions that lie close behind one another: one copy per page instead of one per caption. */
  function addRun({ bytes, starts, lengths, count: all }: CaptionRun) {
    let from = 0, to = 0;
    const copy = () => {
      text.set(bytes.subarray(from, to), TEXT_AT + filled);
      filled += to - from;
      from = to;
    };
    for (let i = 0; i < all; i++) {
      const start = starts[i], length = lengths[i];
      if (count === MOST_SPANS) {
        copy();
        flush();
      }
      if (length === NULL_LENGTH) {
        span(TEXT_AT, NULL_LENGTH);
        continue;
      }
      if (length > TEXT_BYTES) {
        copy();
        leaveOut("tooLong");
        continue;
      }
      if (from === to) from = to = start;
      else if (start < to || start - to > LARGEST_GAP) {
        copy();
        from = to = start;
      }
      if (filled + start + length - from > TEXT_BYTES) {
        copy();
        flush();
        from = start;
      }
      to = start + length;
      span(TEXT_AT + filled + start - from, length);
    }
    copy();
  }

  return { tally, addRun, add, addText, leaveOut, flush };
}
