/** Lists of one URL per line. */
import { readHead } from "../../captions/file_head.ts";
import { lineRecords } from "./line_records.ts";
import type { RecordFile } from "./record_row_file.ts";
import type { RowFileOptions } from "./row_file.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Looks at a list of URLs. A first line that is the name of a column, such as `url`, is no row. */
export async function openUrlList(
  path: string,
  gzipped: boolean,
  { header }: RowFileOptions,
): Promise<RecordFile> {
  const { bytes, mark, whole } = await readHead(path, () => true);
  const found = { from: 0, to: 0, next: 0, fault: null };
  const named = lineRecords.over(bytes, whole)(mark, found) === "record" &&
    (header ?? /^\s*(image_?)?url\s*$/i.test(decoder.decode(bytes.subarray(found.from, found.to))));
  return {
    ...{ path, format: "text", gzipped, columns: ["url"], named: true },
    first: named ? found.next : mark,
    rule: lineRecords,
    rowOf: (url, row) => ({ row, cells: { url } }),
  };
}
