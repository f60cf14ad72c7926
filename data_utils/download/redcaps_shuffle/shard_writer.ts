/** Shards of shuffled annotations as `{"annotations": [...]}`, each annotation as its bytes are. */
import { createHash } from "node:crypto";
import type { FileFacts } from "../../curate/file_hash.ts";
import { writeError, writeFully } from "../../runs/atomic.ts";

const PAGE = 2 ** 20, encoder = new TextEncoder();
const [HEAD, COMMA, TAIL] = ['{"annotations": [', ", ", "]}\n"].map((text) => encoder.encode(text));

/** The name of a shard, as the original's. */
export const shardName = (shard: number): string => `shard_${String(shard).padStart(6, "0")}.json`;

/**
 * Writes a new file of the next `count` records, fewer where they end, and syncs it. Throws what `signal` was aborted
 * with.
 */
export async function writeShard(
  path: string,
  records: Iterator<Uint8Array>,
  count: number,
  signal: AbortSignal,
): Promise<FileFacts> {
  const hash = createHash("sha256"), page = new Uint8Array(PAGE);
  let used = 0, bytes = 0;
  try {
    using file = await Deno.open(path, { write: true, createNew: true });
    const write = async (part: Uint8Array) => {
      signal.throwIfAborted();
      hash.update(part);
      bytes += part.length;
      await writeFully(file, part);
    };
    const flush = async () => {
      const filled = page.subarray(0, used);
      used = 0;
      await write(filled);
    };
    const put = async (part: Uint8Array) => {
      if (used + part.length > PAGE) await flush();
      if (part.length > PAGE) return await write(part);
      page.set(part, used);
      used += part.length;
    };
    await put(HEAD);
    for (let i = 0; i < count; i++) {
      const { value, done } = records.next();
      if (done) break;
      if (i > 0) await put(COMMA);
      await put(value);
    }
    await put(TAIL);
    await flush();
    await file.sync();
  } catch (error) {
    throw writeError(path, error);
  }
  return { path, bytes, sha256: hash.digest("hex") };
}
