/** How the rows of every input are read, found out before anything is begun: a column that is not there is told at once. */
import type { Progress } from "../../program/progress.ts";
import type { TableRow, WantedRow } from "../row.ts";
import { openRowFile } from "../rows/open_row_file.ts";
import type { DownloadConfig } from "../run/download_config.ts";
import { missingColumn } from "../sources/columns.ts";
import { sources } from "../sources/sources.ts";

/**
 * Readers by path; columns that cannot be kept are noted. Throws SyntaxError naming the file that is no table or does not
 * have the columns.
 */
export async function rowReaders(
  inputs: readonly { readonly path: string }[],
  { source, choice, rows, hashColumn }: Pick<DownloadConfig, "source" | "choice" | "rows" | "hashColumn">,
  progress?: Progress,
): Promise<Map<string, (row: TableRow) => WantedRow>> {
  const readers = new Map<string, (row: TableRow) => WantedRow>();
  for (const { path } of inputs) {
    await using table = await openRowFile(path, rows);
    const { columns, named, leftOut } = table;
    if (leftOut.length > 0) {
      progress?.note(
        `${path}: columns ${leftOut.join(", ")} are of kinds that are not read, and are left out`,
      );
    }
    readers.set(path, sources[source].reader(table, choice));
    if (hashColumn !== null && named && columns.length > 0 && !columns.includes(hashColumn)) {
      throw missingColumn(table, hashColumn, "name one of these by --verify-hash");
    }
  }
  return readers;
}
