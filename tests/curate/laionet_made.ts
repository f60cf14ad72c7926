// Stand-ins of LAIONet's tables, with the captions of ../shared/data where they are there and made ones where not, and the
// rules once more on plain arrays, row by row.
import { sampleRows } from "../../data_utils/random/mod.ts";
import {
  type Column,
  makeFrame,
  readFrame,
  textAt,
  textColumn,
  writeParquetFrame,
} from "../../data_utils/tables/mod.ts";
import { dataRoot, present } from "../data_utils/golden_files.ts";
import { draws, written } from "../tables/rows.ts";

export interface Row {
  index: number;
  wnid: string;
  text: string | null;
  similarity: number;
}

/** WordNet ids in order; the husky's is ImageNet's. */
export const madeWnids = [
  ...Array.from({ length: 39 }, (_, i) => `n${String(1000000 + i * 7).padStart(8, "0")}`),
];
madeWnids.push("n02110185");
export const madeNames = madeWnids.map((wnid, i) => `class "${i}" of ${wnid}`);

/** A folder of class metadata. */
export async function madeMetadata(folder: string): Promise<string> {
  const dir = `${folder}/metadata/descriptors`,
    object = (keys: string[]) => Object.fromEntries(keys.map((key) => [key, [key]]));
  await Deno.mkdir(dir, { recursive: true });
  await Deno.writeTextFile(`${dir}/descriptors_imagenet.json`, JSON.stringify(object(madeNames)));
  await Deno.writeTextFile(`${dir}/descriptors_imagenet_synset.json`, JSON.stringify(object(madeWnids)));
  return `${folder}/metadata`;
}

const oddCaptions = [
  'say "cheese"',
  "tab\there",
  "two\r\nlines",
  "NA",
  "",
  '"',
  "naïve 😀",
  null,
  " ends \n",
];

async function captionsOf(): Promise<(string | null)[]> {
  if (!present(dataRoot)) return oddCaptions;
  const frame = await readFrame(
    decodeURIComponent(new URL("captions/laion_sample/part-00001.parquet", dataRoot).pathname),
  );
  return [...oddCaptions, ...Array.from({ length: frame.rows }, (_, row) => textAt(frame.text("TEXT"), row))];
}

/** Rows of a long-tailed table: the last three classes are absent, ids are in no order, similarities in float32. */
export async function madeRows(count: number, seed: number): Promise<Row[]> {
  const draw = draws(seed), captions = await captionsOf(), last = madeWnids.length - 4;
  return Array.from({ length: count }, (_, i) => {
    const label = i % 50 === 7 ? -1 : Math.floor(last * (draw(1000) / 1000) ** 3);
    return {
      // A prime modulus above any number of rows: no id comes twice.
      index: (i * 7919) % 4_000_037 * 101 + seed,
      wnid: label < 0 ? "n02112837" : madeWnids[label],
      text: captions[i % captions.length],
      // Few rows of the rarest classes are above the threshold.
      similarity: Math.fround(
        i % 997 === 5 ? NaN : label > last - 8 ? 0.5 + draw(201) / 1000 : 0.6 + draw(400) / 1000,
      ),
    };
  });
}

/** Writes rows as pandas has them: float32 similarities, int64 ids under the name of the column or of the index. */
export async function writeRows(path: string, rows: readonly Row[], idName = "index"): Promise<string> {
  const columns: Record<string, Column> = {
    URL: textColumn(rows.map(({ index }) => `http://example.org/${index}`)),
    TEXT: textColumn(rows.map(({ text }) => text)),
    wnid: textColumn(rows.map(({ wnid }) => wnid)),
    text_to_name_def_wnid_similarity: {
      kind: "float32",
      values: Float32Array.from(rows, ({ similarity }) => similarity),
    },
    [idName]: { kind: "int64", values: Float64Array.from(rows, ({ index }) => index) },
  };
  await written(path, (file) => writeParquetFrame(file, makeFrame(columns)));
  return path;
}

const labels = new Map(madeWnids.map((wnid, label) => [wnid, label]));
labels.set("n02112837", labels.get("n02110185")!);
const labelOf = (wnid: string) => labels.get(wnid)!;

/** The text of the table of these rows with their folders, in order of their ids. */
export function slowTsv(rows: readonly (Row & { folder?: string })[]): string {
  const lines = [...rows].sort((a, b) => a.index - b.index).map(
    ({ index, wnid, text, folder = "laionet" }) => {
      const caption = (text ?? "").replace(/[\r\n\t]/g, " "), label = labelOf(wnid);
      const field = caption.includes('"') ? `"${caption.replaceAll('"', '""')}"` : caption;
      return `../datasets/${folder}/${madeWnids[label]}/${index}.jpg\t${label}\t${field}\n`;
    },
  );
  return `filepath\tlabel\tcaption\n${lines.join("")}`;
}

/** Rows per class. */
export function slowCounts(rows: readonly Row[]): string {
  const counts = madeNames.map(() => 0);
  for (const { wnid } of rows) counts[labelOf(wnid)]++;
  return madeNames.map((name, label) => `${name}\t${counts[label]}\n`).join("");
}

/** Spec 2.4 with 2.10, on arrays. */
export function slowSubset(
  rows: readonly Row[],
  { thresh, n, frac = 1, seed = 42 }: { thresh: number; n?: number; frac?: number; seed?: number },
): Row[] {
  const above = rows.filter(({ similarity }) => similarity >= Math.fround(thresh));
  const drawn = [
    ...sampleRows(above.length, n === undefined ? { frac, randomState: seed } : { n, randomState: seed }),
  ];
  const chosen = drawn.map((i) => above[i]);
  const had = new Set(chosen.map(({ wnid }) => labelOf(wnid)));
  for (const row of rows) {
    if (had.has(labelOf(row.wnid))) continue;
    had.add(labelOf(row.wnid));
    chosen.push(row);
  }
  if (n === undefined || chosen.length === n) return chosen;
  const counts = new Map<number, number>();
  for (const { wnid } of chosen) counts.set(labelOf(wnid), (counts.get(labelOf(wnid)) ?? 0) + 1);
  const top = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 10).map(([label]) => label);
  const candidates = chosen.filter(({ wnid }) => top.includes(labelOf(wnid)));
  const dropped = new Set(
    [...sampleRows(candidates.length, { n: chosen.length - n, randomState: seed })].map((i) => candidates[i]),
  );
  return chosen.filter((row) => !dropped.has(row));
}
