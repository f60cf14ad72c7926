// From images to the token rows that the text tower reads: which caption an image has in an epoch, the vocabulary of all
// captions of a run, and how long the rows must be.

import {
  buildVocabulary,
  fillTemplate,
  type ImageBatch,
  type ImageSource,
  loadClipTokenizer,
  randomStream,
  tokenize,
  type Tokenizer,
  vocabularyFromJson,
  vocabularyToJson,
  type WordVocabulary,
  writeTextAtomically,
} from "../data_utils/mod.ts";
import type { CaptionKind } from "./presets.ts";

/** The caption of an image in an epoch: a pure function, so none need be kept. */
export type CaptionOf = (epoch: number, index: number) => string;

/** First steps of the random paths: which template, and whether a template at all. */
const templateDraws = 0x746d706c, mixDraws = 0x6d697864;

/** A fresh prompt with the image's class in it, for each image and epoch. */
export function templateCaptions(
  { labels, classNames }: Pick<ImageSource, "labels" | "classNames">,
  templates: readonly string[],
  seed: number,
): CaptionOf {
  return (epoch, index) => {
    const template = templates[randomStream(seed, templateDraws, epoch, index).int(templates.length)];
    return fillTemplate(template, classNames[labels[index]]);
  };
}

/**
 * Where a source's captions come from: its own, unless it has none or they only repeat the class names.
 * Throws RangeError when there are neither captions nor labels.
 */
export function captionKind(
  { captions, labels, classNames }: Pick<ImageSource, "captions" | "labels" | "classNames">,
): CaptionKind {
  const says = (label: number, text: string) =>
    text !== "" && text.toLowerCase() !== classNames[label]?.toLowerCase();
  if (captions?.some((text, i) => says(labels[i], text))) return "own";
  if (classNames.length > 0 && labels.every((label) => label >= 0)) return "templates";
  throw new RangeError("The training images have no captions, nor labels of --classes to make some from");
}

/** The captions of a source, of the kind asked for; `own` stands in for those that came with the images. */
export function captionsOf(
  source: ImageSource,
  { captions, templates, seed, own = (_, index) => source.captions?.[index] ?? "" }: {
    captions: CaptionKind;
    templates: readonly string[];
    seed: number;
    own?: CaptionOf;
  },
): CaptionOf {
  if (captions === "own") return own;
  const filled = templateCaptions(source, templates, seed);
  if (captions === "templates") return filled;
  return (epoch, index) => {
    const half = randomStream(seed, mixDraws, epoch, index).uniform() < 0.5;
    return half ? filled(epoch, index) : own(epoch, index);
  };
}

/** How captions become token rows. */
export interface TextCoding {
  readonly tokenizer: Tokenizer;
  /** Length of the rows. */
  readonly contextLength: number;
}

/** Rows are a multiple of this long: whole vec4s where attention runs over them. */
const lengthStep = 4;

/**
 * The vocabulary of all captions of a run and the length of the longest, rounded up to a multiple of 4 and at most
 * `most`; with `bpe`, CLIP's byte pairs take the vocabulary's place.
 */
export async function textCoding(
  captions: () => Iterable<string>,
  { bpe, most }: { bpe: string | null; most: number },
): Promise<TextCoding> {
  const tokenizer = bpe === null ? await buildVocabulary(captions()) : await loadClipTokenizer(bpe);
  const lengths = new Map<string, number>();
  let longest = 2;
  for (const caption of captions()) {
    if (lengths.has(caption)) continue;
    const length = tokenizer.encode(caption).length + 2;
    if (lengths.size < 100_000) lengths.set(caption, length);
    longest = Math.max(longest, length);
  }
  return { tokenizer, contextLength: Math.min(most, Math.ceil(longest / lengthStep) * lengthStep) };
}

/** Every caption of `epochs` epochs. */
export function* allCaptions(captionOf: CaptionOf, count: number, epochs: number): Generator<string> {
  for (let epoch = 0; epoch < epochs; epoch++) for (let i = 0; i < count; i++) yield captionOf(epoch, i);
}

/** A batch with its captions as token rows. */
export interface CaptionedBatch extends ImageBatch {
  /** Token ids [B, T] and the place of each row's end mark [B]. */
  readonly text: ReturnType<typeof tokenize>;
}

/** The batches with their captions encoded. */
export async function* captioned(
  batches: Iterable<ImageBatch> | AsyncIterable<ImageBatch>,
  captionOf: CaptionOf,
  { tokenizer, contextLength }: TextCoding,
): AsyncGenerator<CaptionedBatch> {
  for await (const batch of batches) {
    const captions = Array.from(batch.indices, (index) => captionOf(batch.epoch, index));
    yield { ...batch, captions, text: tokenize(tokenizer, captions, contextLength) };
  }
}

const vocabularyFile = "vocabulary.json";

/** Saves a word vocabulary with the run; byte pairs stay where they are. */
export async function saveVocabulary(dir: string, tokenizer: Tokenizer): Promise<void> {
  if (!("words" in tokenizer)) return;
  await writeTextAtomically(`${dir}/${vocabularyFile}`, vocabularyToJson(tokenizer as WordVocabulary));
}

/** The tokenizer of a run. Throws Deno.errors.NotFound or SyntaxError, naming the file. */
export async function runTokenizer(dir: string, bpe: string | null): Promise<Tokenizer> {
  if (bpe !== null) return await loadClipTokenizer(bpe);
  const path = `${dir}/${vocabularyFile}`;
  return vocabularyFromJson(await Deno.readTextFile(path), path);
}
