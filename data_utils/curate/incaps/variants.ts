/**
 * Captions of ImageNet-Captions by a rule, in the order of the file or shuffled. The file is passed twice, for counting
 * and for writing, so that a variant needs the memory of a few thousand rows; shuffled, all texts are held as bytes.
 */
import type { ClassMetadata } from "../../metadata/class_metadata.ts";
import { type PythonRandom, pythonRandom } from "../../random/python_random.ts";
import { textAt, textBuilder, wholeColumn } from "../../tables/column.ts";
import { makeFrame } from "../../tables/frame.ts";
import { writeTsv } from "../../tables/write_tsv.ts";
import { captionOf, type CaptionRule, textOf } from "./caption_rule.ts";
import { readItems } from "./items.ts";

/** Where the captions come from and what becomes of them. */
export interface VariantPlan {
  /** imagenet_captions.json. */
  readonly captions: string;
  /** Folder of the data sets; images are ROOT/imagenet/train/WNID/FILENAME. */
  readonly root: string;
  readonly metadata: ClassMetadata;
  readonly rule: CaptionRule;
  readonly shuffle: boolean;
  /** Seed of Python's random. */
  readonly seed: number;
  readonly signal?: AbortSignal;
  /** Told now and then how far the work is. */
  readonly show?: (text: string) => void;
}

/** A variant that was counted and can be written, any number of times alike. */
export interface Variant {
  readonly rows: number;
  /** Rows by label. */
  readonly counts: Int32Array;
  /** Items of the file, those of no known class, and those without a caption. */
  readonly items: number;
  readonly unknown: number;
  readonly blank: number;
  /** Writes the table: filepath, label, caption. */
  write(file: Deno.FsFile): Promise<void>;
}

interface Image {
  readonly label: number;
  readonly filename: string;
  readonly text: string;
}

/** Images of known classes in the variant's order; what is drawn for the order comes from `random`. */
type Images = (random: PythonRandom) => AsyncGenerator<Image[]> | Generator<Image[]>;

const BATCH = 2 ** 13;

/** Counts a variant. Throws as readItems, and RangeError when nothing is left to write. */
export async function countVariant(plan: VariantPlan): Promise<Variant> {
  const { captions, metadata, rule, shuffle, seed, signal } = plan;
  const labels = new Map(metadata.wnids.map((wnid, label) => [wnid, label]));
  let items = 0, unknown = 0;

  async function* inOrder(): AsyncGenerator<Image[]> {
    items = unknown = 0;
    for await (const batch of readItems(captions, signal)) {
      items += batch.length;
      const images = batch.flatMap((item): Image[] => {
        const label = labels.get(item.wnid);
        return label === undefined ? [] : [{ label, filename: item.filename, text: textOf(item, rule) }];
      });
      unknown += batch.length - images.length;
      yield images;
    }
  }

  const held = shuffle ? await holdItems(plan, labels) : null;
  const images: Images = held?.images ?? inOrder;
  const counts = new Int32Array(labels.size);
  let kept = 0, rows = 0;
  const counting = pythonRandom(seed);
  for await (const batch of images(counting)) {
    kept += batch.length;
    plan.show?.(`counted ${kept} images`);
    for (const { label, text } of batch) {
      if (captionOf(text, label, rule, counting) === null) continue;
      counts[label]++;
      rows++;
    }
  }
  if (held) [items, unknown] = [held.items, held.unknown];
  if (rows === 0) {
    throw new RangeError(
      `${captions}: none of its ${items} items has a caption and one of the ${labels.size} classes of the metadata`,
    );
  }
  return {
    ...{ rows, counts, items, unknown, blank: kept - rows },
    write: (file) => writeRows(file, images, plan, rows),
  };
}

async function writeRows(file: Deno.FsFile, images: Images, plan: VariantPlan, rows: number): Promise<void> {
  const { root, rule, seed, metadata, signal } = plan, random = pythonRandom(seed);
  const train = `${root}${root.endsWith("/") ? "" : "/"}imagenet/train`;
  let header = true, written = 0;
  let paths = textBuilder(BATCH), captions = textBuilder(BATCH), labels: number[] = [];
  const flush = async () => {
    const columns = { filepath: paths.finish(), label: wholeColumn(labels), caption: captions.finish() };
    await writeTsv(file, makeFrame(columns), ["filepath", "label", "caption"], header);
    header = false;
    plan.show?.(`wrote ${written += labels.length} of ${rows} rows`);
    [paths, captions, labels] = [textBuilder(BATCH), textBuilder(BATCH), []];
  };
  for await (const batch of images(random)) {
    signal?.throwIfAborted();
    for (const { label, filename, text } of batch) {
      const caption = captionOf(text, label, rule, random);
      if (caption === null) continue;
      paths.add(`${train}/${metadata.wnids[label]}/${filename}`);
      captions.add(caption);
      labels.push(label);
    }
    if (labels.length >= BATCH) await flush();
  }
  await flush();
}

/** Holds all items, also those of no class, which take part in the shuffle as in the reference. */
async function holdItems({ captions, rule, signal, show }: VariantPlan, labels: ReadonlyMap<string, number>) {
  const names = textBuilder(), texts = textBuilder(), ofItem: number[] = [];
  let unknown = 0;
  for await (const batch of readItems(captions, signal)) {
    show?.(`read ${ofItem.length} items`);
    for (const item of batch) {
      const label = labels.get(item.wnid) ?? -1;
      if (label < 0) unknown++;
      ofItem.push(label);
      names.add(item.filename);
      texts.add(label < 0 ? "" : textOf(item, rule));
    }
  }
  const filenames = names.finish(), held = texts.finish();
  function* images(random: PythonRandom): Generator<Image[]> {
    const order = random.shuffle(Int32Array.from(ofItem, (_, i) => i));
    for (let from = 0; from < order.length; from += BATCH) {
      yield [...order.subarray(from, from + BATCH)].filter((i) => ofItem[i] >= 0).map((i) => ({
        label: ofItem[i],
        filename: textAt(filenames, i)!,
        text: textAt(held, i)!,
      }));
    }
  }
  return { images, items: ofItem.length, unknown };
}
