/** Captions in a JSON array: of strings, or of objects with a key for the caption. Read forwards as one unit. */
import { openBytes } from "../loader/bytes.ts";
import { TEXT_BYTES } from "./arena.ts";
import type { CaptionFile, CaptionOptions, ReadUnit } from "./caption_file.ts";
import { chooseColumn } from "./column.ts";
import { elementSplitter } from "./json_elements.ts";
import { captionKey, isObject, packJson, parseJson } from "./json_value.ts";
import { captionPacker } from "./pack.ts";

const PIECE = 2 ** 18, LOOKED_AT = 10;

/** Gives `take` the elements until it returns false. Throws SyntaxError naming the file when it is no whole array. */
export async function passElements(
  path: string,
  take: (element: Uint8Array | null) => boolean,
  signal?: AbortSignal,
): Promise<void> {
  const source = await openBytes(path);
  let going = true;
  const elements: (Uint8Array | null)[] = [];
  const splitter = elementSplitter((element) => elements.push(element), TEXT_BYTES);
  const named = (what: string) =>
    new SyntaxError(`${path} is damaged or no JSON array, ${what}: fetch or write it again, or leave it out`);
  try {
    while (going) {
      signal?.throwIfAborted();
      const piece = await source.read(PIECE);
      if (piece.length === 0) break;
      try {
        splitter.push(piece);
      } catch (error) {
        throw error instanceof SyntaxError ? named(error.message) : error;
      }
      for (let i = 0; going && i < elements.length; i++) going = take(elements[i]);
      elements.length = 0;
    }
  } finally {
    await source.close();
  }
  if (going && !splitter.closed()) throw named("it ends before the array does");
}

/**
 * Looks at a JSON array; its first elements tell whether they are strings or objects, and which key is the caption's.
 * Throws SyntaxError naming the file when the key is not there.
 */
export async function planJsonArray(
  path: string,
  gzipped: boolean,
  bytes: number,
  options: CaptionOptions,
): Promise<CaptionFile> {
  let strings = false, looked = 0, key = options.column;
  const keys = new Set<string>();
  await passElements(path, (element) => {
    try {
      const value = element && parseJson(element).value;
      if (keys.size === 0) strings ||= typeof value === "string";
      if (isObject(value)) {
        for (const name of Object.keys(value)) keys.add(name);
      }
      key ??= captionKey(value);
    } catch {
      // counted as malformed when it is read
    }
    return ++looked < LOOKED_AT && !strings;
  });
  const names = [...keys];
  const column = strings ? null : names.length === 0 ? key ?? null : names[chooseColumn(path, names, key)];
  const units = [{ index: 0, start: 0, end: bytes }];
  return { path, format: "json", gzipped, bytes, column, units, layout: {} };
}

/** Reads a JSON array. Elements that are no JSON, or hold no caption of the kind the first ones do, are malformed. */
export const readJsonArray: ReadUnit = async (file, unit, arena, sink, options = {}) => {
  const packer = captionPacker(arena, sink, options.onLeftOut);
  await passElements(file.path, (element) => {
    if (element) packJson(packer, element, file.column, options.rows ? element : undefined);
    else packer.leaveOut("tooLong");
    return true;
  }, options.signal);
  packer.flush();
  return { tally: packer.tally, began: unit.start, ended: unit.end };
};
