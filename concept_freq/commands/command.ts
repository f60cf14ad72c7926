/** What each of `freq`'s commands is; the same as in the other programs of several commands. */
export type { Command } from "../../data_utils/mod.ts";
