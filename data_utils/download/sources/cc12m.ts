/** Conceptual 12M: URL and caption in a table without a header; Conceptual Captions 3M has them the other way round. */
import { pairSource } from "./pair_source.ts";

export const cc12m = pairSource({
  name: "cc12m",
  about: "Conceptual 12M, or 3M: TSV of URL and caption in either order, or with a header",
});
