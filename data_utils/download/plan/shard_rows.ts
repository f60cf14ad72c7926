/** The rows of planned shards as their source sees them. Files stay open while shards are asked for in order. */
import type { ColumnKinds, WantedRow } from "../row.ts";
import { openRowFile } from "../rows/open_row_file.ts";
import type { RowFile, RowFileOptions } from "../rows/row_file.ts";
import type { Source, SourceChoice } from "../sources/source.ts";
import type { Plan, PlannedShard } from "./plan.ts";

/** Reads shards' rows. */
export interface ShardRows extends AsyncDisposable {
  /** Throws Error naming the file when it no longer has the rows it had. */
  read(shard: PlannedShard, signal: AbortSignal): Promise<WantedRow[]>;
  /** Of the file that was read last. */
  kinds(): ColumnKinds;
}

/** Opens the rows of a plan. */
export function openShardRows(
  plan: Plan,
  source: Source,
  choice: SourceChoice,
  options: RowFileOptions,
): ShardRows {
  let open: { file: number; table: RowFile; reader: ReturnType<Source["reader"]> } | null = null;
  const close = async () => {
    await open?.table[Symbol.asyncDispose]();
    open = null;
  };
  return {
    async read(shard, signal) {
      if (open?.file !== shard.file) {
        await close();
        const table = await openRowFile(plan.files[shard.file].path, options);
        open = { file: shard.file, table, reader: source.reader(table, choice) };
      }
      const rows = await open!.table.read(shard.place, shard.rows, signal);
      if (rows.length !== shard.rows) {
        const { path } = plan.files[shard.file];
        throw new Error(
          `${path} has changed while it was read: ${rows.length} rows where ${shard.rows} were`,
        );
      }
      return rows.map(open!.reader);
    },
    kinds: () => open?.table.kinds ?? {},
    [Symbol.asyncDispose]: close,
  };
}
