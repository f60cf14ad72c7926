/** Where a download keeps what it has to remember between processes, and which shards are its. */
import type { Part } from "./download_config.ts";

/** Beside the shards; each machine's part has its own. */
export function stateFolder({ out, part }: { out: string; part: Part | null }): string {
  return part === null ? `${out}/.download` : `${out}/.download-${part.index + 1}of${part.of}`;
}

/** What a download was told, beside the shards. Not there before its rows are known. */
export function configPath({ out, part }: { out: string; part: Part | null }): string {
  return part === null ? `${out}/download.json` : `${out}/download-${part.index + 1}of${part.of}.json`;
}

/** Whether a shard is this machine's; supplementary shards are numbered so that the same rule holds for them. */
export function isOurs(number: number, part: Part | null): boolean {
  return part === null || number % part.of === part.index;
}

/** The number of this machine's `nth` shard. */
export function ourNumber(nth: number, part: Part | null): number {
  return part === null ? nth : nth * part.of + part.index;
}
