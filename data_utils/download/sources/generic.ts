/** Any other list: a URL a line, or a table with a column of URLs and perhaps one of captions. */
import { pairSource } from "./pair_source.ts";

export const generic = pairSource({
  name: "generic",
  about: "any table with a column url (and caption), or a URL a line",
  captionless: true,
});
