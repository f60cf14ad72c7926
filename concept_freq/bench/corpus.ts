/**
 * The bench's captions on disk: a table TEXT, URL as TSV and as snappy parquet, made batch by batch so that memory does
 * not grow with it. A file that an earlier run kept is used again where it is the same.
 */
import { createHash } from "node:crypto";
import { writeAtomically, writeFully, writeJsonAtomically } from "../../data_utils/mod.ts";
import { loadParquetWriter } from "../deps.ts";
import { type CaptionBatch, captionMaker, type CaptionRecipe } from "./caption_maker.ts";

/** How the captions are stored. */
export type CorpusFormat = "tsv" | "parquet";

/** A file of captions. */
export interface CorpusFile {
  readonly path: string;
  readonly captions: number;
  readonly bytes: number;
}

/** What to make, and who listens. */
export interface CorpusJob {
  readonly folder: string;
  readonly recipe: CaptionRecipe;
  readonly captions: number;
  readonly signal: AbortSignal;
  readonly onCaptions?: (done: number) => void;
}

/** Rows of a batch, and of a row group of the parquet file. */
const BATCH = 100_000;

/** The batches of a whole corpus in turn. Throws the signal's reason when it aborts. */
async function* batches({ recipe, captions, signal, onCaptions }: CorpusJob): AsyncGenerator<CaptionBatch> {
  const make = captionMaker(recipe);
  for (let done = 0; done < captions; done += BATCH) {
    await new Promise((resolve) => setTimeout(resolve)); // lets Ctrl-C through
    signal.throwIfAborted();
    yield make(Math.min(BATCH, captions - done));
    onCaptions?.(Math.min(captions, done + BATCH));
  }
}

async function writeTsv(path: string, job: CorpusJob): Promise<void> {
  await writeAtomically(path, async (file) => {
    await writeFully(file, new TextEncoder().encode("TEXT\tURL\n"));
    for await (const { bytes } of batches(job)) await writeFully(file, bytes);
  });
}

/** As most web-scale sets come: columns of optional UTF-8, pages of 1 MiB, snappy. */
async function writeParquet(path: string, job: CorpusJob): Promise<void> {
  const { ParquetWriter, ByteWriter } = await loadParquetWriter();
  await writeAtomically(path, async (file) => {
    const buffer = new ByteWriter();
    const emptyBuffer = async () => {
      await writeFully(file, buffer.getBytes());
      buffer.index = 0;
    };
    const column = (name: string) =>
      ({ name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" }) as const;
    const writer = new ParquetWriter({
      writer: buffer,
      schema: [{ name: "root", num_children: 2 }, column("TEXT"), column("URL")],
      codec: "SNAPPY",
      statistics: false,
    });
    for await (const { rows, bytes, places } of batches(job)) {
      const texts: Uint8Array[] = [], urls: Uint8Array[] = [];
      for (let row = 0; row < rows; row++) {
        const [start, end, urlEnd] = places.subarray(3 * row, 3 * row + 3);
        texts.push(bytes.subarray(start, end));
        urls.push(bytes.subarray(end + 1, urlEnd));
      }
      const plain = { encoding: "PLAIN", offsetIndex: false } as const;
      writer.write({
        columnData: [{ name: "TEXT", data: texts, ...plain }, { name: "URL", data: urls, ...plain }],
        rowGroupSize: rows,
      });
      await emptyBuffer();
    }
    writer.finish();
    await emptyBuffer();
  });
}

/** What tells two corpora apart: their first captions, their number, and how they are stored. */
function stampOf({ recipe, captions }: CorpusJob, format: CorpusFormat): string {
  const { bytes } = captionMaker(recipe)(Math.min(captions, 10_000));
  return createHash("sha256").update(bytes).update(`${captions} ${format} ${BATCH}`).digest("hex");
}

/** What the stamp beside a kept file says, where there is one for a file of this size. */
async function keptStamp(path: string): Promise<string | undefined> {
  try {
    const { stamp, bytes } = JSON.parse(await Deno.readTextFile(`${path}.json`));
    return (await Deno.stat(path)).size === bytes ? stamp : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The corpus in a format: made, unless the folder holds it. */
export async function corpusFile(job: CorpusJob, format: CorpusFormat): Promise<CorpusFile> {
  const path = `${job.folder}/captions.${format}`, stamp = stampOf(job, format);
  if (await keptStamp(path) !== stamp) {
    await (format === "tsv" ? writeTsv : writeParquet)(path, job);
    await writeJsonAtomically(`${path}.json`, { stamp, bytes: (await Deno.stat(path)).size });
  }
  return { path, captions: job.captions, bytes: (await Deno.stat(path)).size };
}
