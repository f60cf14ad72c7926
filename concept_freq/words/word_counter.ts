/**
 * Counts in how many captions of a unit each lemma occurs. A table that is full is laid aside on disk as a sorted run,
 * and the runs of a unit become one in its partial result, so that memory stays the same whatever the captions hold.
 */
import type { WordNetNouns } from "../../data_utils/mod.ts";
import type { CounterKind } from "../count/counter.ts";
import { nounLemmatiser } from "../language/lemmas.ts";
import { mergeRuns } from "./merge_runs.ts";
import { runFile, type RunPlace, runWriter } from "./run_file.ts";
import { wordTable } from "./word_table.ts";

/** What a count of words needs, to be posted to workers. */
export interface WordSpec {
  readonly nouns: WordNetNouns;
  /** The kinder rules of `--modern`. */
  readonly modern: boolean;
  /** Most bytes of a worker's table before it goes to disk. Default 64 MiB. */
  readonly tableBytes?: number;
}

const TABLE_BYTES = 64 * 2 ** 20;

/** The counter of words; the body of its partial results is a sorted run (run_file.ts). */
export const wordKind: CounterKind<WordSpec> = {
  name: "word",
  open({ nouns, modern, tableBytes = TABLE_BYTES }, arena, scratch) {
    const table = wordTable(nounLemmatiser(nouns, { modern }), arena, tableBytes);
    let aside: RunPlace[] = [];

    function layAside(): void {
      const run = runFile(`${scratch}/words_${aside.length}.run`);
      try {
        table.take(run.add, true);
      } catch (error) {
        run.discard();
        throw error;
      }
      aside.push(run.end());
    }

    return {
      add(count) {
        for (let at = table.count(0, count); at < count; at = table.count(at, count)) layAside();
      },
      async finish(file) {
        const writer = runWriter(file);
        if (aside.length === 0) {
          // Words stay for the next unit, unless they already take much of the room.
          table.take(writer.add, table.bytes() > tableBytes / 2);
        } else {
          const runs = (layAside(), aside);
          aside = [];
          await mergeRuns(runs, writer.add, { scratch });
          for (const { path } of runs) await Deno.remove(path);
        }
        writer.end();
      },
    };
  },
};
