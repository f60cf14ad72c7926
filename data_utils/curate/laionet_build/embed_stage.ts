/**
 * `laionet-build embed`: unit embeddings of captions as one .npy per file of captions, row by row. A file that stands
 * there already, made of the same captions by the same weights, is kept, so that an embedding that was stopped goes on.
 */
import { basename } from "node:path";
import { fingerprintFile } from "../../captions/inventory.ts";
import { openCaptionFile } from "../../captions/open.ts";
import { captionStrings } from "../../captions/strings.ts";
import type { CaptionOptions } from "../../captions/caption_file.ts";
import { progressOn } from "../../program/progress.ts";
import { writeAtomically, writeJsonAtomically } from "../../runs/atomic.ts";
import { type NpyDtype, npyWriter, openNpy } from "../../tables/npy.ts";
import type { TextTower } from "./text_tower.ts";

/** What stands for a missing text, as in the reference. */
export const MISSING_TEXT = "None";
const ROWS = 1024;

/** How files are embedded. */
export interface EmbedJob {
  readonly paths: readonly string[];
  readonly options: CaptionOptions;
  readonly folder: string;
  readonly dtype: NpyDtype;
  /** What tells these weights from others. */
  readonly weights: string;
  openTower(): Promise<TextTower>;
  readonly signal: AbortSignal;
}

/** A file of embeddings. */
export interface EmbeddedFile {
  readonly path: string;
  readonly rows: number;
  readonly width: number;
}

/** Where the embeddings of a file of captions go. Throws RangeError when two files' would go to one. */
export function embeddingPaths(paths: readonly string[], folder: string): string[] {
  const names = paths.map((path) => {
    const stem = basename(path).replace(/\.gz$/, "").replace(
      /\.(parquet|tsv|csv|txt|jsonl|ndjson|json|tar)$/,
      "",
    );
    return `${folder}/${stem}.npy`;
  });
  const twice = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (twice < 0) return names;
  throw new RangeError(
    `${paths[names.indexOf(names[twice])]} and ${paths[twice]} would both become ${
      names[twice]
    }: embed them apart`,
  );
}

/** Texts in batches. */
export async function* batches(
  texts: AsyncIterable<string | null>,
  rows: number,
): AsyncGenerator<(string | null)[]> {
  let batch: (string | null)[] = [];
  for await (const text of texts) {
    batch.push(text);
    if (batch.length < rows) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Embeds files. Throws as openCaptionFile and captionStrings do, and the signal's reason. */
export async function embedFiles(job: EmbedJob): Promise<{ files: EmbeddedFile[]; kept: number }> {
  const { paths, options, folder, dtype, weights, openTower, signal } = job;
  const targets = embeddingPaths(paths, folder), files: EmbeddedFile[] = [];
  for (const path of paths) await openCaptionFile(path, options); // before hours of work
  await Deno.mkdir(folder, { recursive: true });
  const progress = progressOn(), start = performance.now();
  let tower: TextTower | null = null, kept = 0, done = 0;
  try {
    for (const [i, path] of paths.entries()) {
      const { hash } = await fingerprintFile(path), stamp = `${targets[i]}.made_of.json`;
      const identity = JSON.stringify({ captions: hash, column: options.column ?? null, weights, dtype });
      const known = await Deno.readTextFile(stamp).then((text) => JSON.stringify(JSON.parse(text))).catch(
        () => "",
      );
      const there = known === identity ? await openNpy(targets[i]).catch(() => null) : null;
      if (there) {
        files.push({ path: targets[i], rows: there.rows, width: there.width });
        there[Symbol.dispose]();
        kept++;
        continue;
      }
      const { embed, width } = tower ??= await openTower();
      let rows = 0;
      await Deno.remove(stamp).catch(() => {}); // it would speak of another file
      await writeAtomically(targets[i], async (file) => {
        const writer = await npyWriter(file, width, dtype);
        for await (const batch of batches(captionStrings(path, options), ROWS)) {
          signal.throwIfAborted();
          await writer.add(await embed(batch.map((text) => text ?? MISSING_TEXT), signal));
          rows += batch.length;
          done += batch.length;
          const rate = done / (performance.now() - start) * 1000;
          progress.show(`${done} texts, ${rate.toFixed(0)}/s, file ${i + 1} of ${paths.length}`);
        }
        await writer.end();
      });
      await writeJsonAtomically(stamp, JSON.parse(identity));
      files.push({ path: targets[i], rows, width });
    }
  } finally {
    progress.end();
    tower?.destroy();
  }
  return { files, kept };
}
