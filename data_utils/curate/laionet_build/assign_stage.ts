/**
 * `laionet-build assign`: from the captions nearest to each image to the rows of each class. Images come in the order of
 * the file; each takes its nearest caption that no image before it has taken.
 */
import { makeFrame, readFrame, textBuilder, textCodes } from "../../tables/mod.ts";
import { writeParquetFrame } from "../../tables/write_parquet.ts";
import type { TopK } from "./exact_top_k.ts";
import { ID_COLUMN } from "./subset_stage.ts";

/** The column of images' file names, as in the reference's frame of ImageNet-Captions. */
export const IMAGE_COLUMN = "ic_index";

/** Writes what was retrieved: a row for each image and caption, nearest first, images in their order. */
export async function writeMatches(file: Deno.FsFile, names: readonly string[], top: TopK): Promise<void> {
  const rows = top.counts.reduce((sum, count) => sum + count, 0), images = textBuilder(rows);
  const ids = new Float64Array(rows), similarity = new Float64Array(rows), encoder = new TextEncoder();
  let row = 0;
  for (const [image, name] of names.entries()) {
    const bytes = encoder.encode(name), place = images.keep(bytes);
    for (let i = 0; i < top.counts[image]; i++, row++) {
      images.addSpan(place, bytes.length);
      ids[row] = top.ids[image * top.k + i];
      similarity[row] = top.values[image * top.k + i];
    }
  }
  await writeParquetFrame(
    file,
    makeFrame({
      [IMAGE_COLUMN]: images.finish(),
      [ID_COLUMN]: { kind: "int64", values: ids },
      similarity: { kind: "float64", values: similarity },
    }),
  );
}

/** What was given to whom. */
export interface Assigned {
  /** Rows of each class, classes in order of their ids, rows in the order of the images. */
  readonly lists: readonly (readonly [wnid: string, ids: readonly number[]])[];
  readonly images: number;
  /** Images whose captions had all been taken. */
  readonly without: number;
}

/** The class of an image by its file name, which begins with it: n01440764_10026. */
export const wnidOfName = (name: string): string | undefined => /^(n\d{8})_/.exec(name)?.[1];

/**
 * Gives each image of a table of matches (ic_index, index; nearest first) one id. Throws SyntaxError for other columns,
 * RangeError for an image whose class `wnidOf` does not know, and for one whose rows lie apart.
 */
export async function assignIds(
  path: string,
  wnidOf: (name: string) => string | undefined = wnidOfName,
): Promise<Assigned> {
  const frame = await readFrame(path, { columns: [IMAGE_COLUMN, ID_COLUMN], fields: "pandas" });
  const { codes, texts } = textCodes(frame.text(IMAGE_COLUMN)), ids = frame.numbers(ID_COLUMN);
  const taken = new Set<number>(), lists = new Map<string, number[]>();
  let without = 0, next = 0;
  for (let row = 0; row < frame.rows;) {
    const code = codes[row], name = texts[code] ?? "";
    if (code !== next++) {
      throw new RangeError(
        `${path}, row ${row} (from 0): the rows of image ${JSON.stringify(name)} do not lie together`,
      );
    }
    const wnid = wnidOf(name);
    if (wnid === undefined) {
      throw new RangeError(
        `${path}, row ${row} (from 0): no class is known of image ${
          JSON.stringify(name)
        }: give --image-wnids`,
      );
    }
    let id: number | null = null;
    for (; row < frame.rows && codes[row] === code; row++) {
      if (id === null && !taken.has(ids[row])) id = ids[row];
    }
    if (id === null) {
      without++;
      continue;
    }
    taken.add(id);
    const list = lists.get(wnid) ?? [];
    lists.set(wnid, list);
    list.push(id);
  }
  const order = [...lists].sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
  return { lists: order, images: next, without };
}
