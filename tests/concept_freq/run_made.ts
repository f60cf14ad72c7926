// Jobs and caption files for the tests of counting: tables with quoted captions that hold line ends, tabs and quotes.
import { type CountJob, type CountOutcome } from "../../concept_freq/run/count_job.ts";
import { runCount } from "../../concept_freq/run/run.ts";
import { sumPartials } from "../../concept_freq/run/sum_partials.ts";
import { placeOf, type TestSpec } from "./run_kind.ts";

export const places = 997;
const kindUrl = import.meta.resolve("./run_kind.ts");

/** Whole numbers below `n`, the same for the same seed. */
export function numbers(seed: number): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * n);
  };
}

/** Captions; some hold line ends, tabs and quotes, as fields that must be quoted. */
export function captions(count: number, seed: number, odd = 5): string[] {
  const draw = numbers(seed), words = ["red", "a bird", "tie,", "Straße", "x".repeat(40), "of"];
  return Array.from({ length: count }, () => {
    const text = Array.from({ length: 1 + draw(8) }, () => words[draw(words.length)]).join(" ");
    if (draw(odd) > 0) return text;
    return [`${text}\n${text}\tend`, `"${text}"\nsaid\n"me`, `\n\n${text}`, `a "${text}" b`][draw(4)];
  });
}

/** A TSV of the captions with another column, quoted where needed. */
export function tsv(list: readonly string[]): string {
  const field = (text: string) => /[\t\n\r"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  return ["URL\tTEXT", ...list.map((caption, i) => `http://x/${i}\t${field(caption)}`)].join("\n") + "\n";
}

/** Counts that must come out. */
export function expected(list: readonly string[]): Float64Array {
  const counts = new Float64Array(places), encoder = new TextEncoder();
  for (const caption of list) counts[placeOf(encoder.encode(caption), places)]++;
  return counts;
}

/** What a run said on its progress. */
export function listener() {
  const notes: string[] = [];
  return {
    notes,
    progress: { show: () => {}, note: (text: string) => void notes.push(text), end: () => {} },
  };
}

/** A job of the test counter over `inputs`. */
export function jobOf(
  inputs: readonly string[],
  out: string,
  more: Partial<CountJob<TestSpec>> = {},
): CountJob<TestSpec> {
  return {
    command: "class",
    name: "test",
    captionsName: "test",
    kind: kindUrl,
    spec: { places },
    settings: { concepts: "1", modern: "false" },
    about: { set: "set", classNames: Array.from({ length: places }, (_, i) => `class ${i}`) },
    captionOptions: {},
    workers: 2,
    blockBytes: 1500,
    signal: new AbortController().signal,
    progress: listener().progress,
    inputs,
    out,
    ...more,
  };
}

/** Runs a job to its end and adds up. */
export async function countOf(
  job: CountJob<TestSpec>,
  keep = false,
): Promise<{ counts: Float64Array; outcome: CountOutcome }> {
  const outcome = await runCount(job);
  try {
    return { counts: await sumPartials(outcome.partials, places), outcome };
  } finally {
    await outcome.release(keep);
  }
}
