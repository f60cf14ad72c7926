/** The table of a set of shards: what each holds, and the hash by which it is known again. */
import type { PackedShard } from "./pack_unit.ts";

/** `shard TAB samples TAB bytes TAB sha256` with a header. */
export function shardTable(shards: readonly PackedShard[], nameOf: (shard: number) => string): Uint8Array {
  const lines = shards.map(({ samples, bytes, sha256 }, i) =>
    `${nameOf(i)}\t${samples}\t${bytes}\t${sha256}\n`
  );
  return new TextEncoder().encode(`shard\tsamples\tbytes\tsha256\n${lines.join("")}`);
}
