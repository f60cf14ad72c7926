/** Plain counting of a file's first captions, for some seconds: what the byte-level counter is held against. */
import { loadWordNet } from "../../data_utils/mod.ts";
import { loadConceptSet } from "../language/concept_set.ts";
import { nounLemmatiser } from "../language/lemmas.ts";
import type { PlainMeasured, PlainTask } from "./measure.ts";
import { plainCounter } from "./plain_counter.ts";

/** Captions between two looks at the clock. */
const STEP = 64;

/** The captions of a TSV file without quotes, whose first column they are, each with the place behind its line. */
async function* firstColumn(path: string): AsyncGenerator<{ captions: string[]; ends: number[] }> {
  using file = await Deno.open(path);
  const chunk = new Uint8Array(2 ** 20), decoder = new TextDecoder();
  let rest = new Uint8Array(0), at = 0, isHeader = true;
  for (let got; (got = await file.read(chunk)) !== null;) {
    const bytes = new Uint8Array(rest.length + got);
    bytes.set(rest);
    bytes.set(chunk.subarray(0, got), rest.length);
    const captions: string[] = [], ends: number[] = [];
    let start = 0;
    for (let end; (end = bytes.indexOf(0x0a, start)) >= 0; start = end + 1) {
      const tab = bytes.indexOf(0x09, start);
      if (!isHeader) {
        captions.push(decoder.decode(bytes.subarray(start, tab)));
        ends.push(at + end + 1);
      }
      isHeader = false;
    }
    at += start;
    rest = bytes.slice(start);
    yield { captions, ends };
  }
}

/** Counts until the time is over or the file ends; reading and decoding are not timed. */
export async function countPlainly(task: PlainTask, signal: AbortSignal): Promise<PlainMeasured> {
  const lemmatiser = nounLemmatiser(await loadWordNet({ folder: task.wordnet }));
  const concepts = await loadConceptSet(task.conceptSet, { lemmatiser, metadata: task.metadata });
  const counter = plainCounter(concepts, lemmatiser);
  let rows = 0, bytes = 0, milliseconds = 0;
  reading: for await (const batch of firstColumn(task.tsv)) {
    for (let from = 0; from < batch.captions.length; from += STEP) {
      if (milliseconds >= task.milliseconds) break reading;
      signal.throwIfAborted();
      const step = batch.captions.slice(from, from + STEP), began = performance.now();
      for (const caption of step) counter.add(caption);
      milliseconds += performance.now() - began;
      rows += step.length;
      bytes = batch.ends[from + step.length - 1];
    }
    await new Promise((resolve) => setTimeout(resolve)); // lets a signal through
  }
  return { seconds: milliseconds / 1000, peakBytes: null, rows, bytes, counts: [...counter.counts] };
}
