/**
 * One door to every kind of data: what a user names on the command line says itself how it is to be read.
 */
import { type Sample } from "./sample.ts";
import { expandFiles, type SampleOptions, shardSamples } from "./shards.ts";
import { folderSamples, tableSamples } from "./tables.ts";

/**
 * Samples of a source, in order: a folder with a subfolder per class, tables (.tsv, .csv), or tar shards (all else);
 * files may be patterns as in {@link expandFiles}. For sets larger than memory ask for `placesOnly` and collect:
 * `streamBatches(await Array.fromAsync(openSamples(source, { skips, placesOnly: true })), ...)`.
 * Throws RangeError when a pattern names no file, SyntaxError for a damaged table or shard.
 */
export async function* openSamples(
  source: string | readonly string[],
  options: SampleOptions,
): AsyncGenerator<Sample> {
  const isFolder = (path: string) => {
    try {
      return Deno.statSync(path).isDirectory;
    } catch {
      return false;
    }
  };
  const folders = [source].flat().filter(isFolder),
    patterns = [source].flat().filter((path) => !isFolder(path));
  for (const folder of folders) yield* folderSamples(folder, options);
  for (const file of expandFiles(patterns)) {
    if (/\.(tsv|csv)$/i.test(file)) yield* tableSamples(file, options);
    else yield* shardSamples([file], options);
  }
}
