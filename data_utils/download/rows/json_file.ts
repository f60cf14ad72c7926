/** JSON as tables: a list of objects, or an object per line. */
import { type FileHead, readHead } from "../../captions/file_head.ts";
import type { TableRow } from "../row.ts";
import { jsonRow } from "./json_cells.ts";
import { findList, type JsonList, jsonRecords } from "./json_records.ts";
import { lineRecords } from "./line_records.ts";
import { openRecords, type RecordFile, rowTaker } from "./record_row_file.ts";

const ROWS_LOOKED_AT = 100;

/** The keys of the first rows. Throws SyntaxError naming the file when there are rows, but no object among the first. */
async function withKeys(file: Omit<RecordFile, "columns" | "named" | "rowOf">): Promise<RecordFile> {
  const rows: TableRow[] = [], cursor = await openRecords(file);
  try {
    await cursor.pass(ROWS_LOOKED_AT, rowTaker(jsonRow, 0, (row) => rows.push(row)));
  } finally {
    await cursor.close();
  }
  if (rows.length > 0 && rows.every(({ fault }) => fault !== undefined)) {
    throw new SyntaxError(
      `${file.path} lists no objects such as {"url": "https://..."}: none of its first ${rows.length} rows is one`,
    );
  }
  const columns = [...new Set(rows.flatMap(({ cells }) => Object.keys(cells)))];
  return { ...file, columns, named: true, rowOf: jsonRow };
}

/** Looks at a file of an object per line. Throws SyntaxError naming it when it is none. */
export async function openJsonl(path: string, gzipped: boolean): Promise<RecordFile> {
  const { mark } = await readHead(path, () => true);
  return await withKeys({ path, format: "jsonl", gzipped, first: mark, rule: lineRecords });
}

/** The list of rows in a file; null where there is none at its beginning. */
export async function listIn(path: string): Promise<JsonList | null> {
  const find = ({ bytes, mark, whole }: FileHead) => findList(bytes, mark, whole);
  return find(await readHead(path, (head) => find(head) !== undefined)) ?? null;
}

/** Looks at a file with a list of objects. Throws SyntaxError naming it when it is none. */
export async function openJson(path: string, gzipped: boolean): Promise<RecordFile> {
  const list = await listIn(path);
  if (list === null) {
    throw new SyntaxError(
      `${path} is no JSON list of objects, neither [{...}, ...] nor {"annotations": [{...}, ...]}: ` +
        `fetch it again, or say what it is with --format`,
    );
  }
  return await withKeys({ path, format: "json", gzipped, first: list.first, rule: jsonRecords(path, list) });
}
