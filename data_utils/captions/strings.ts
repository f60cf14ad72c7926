/** Captions as strings, for programs that want to look at them, and strings as captions, for those that have them. */
import { type CaptionArena, captionArena, NULL_LENGTH } from "./arena.ts";
import type { CaptionOptions, CaptionSink, CaptionTally, CaptionUnit } from "./caption_file.ts";
import { openCaptionFile, readCaptions } from "./open.ts";
import { captionPacker } from "./pack.ts";

const UNIT_BYTES = 2 ** 20;

/**
 * The captions of a file in order, null where there is none; those that are malformed or too long are left out, and
 * bytes that are no UTF-8 become U+FFFD. Reading runs ahead of a consumer that waits for something else, by at most
 * 1 MiB of a plain file, a row group of a parquet file, or the rest of a gzipped file, array or archive.
 * Throws as openCaptionFile and readCaptions do.
 */
export async function* captionStrings(
  path: string,
  options: CaptionOptions = {},
): AsyncGenerator<string | null> {
  const file = await openCaptionFile(path, options, UNIT_BYTES), arena = captionArena();
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true }), stop = new AbortController();
  const texts = (count: number) => {
    const bytes = arena.bytes(), spans = arena.spans();
    return Array.from({ length: count }, (_, i) => {
      const at = spans[2 * i], length = spans[2 * i + 1];
      return length === NULL_LENGTH ? null : decoder.decode(bytes.subarray(at, at + length));
    });
  };

  async function* unitTexts(
    unit: CaptionUnit,
    from: number | undefined,
  ): AsyncGenerator<string | null, number> {
    const queue: (string | null)[][] = [];
    let wake = () => {}, done = false;
    const reading = readCaptions(file, unit, arena, (count) => {
      queue.push(texts(count));
      wake();
    }, { from, signal: stop.signal }).finally(() => {
      done = true;
      wake();
    });
    reading.catch(() => {}); // thrown below, when all that came before has been given
    for (;;) {
      for (let batch; (batch = queue.shift());) yield* batch;
      if (done) break;
      await new Promise<void>((resolve) => wake = resolve);
    }
    return (await reading).ended;
  }

  try {
    let ended: number | undefined;
    for (const unit of file.units) ended = yield* unitTexts(unit, ended);
  } finally {
    stop.abort();
  }
}

/** Hands strings to `sink` as captions of `arena`, many at a time, and returns what was met. */
export async function packCaptions(
  captions: Iterable<string | null> | AsyncIterable<string | null>,
  arena: CaptionArena,
  sink: CaptionSink,
): Promise<CaptionTally> {
  const packer = captionPacker(arena, sink);
  const add = (caption: string | null) => caption === null ? packer.add(null) : packer.addText(caption);
  if (Symbol.asyncIterator in captions) { for await (const caption of captions) add(caption); }
  else for (const caption of captions) add(caption);
  packer.flush();
  return packer.tally;
}
