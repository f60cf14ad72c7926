/** A shard being filled: images into the spool, what is small into memory, and in the end all of it into its files. */
import { writeArchive } from "./archive.ts";
import { writeTogether } from "./commit.ts";
import { writeTemporary } from "./hashed_file.ts";
import type { ShardFiles } from "./names.ts";
import { extraNames, rowColumns } from "./row_columns.ts";
import { writeRowTable } from "./row_table.ts";
import type { RowResult, ShardStats, ShardWriter } from "./shard.ts";
import type { ColumnKinds } from "../row.ts";
import { countRows, fileNote, writeStats } from "./shard_stats.ts";
import { openSpool, type Spool } from "./spool.ts";
import type { StoredRow } from "./stored_row.ts";

/** Which shard, and what is said of it. */
export interface ShardWriterOptions {
  readonly files: ShardFiles;
  /** Rows that it will have. */
  readonly rows: number;
  /** Folder on a disk with room for the images of the shards under way. */
  readonly scratch: string;
  /** Whether EXIF was asked for: it has a column then. */
  readonly exif: boolean;
  /** What the input says of its columns. */
  readonly kinds?: ColumnKinds;
  /** Of a supplementary shard. */
  readonly replaces?: ShardStats["replaces"];
}

type Times = Parameters<ShardWriter["finish"]>[0];

/** Writes all files of a shard from its rows under temporary names. */
async function writeFiles(
  { files, exif, kinds, replaces }: ShardWriterOptions,
  rows: readonly StoredRow[],
  spool: Spool,
  { started, ended }: Times,
): Promise<ShardStats> {
  const names = extraNames(rows), { layout } = files;
  const tar = await writeTemporary(
    files.tar,
    (write) => writeArchive(write, { rows, spool, layout, names, exif }),
  );
  const parquet = await writeTemporary(
    files.parquet,
    (write) => writeRowTable(write, rowColumns(rows, names, exif, kinds)),
  );
  const stats: ShardStats = {
    ...countRows(rows),
    duration: (ended - started) / 1000,
    start_time: started / 1000,
    end_time: ended / 1000,
    ...replaces && { replaces },
    tar: fileNote(files.tar, tar),
    parquet: fileNote(files.parquet, parquet),
  };
  await writeStats(files, stats);
  return stats;
}

/** A row without the bytes of its image, which go into the spool. */
async function store({ image, ...row }: RowResult, spool: Spool): Promise<StoredRow> {
  const texts = { url: row.url.toWellFormed(), caption: row.caption.toWellFormed() };
  if (image === null) return { ...row, ...texts, image };
  const { bytes, ...facts } = image;
  const at = row.status === "success" ? await spool.append(bytes) : null;
  return { ...row, ...texts, image: { ...facts, at } };
}

/**
 * Opens a shard for its rows; its folders are made. `add` throws Error for a row that the shard has or cannot have, and
 * where the disk has no room; `finish` throws Error while rows are missing.
 */
export async function openShardWriter(options: ShardWriterOptions): Promise<ShardWriter> {
  const { files, rows: count, scratch } = options, { name } = files;
  await Deno.mkdir(files.folder, { recursive: true });
  await Deno.mkdir(scratch, { recursive: true });
  const spool = await openSpool(`${scratch}/${name}.spool`), rows: StoredRow[] = new Array(count);
  const taken = new Uint8Array(count), adding = new Set<Promise<StoredRow>>();
  let left = count, closed: Promise<unknown> | null = null;

  /** Closes the shard to rows and does the last thing with it. */
  function close<R>(last: () => Promise<R>): Promise<R> {
    const end = Promise.allSettled(adding).then(last).finally(() => spool.remove());
    closed = end.catch(() => {});
    return end;
  }

  return {
    async add(result) {
      const { index, status, image } = result;
      if (closed) throw new Error(`${name} is closed, and takes no row ${index}`);
      if (taken[index] !== 0) throw new Error(`${name} cannot have row ${index}, or has it already`);
      if (status === "success" && image === null) throw new Error(`${name}: row ${index} has no image`);
      taken[index] = 1;
      const storing = store(result, spool);
      adding.add(storing);
      try {
        rows[index] = await storing;
        left--;
      } finally {
        adding.delete(storing);
      }
    },
    async finish(times) {
      if (closed) throw new Error(`${name} is closed, and cannot be finished`);
      return await close(async () => {
        if (left > 0) throw new Error(`${name} cannot be finished: ${left} of its ${count} rows are missing`);
        return await writeTogether(files, () => writeFiles(options, rows, spool, times));
      });
    },
    async abandon() {
      await (closed ?? close(() => Promise.resolve()));
    },
  };
}
