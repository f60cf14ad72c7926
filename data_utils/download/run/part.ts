/** One machine's share of a download: which shards are its, and what its own files beside them are called. */
import type { Part } from "./download_config.ts";

type Place = { readonly out: string; readonly part: Part | null };

const mark = (part: Part | null) => part === null ? "" : `-${part.index + 1}of${part.of}`;

/** What a later process has to know. */
export const stateFolder = ({ out, part }: Place): string => `${out}/.download${mark(part)}`;

/** What a download was told. Not there before its rows are known. */
export const configPath = ({ out, part }: Place): string => `${out}/download${mark(part)}.json`;

export const duplicatesPath = ({ out, part }: Place): string => `${out}/duplicates${mark(part)}.tsv`;

/** Whether a shard is this machine's; supplementary shards are numbered so that the same rule holds for them. */
export const isOurs = (shard: number, part: Part | null): boolean =>
  part === null || shard % part.of === part.index;

/** The number of this machine's `nth` shard. */
export const ourNumber = (nth: number, part: Part | null): number =>
  part === null ? nth : nth * part.of + part.index;
