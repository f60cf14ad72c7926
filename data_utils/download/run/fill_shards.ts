/**
 * The heart of a download: rows of several shards at a time go through the queue, the fetcher and the preparer, and each
 * ends in its shard with exactly one outcome. A shard is finished when its last row has come; so a few slow rows hold up
 * their shard, not the others.
 */
import { openFetcher } from "../net/fetcher.ts";
import type { Tell } from "../download_event.ts";
import type { Fault } from "../outcome.ts";
import { noteOf } from "../outcome.ts";
import { openPreparer } from "../picture/preparer.ts";
import type { Prepared } from "../picture/image_rules.ts";
import { fetchQueue } from "../queue/fetch_queue.ts";
import type { Attempt } from "../queue/queue_settings.ts";
import type { WantedRow } from "../row.ts";
import { hostOf } from "../shards/hosts.ts";
import type { RowResult, ShardStats, ShardWriter } from "../shards/shard.ts";
import type { Source } from "../sources/source.ts";
import type { DownloadConfig } from "./download_config.ts";

/** A row of a shard to be. */
export interface JobRow {
  readonly key: string;
  readonly row: WantedRow;
}

/** A shard to be. */
export interface ShardJob {
  readonly name: string;
  /** Its rows; what is read is held until the shard is finished. */
  read(signal: AbortSignal): Promise<readonly JobRow[]>;
  write(rows: number): Promise<ShardWriter>;
}

/** What rows are asked of and told to. */
export interface FillOptions {
  readonly config: DownloadConfig;
  readonly source: Source;
  readonly tell: Tell;
  readonly signal: AbortSignal;
}

/** So many shards are filled at a time at most: each holds its rows in memory. */
const MOST_OPEN = 8;

/** A shard under way. */
interface OpenShard {
  readonly job: ShardJob;
  readonly writer: ShardWriter;
  readonly started: number;
  left: number;
  readonly finished: PromiseWithResolvers<ShardStats>;
}

/** A row under way. */
interface Task {
  readonly shard: OpenShard;
  readonly index: number;
  readonly key: string;
  readonly row: WantedRow;
  readonly host: string;
  httpStatus: number | null;
  wireBytes: number;
}

/** Runs a task once. */
function attempts({ config, source }: FillOptions, stack: AsyncDisposableStack) {
  const fetcher = stack.use(openFetcher(config.fetch));
  const preparer = stack.use(openPreparer(config.images, { workers: config.workers })),
    { hashColumn } = config;
  return async (task: Task, _attempts: number, signal: AbortSignal): Promise<Attempt<Prepared>> => {
    const answer = await fetcher.fetch(task.row.url, signal);
    if ("fault" in answer) {
      task.httpStatus = answer.fault.httpStatus ?? null;
      return answer;
    }
    const { bytes, wireBytes, httpStatus, finalUrl } = answer.fetched;
    task.httpStatus = httpStatus;
    task.wireBytes += wireBytes;
    const refused = source.refuses?.(finalUrl);
    if (refused) return { fault: { reason: refused, detail: finalUrl } };
    const prepared = await preparer.prepare(bytes);
    if ("fault" in prepared) return prepared;
    const wanted = hashColumn === null ? null : task.row.extra[hashColumn];
    if (typeof wanted === "string" && wanted.toLowerCase() !== prepared.image.sha256) {
      const detail = `SHA-256 is ${prepared.image.sha256}, the input names ${wanted}`;
      return { fault: { reason: "hash_mismatch", detail } };
    }
    return { result: prepared.image };
  };
}

function resultOf(task: Task, outcome: Attempt<Prepared>, tried: number): RowResult {
  const { index, key, row, httpStatus, wireBytes } = task, { url, caption, extra } = row;
  const shared = { index, key, url, caption, extra, httpStatus, wireBytes, attempts: tried };
  if ("result" in outcome) {
    return { ...shared, status: "success", reason: null, detail: "", image: outcome.result };
  }
  const { reason, detail }: Fault = outcome.fault;
  return { ...shared, status: noteOf(reason).status, reason, detail, image: null };
}

/**
 * Fills shards in order, several at a time; `tell` hears of each row, and of each shard when it is in its place. Throws
 * what `signal` aborted with, and Error when a shard cannot be written; shards under way are then taken away.
 */
export async function fillShards(
  jobs: Iterable<ShardJob> | AsyncIterable<ShardJob>,
  options: FillOptions,
): Promise<void> {
  const { config, tell, signal } = options, broken = new AbortController();
  const stop = AbortSignal.any([signal, broken.signal]), open = new Set<OpenShard>();
  await using stack = new AsyncDisposableStack();

  async function take(shard: OpenShard, host: string, result: RowResult): Promise<void> {
    await shard.writer.add(result);
    const { status, reason, wireBytes, attempts } = result;
    tell({ event: "row", status, reason: reason ?? "success", host, wireBytes, attempts });
    if (--shard.left === 0) finish(shard);
  }

  function finish(shard: OpenShard): void {
    shard.writer.finish({ started: shard.started, ended: Date.now() }).then((stats) => {
      open.delete(shard);
      tell({ event: "shard", name: shard.job.name, stats });
      shard.finished.resolve(stats);
    }, (error) => {
      broken.abort(error);
      shard.finished.reject(error);
    });
  }

  const queue = fetchQueue<Task, Prepared>(config.queue, {
    attempt: attempts(options, stack),
    done: (task, outcome, tried) => take(task.shard, task.host, resultOf(task, outcome, tried)),
    signal: stop,
  });

  async function begin(job: ShardJob): Promise<void> {
    const rows = await job.read(stop), writer = await job.write(rows.length);
    const finished = Promise.withResolvers<ShardStats>();
    finished.promise.catch(() => {}); // waited for where there is room or at the end
    const shard: OpenShard = { job, writer, started: Date.now(), left: rows.length, finished };
    open.add(shard);
    for (const [index, { key, row }] of rows.entries()) {
      const host = hostOf(row.url),
        task: Task = { shard, index, key, row, host, httpStatus: null, wireBytes: 0 };
      if (row.skip) await take(shard, host, resultOf(task, { fault: row.skip }, 0));
      else queue.push(task, host);
    }
  }

  try {
    const ahead = Math.max(2 * config.queue.concurrency, config.rowsPerShard >> 1);
    for await (const job of jobs) {
      await queue.below(ahead);
      while (open.size >= MOST_OPEN) await Promise.race([...open].map(({ finished }) => finished.promise));
      stop.throwIfAborted();
      await begin(job);
    }
    await queue.below(1);
    await Promise.all([...open].map(({ finished }) => finished.promise));
  } catch (error) {
    broken.abort(error);
    await queue.still();
    // One that has all its rows is finished all the same.
    const ends = [...open].map(({ left, finished, writer }) =>
      left === 0 ? finished.promise : writer.abandon()
    );
    await Promise.allSettled(ends);
    throw error;
  }
}
