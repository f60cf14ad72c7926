/** Parquet files as tables. The footer says how many rows there are, and any of them can be gone to. */
import { parquetRows } from "../../captions/parquet_rows.ts";
import type { Cell, TableRow } from "../row.ts";
import { cellColumns } from "./parquet_cells.ts";
import type { RowFile } from "./row_file.ts";

/** Rows that are in memory as parquet has them, so that columns of large values are read by a few at a time. */
const ROWS_AT_ONCE = 256;

/** Opens a parquet file. Throws SyntaxError naming it when it is cut short, damaged or encrypted. */
export async function parquetRowFile(path: string): Promise<RowFile> {
  const { size } = await Deno.stat(path), table = await parquetRows(path);
  const { columns, leftOut } = cellColumns(table.leaves), names = columns.map(({ name }) => name);
  const all = table.groups.reduce((sum, rows) => sum + rows, 0);

  /** Reads ascending rows; each row group is begun once. */
  function reader() {
    let at: { group: number; next: number; take: ReturnType<typeof table.read> } | null = null;

    /** Rows from `row` on, as far as their row group and one piece go. */
    async function piece(row: number, count: number): Promise<TableRow[]> {
      let group = 0, first = 0;
      for (; first + table.groups[group] <= row; group++) first += table.groups[group];
      if (at?.group !== group || row < at.next) at = { group, next: row, take: table.read(group) };
      const rows = Math.min(count, ROWS_AT_ONCE, first + table.groups[group] - row);
      const values = table.leaves.map(() => ({ values: [], defined: [], repeated: [] }));
      const { take } = at;
      at = null;
      await take(Array.from({ length: rows }, (_, i) => row - first + i), values);
      at = { group, next: row + rows, take };
      const cells = columns.map(({ leaf, cells }) => cells(values[leaf]));
      return Array.from({ length: rows }, (_, i) => {
        const of: [string, Cell][] = names.map((name, column) => [name, cells[column][i]]);
        return { row: row + i, cells: Object.fromEntries(of) };
      });
    }

    return async (row: number, count: number, see: (row: TableRow) => void, signal?: AbortSignal) => {
      for (const end = Math.min(all, row + count); row < end;) {
        signal?.throwIfAborted();
        const rows = await piece(row, end - row);
        rows.forEach(see);
        row += rows.length;
      }
    };
  }

  const readRows = reader();
  let queue: Promise<unknown> = Promise.resolve();
  /** One after the other, since they share the file. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = queue.then(work);
    queue = done.catch(() => {});
    return done;
  }
  return {
    ...{ path, format: "parquet", columns: names, leftOut, named: true },
    kinds: Object.fromEntries(columns.map(({ name, kind }) => [name, kind])),
    survey: (rowsPerRun, { look, passed, signal } = {}) =>
      inTurn(async () => {
        const places = Array.from(
          { length: Math.ceil(all / rowsPerRun) },
          (_, i) => ({ row: i * rowsPerRun }),
        );
        if (!look || all === 0) passed?.(size);
        else {
          const seeRows = reader();
          for (let row = 0; row < all; row += ROWS_AT_ONCE) {
            const rows = Math.min(ROWS_AT_ONCE, all - row);
            await seeRows(row, rows, look, signal);
            passed?.(size * rows / all);
          }
        }
        return { rows: all, places };
      }),
    read: (place, count, signal) =>
      inTurn(async () => {
        const rows: TableRow[] = [];
        await readRows(place.row, count, (row) => rows.push(row), signal);
        return rows;
      }),
    async [Symbol.asyncDispose]() {
      await queue;
      table[Symbol.dispose]();
    },
  };
}
