/** The counter of entries, as workers run it: the body of a partial result is the captions by entry. */
import { writeFully } from "../../data_utils/mod.ts";
import type { CounterKind } from "../count/counter.ts";
import { encodeCounts } from "../run/sparse_counts.ts";
import { type CompiledEntries, countsOfEntries } from "./compile_entries.ts";
import { entryMatcher } from "./entry_matcher.ts";

export const substringKind: CounterKind<CompiledEntries> = {
  name: "substring",
  open(entries, arena) {
    const matcher = entryMatcher(entries, arena);
    return {
      add: (count) => matcher.count(count),
      finish: (file) => writeFully(file, encodeCounts(countsOfEntries(entries, matcher.take()))),
    };
  },
};
