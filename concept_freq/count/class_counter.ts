/** The counter of classes, as workers run it: the body of a partial result is the captions by class. */
import { writeFully } from "../../data_utils/mod.ts";
import { encodeCounts } from "../run/sparse_counts.ts";
import type { CompiledConcepts } from "./compile.ts";
import type { CounterKind } from "./counter.ts";
import { conceptMatcher } from "./matcher.ts";

export const classKind: CounterKind<CompiledConcepts> = {
  name: "class",
  open(concepts, arena) {
    const matcher = conceptMatcher(concepts, arena);
    return {
      add: (count) => matcher.add(count),
      finish: (file) => writeFully(file, encodeCounts(matcher.take())),
    };
  },
};
