/** The front door to tables of images: any of them is opened and read in the same way. */
import { openJson, openJsonl } from "./json_file.ts";
import { parquetRowFile } from "./parquet_row_file.ts";
import { recogniseRows } from "./recognise_rows.ts";
import { recordRowFile } from "./record_row_file.ts";
import type { OpenRowFile } from "./row_file.ts";
import { openTable } from "./table_file.ts";
import { openUrlList } from "./url_list.ts";

/** Opens a table; see {@link OpenRowFile}. RangeError for what is no file. */
export const openRowFile: OpenRowFile = async (path, options = {}) => {
  const stat = await Deno.stat(path);
  if (!stat.isFile) throw new RangeError(`${path} is no file: name a list of images`);
  const { format, gzipped } = await recogniseRows(path, options.format);
  switch (format) {
    case "parquet":
      return await parquetRowFile(path);
    case "text":
      return recordRowFile(await openUrlList(path, gzipped, options));
    case "tsv":
    case "csv":
      return recordRowFile(await openTable(path, format, gzipped, options));
    case "jsonl":
      return recordRowFile(await openJsonl(path, gzipped));
    case "json":
      return recordRowFile(await openJson(path, gzipped));
  }
};
