// Stand-ins of ImageNet-Captions, with the captions of ../shared/data where they are there and made ones where not, and the
// rules of its variants once more on plain arrays and texts, item by item.
import { pythonRandom, randomState } from "../../data_utils/random/mod.ts";
import { readFrame, textAt } from "../../data_utils/tables/mod.ts";
import { dataRoot, present } from "../data_utils/golden_files.ts";

export interface Item {
  wnid: string;
  filename: string;
  title?: string | null;
  tags?: string[] | null;
  description?: string | null;
}

export const wnids = Array.from({ length: 14 }, (_, i) => `n${String(1440764 + i * 311).padStart(8, "0")}`);
export const names = wnids.map((_, i) => `class_${i} "of {} its"`);
/** Classes of which ImageNet-100 would keep: of these, class 13 has no image. */
export const in100 = [1, 4, 5, 13];
export const templates = Array.from({ length: 80 }, (_, i) => `template ${i} of a {}, a {}.`);
export const lemmas = wnids.map((_, i) => Array.from({ length: 1 + i % 5 }, (_, j) => `lemma ${i} ${j}`));

/** A folder of metadata, with the templates as JSON beside it. */
export async function madeMetadata(folder: string): Promise<string> {
  const dir = `${folder}/metadata/descriptors`, write = Deno.writeTextFile;
  const object = (keys: string[]) => JSON.stringify(Object.fromEntries(keys.map((key) => [key, [key]])));
  await Deno.mkdir(dir, { recursive: true });
  await write(`${dir}/descriptors_imagenet.json`, object(names));
  await write(`${dir}/descriptors_imagenet_synset.json`, object(wnids));
  await write(`${folder}/metadata/imagenet100_idxs.txt`, in100.map((label) => `${label}\n`).join(""));
  await write(`${folder}/templates.json`, JSON.stringify({ OPENAI_IMAGENET_TEMPLATES: templates }));
  return `${folder}/metadata`;
}

const odd = [
  ...[
    'say "cheese"',
    "tab\there",
    "two\r\nlines",
    "NA",
    "null",
    "",
    " ",
    '"',
    "naïve 😀",
    "\u3000",
    " ends \n",
  ],
];

async function realTexts(): Promise<string[]> {
  if (!present(dataRoot)) return odd;
  const frame = await readFrame(
    decodeURIComponent(new URL("captions/laion_sample/part-00002.parquet", dataRoot).pathname),
  );
  const texts = Array.from(
    { length: Math.min(frame.rows, 4000) },
    (_, row) => textAt(frame.text("TEXT"), row) ?? "",
  );
  return [...texts, ...odd, ...odd];
}

/** Items in no order, of long-tailed classes of which the last has none, some of no class, of one name, or lacking texts. */
export async function madeItems(count: number, seed: number): Promise<Item[]> {
  const draw = pythonRandom(seed), texts = await realTexts();
  const text = () => draw.choice(draw.random() < 0.2 ? odd : texts);
  return Array.from({ length: count }, (_, i) => {
    const label = Math.floor(13 * draw.random() ** 2), wnid = i % 97 === 5 ? "n09999999" : wnids[label];
    const item: Item = {
      filename: `${wnid}_${Math.floor(i / (draw.random() < 0.1 ? 40 : 1))}${i % 31 === 3 ? "é😀" : ""}.JPEG`,
      title: text(),
      tags: Array.from({ length: draw.randrange(4) }, text),
      wnid,
      description: draw.random() < 0.5 ? "" : text(),
    };
    if (draw.random() < 0.2) item.title = null;
    if (draw.random() < 0.2) delete item.tags;
    if (draw.random() < 0.2) item.description = null;
    return item;
  });
}

export interface Use {
  title?: boolean;
  tags?: boolean;
  description?: boolean;
  templates?: readonly string[];
  synsets?: boolean;
  shuffle?: boolean;
  seed?: number;
}

export type Row = [filepath: string, label: number, caption: string];

/** The rows of a variant. */
export function slowVariant(items: readonly Item[], root: string, use: Use): Row[] {
  const random = pythonRandom(use.seed ?? 0), list = [...items];
  if (use.shuffle) {
    for (let i = list.length - 1; i > 0; i--) {
      const j = random.randbelow(i + 1), moved = list[i];
      list[i] = list[j];
      list[j] = moved;
    }
  }
  const rows: Row[] = [];
  for (const item of list) {
    const label = wnids.indexOf(item.wnid);
    if (label < 0) continue;
    let text = "";
    const append = (part: string) => text += part === "" ? "" : text === "" ? part : " " + part;
    if (use.title) append(item.title ?? "");
    if (use.tags) append((item.tags ?? []).join(" "));
    if (use.description) append(item.description ?? "");
    text = text.replaceAll("\n", " ").replaceAll("\r", " ").replaceAll("\t", " ");
    if (use.templates) {
      const template = use.templates[use.templates.length > 1 ? random.randbelow(use.templates.length) : 0];
      const name = use.synsets ? lemmas[label][random.randbelow(lemmas[label].length)] : names[label];
      text = template.split("{}").join(name) + " " + text;
    }
    if (text.replaceAll(" ", "") === "") continue;
    rows.push([`${root}/imagenet/train/${item.wnid}/${item.filename}`, label, text]);
  }
  return rows;
}

/** A table as Python's csv writes it. */
export function slowTsv(
  rows: readonly (readonly (string | number)[])[],
  header = ["filepath", "label", "caption"],
): string {
  const field = (value: string | number) => {
    const text = String(value);
    return ["\t", "\n", "\r", '"'].some((sign) => text.includes(sign))
      ? `"${text.split('"').join('""')}"`
      : text;
  };
  return [header, ...rows].map((row) => row.map(field).join("\t") + "\n").join("");
}

/** A frequency table of these labels. */
export const slowCounts = (labels: readonly number[], of: readonly string[]): string =>
  of.map((name, label) => `${name}\t${labels.filter((other) => other === label).length}\n`).join("");

/** Some of the rows: NumPy's permutation written out, of rows sorted by path. */
export function slowDraw(rows: readonly Row[], n: number, seed: number): Row[] {
  const bytes = (text: string) => [...text].map((sign) => sign.codePointAt(0)!);
  const order = (a: Row, b: Row) => {
    const [x, y] = [bytes(a[0]), bytes(b[0])], at = x.findIndex((sign, i) => sign !== y[i]);
    return at < 0 ? x.length - y.length : (x[at] - (y[at] ?? -1));
  };
  const sorted = rows.map((row) => row).sort(order); // stable
  return Array.from(randomState(seed).permutation(rows.length).subarray(0, n), (i) => sorted[i]);
}

/** The rows that are left when the rarest classes are trimmed. */
export function slowTrim(rows: readonly Row[], lastk: number, ceil: number, seed: number): Row[] {
  const random = randomState(seed), left = new Set(rows);
  const counts = wnids.map((_, label) => ({ label, rows: rows.filter((row) => row[1] === label) }));
  counts.sort((a, b) => a.rows.length - b.rows.length || a.label - b.label);
  for (const { rows } of counts.slice(0, lastk)) {
    if (rows.length <= ceil) continue;
    for (const i of random.permutation(rows.length).subarray(0, rows.length - ceil)) left.delete(rows[i]);
  }
  return [...left];
}
