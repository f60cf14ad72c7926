/** Shutterstock: a table of URL and caption, made by whoever has a licence; none is published. */
import { pairSource } from "./pair_source.ts";

export const shutterstock = pairSource({
  name: "shutterstock",
  about: "Shutterstock: your own TSV of URL and caption",
  // One host serves all: leaving it alone would fail every row that is left.
  presets: { queue: { breakerFailures: 0 } },
});
