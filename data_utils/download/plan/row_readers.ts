/** How the rows of every input are read, found out before anything is begun: a column that is not there is told at once. */
import type { Progress } from "../../program/progress.ts";
import type { TableRow, WantedRow } from "../row.ts";
import { openRowFile } from "../rows/open_row_file.ts";
import type { RowFileOptions } from "../rows/row_file.ts";
import type { Source, SourceChoice } from "../sources/source.ts";

/** Readers by path; columns that cannot be kept are noted. Throws SyntaxError naming the file that is no table or does not have the columns. */
export async function rowReaders(
  inputs: readonly { readonly path: string }[],
  source: Source,
  choice: SourceChoice,
  options: RowFileOptions,
  progress?: Progress,
): Promise<Map<string, (row: TableRow) => WantedRow>> {
  const readers = new Map<string, (row: TableRow) => WantedRow>();
  for (const { path } of inputs) {
    await using table = await openRowFile(path, options);
    if (table.leftOut.length > 0) {
      progress?.note(
        `${path}: columns ${table.leftOut.join(", ")} are of kinds that are not read, and are left out`,
      );
    }
    readers.set(path, source.reader(table, choice));
  }
  return readers;
}
