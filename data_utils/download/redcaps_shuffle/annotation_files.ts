/** The files of a folder of annotations, and their annotations one after the other as bytes. */
import { isObject } from "../../captions/json_value.ts";
import { openBytes } from "../../loader/bytes.ts";
import { annotationSplitter } from "./annotation_splitter.ts";

const PIECE = 2 ** 18, MOST_BYTES = 2 ** 24;

/**
 * Paths of a folder's files *.json and *.json.gz in order of their names. Throws RangeError when there is none, or a
 * file stands there both packed and unpacked.
 */
export async function annotationFiles(folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  const names = entries.filter((entry) => !entry.isDirectory && /\.json(\.gz)?$/.test(entry.name))
    .map(({ name }) => name).sort();
  const twice = names.find((name) => names.includes(`${name}.gz`));
  if (twice !== undefined) {
    throw new RangeError(`${folder} holds ${twice} and ${twice}.gz, the same twice: remove one`);
  }
  if (names.length === 0) {
    throw new RangeError(`${folder} has no annotations: no file ends in .json or .json.gz`);
  }
  return names.map((name) => `${folder}/${name}`);
}

/** Throws SyntaxError unless the bytes are a JSON object. */
function checkAnnotation(bytes: Uint8Array, strict: TextDecoder, place: string): void {
  let value: unknown;
  try {
    value = JSON.parse(strict.decode(bytes));
  } catch (error) {
    const what = error instanceof SyntaxError ? "JSON" : "UTF-8";
    throw new SyntaxError(`${place} is no ${what}: fetch or write the file again, or leave it out`);
  }
  if (!isObject(value)) {
    throw new SyntaxError(`${place} is no object with url and caption: correct or remove it`);
  }
}

/**
 * Gives `take` every annotation of a file, and returns how many there were. Throws SyntaxError, naming the file and the
 * annotation by number from 1, where it is damaged, not whole, or holds something else.
 */
export async function readAnnotations(
  path: string,
  take: (annotation: Uint8Array) => void,
  signal: AbortSignal,
): Promise<number> {
  const strict = new TextDecoder("utf-8", { fatal: true }), source = await openBytes(path);
  let count = 0, fault: unknown;
  const splitter = annotationSplitter((annotation) => {
    try {
      checkAnnotation(annotation, strict, `${path}: annotation ${++count}`);
      take(annotation);
    } catch (error) {
      throw fault = error;
    }
  }, MOST_BYTES);
  try {
    for (;;) {
      signal.throwIfAborted();
      const piece = await source.read(PIECE);
      if (piece.length === 0) break;
      splitter.push(piece);
    }
    splitter.end();
  } catch (error) {
    if (error === fault || !(error instanceof SyntaxError) || error.message.startsWith(path)) throw error;
    throw new SyntaxError(`${path} is no file of annotations, ${error.message}: fetch or write it again`);
  } finally {
    await source.close();
  }
  return count;
}
