/** The front door to captions: any file of them is opened and read in the same way. */
import type { CaptionFile, CaptionFormat, CaptionOptions, ReadUnit } from "./caption_file.ts";
import { planDelimited, readDelimited } from "./delimited.ts";
import { planJsonArray, readJsonArray } from "./json_array.ts";
import { planJsonl, readJsonl } from "./jsonl.ts";
import { planText, readText } from "./lines.ts";
import { planParquet, readParquet } from "./parquet.ts";
import { recogniseCaptions } from "./recognise.ts";
import { planShard, readShard } from "./shards_of_captions.ts";

/**
 * Looks at a file of captions: what it is (see {@link recogniseCaptions} for the rule), where its captions lie, and into
 * which units it falls; `blockBytes` is the size of the units of a file of lines. A file of no bytes has no units.
 * Throws SyntaxError naming the file for what holds no captions that can be read, RangeError for what is no file.
 */
export async function openCaptionFile(
  path: string,
  options: CaptionOptions = {},
  blockBytes?: number,
): Promise<CaptionFile> {
  const stat = await Deno.stat(path);
  if (!stat.isFile) throw new RangeError(`${path} is no file: name a file of captions`);
  const { format, gzipped, empty } = await recogniseCaptions(path, options);
  if (empty) return { path, format, gzipped, bytes: stat.size, column: null, units: [], layout: {} };
  switch (format) {
    case "parquet":
      return planParquet(path, stat.size, options);
    case "tar":
      return planShard(path, gzipped, stat.size, options);
    case "json":
      return planJsonArray(path, gzipped, stat.size, options);
    case "jsonl":
      return planJsonl(path, gzipped, stat.size, options, blockBytes);
    case "text":
      return planText(path, gzipped, stat.size, options, blockBytes);
    case "tsv":
    case "csv":
      return planDelimited(path, format, gzipped, stat.size, options, blockBytes);
  }
}

const readers: Record<CaptionFormat, ReadUnit> = {
  parquet: readParquet,
  tar: readShard,
  json: readJsonArray,
  jsonl: readJsonl,
  text: readText,
  tsv: readDelimited,
  csv: readDelimited,
};

/**
 * Reads a unit of any format. Throws SyntaxError naming file and place when it is damaged, RangeError when whole records
 * are asked for of parquet.
 */
export const readCaptions: ReadUnit = async (file, unit, arena, sink, options = {}) => {
  if (options.rows && file.format === "parquet") {
    throw new RangeError(`${file.path}: a row of parquet is no piece of bytes; read it with parquetRows`);
  }
  return await readers[file.format](file, unit, arena, sink, options);
};
