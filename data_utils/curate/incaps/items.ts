/**
 * ImageNet-Captions (Fang et al., ICML 2022) as published: imagenet_captions.json, an array of objects with wnid, filename,
 * title, tags and description. It is passed through in pieces, never held.
 */
import { elementSplitter } from "../../captions/json_elements.ts";
import { isObject } from "../../captions/json_value.ts";
import { openBytes } from "../../loader/bytes.ts";

/** An image's texts. What the file lacks or has as null is empty. */
export interface CaptionItem {
  readonly wnid: string;
  readonly filename: string;
  readonly title: string;
  readonly tags: readonly string[];
  readonly description: string;
}

const PIECE = 2 ** 18, LONGEST = 2 ** 24;

function itemOf(value: unknown, where: string): CaptionItem {
  if (!isObject(value)) {
    throw new SyntaxError(`${where} is no object with wnid, filename, title, tags, description`);
  }
  const text = (key: string, needed: boolean): string => {
    const found = value[key] ?? (needed ? undefined : "");
    if (typeof found === "string" && (found !== "" || !needed)) return found;
    const shown = found === undefined ? "missing" : JSON.stringify(found).slice(0, 40);
    throw new SyntaxError(`${where}: ${key} is ${shown}, not ${needed ? "a name" : "text"}`);
  };
  const tags = value.tags ?? [];
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === "string")) {
    throw new SyntaxError(`${where}: tags are ${JSON.stringify(tags).slice(0, 40)}, not a list of texts`);
  }
  return {
    wnid: text("wnid", true),
    filename: text("filename", true),
    title: text("title", false),
    tags,
    description: text("description", false),
  };
}

/**
 * The items of a file in its order, in batches. Throws SyntaxError naming file and item for what is no array of such
 * objects or is cut short, and what `signal` was aborted with.
 */
export async function* readItems(path: string, signal?: AbortSignal): AsyncGenerator<CaptionItem[]> {
  const source = await openBytes(path), decoder = new TextDecoder("utf-8", { fatal: true });
  let items: CaptionItem[] = [], number = 0;
  const splitter = elementSplitter((element) => {
    const where = `${path}, item ${++number}`;
    if (element === null) throw new SyntaxError(`${where} is longer than 16 MiB`);
    let value: unknown;
    try {
      value = JSON.parse(decoder.decode(element));
    } catch (error) {
      throw new SyntaxError(`${where} is no JSON in UTF-8`, { cause: error });
    }
    items.push(itemOf(value, where));
  }, LONGEST);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const piece = await source.read(PIECE);
      if (piece.length === 0) break;
      try {
        splitter.push(piece);
      } catch (error) {
        if (!(error instanceof SyntaxError) || error.message.startsWith(path)) throw error;
        throw new SyntaxError(`${path} is damaged or no JSON array, ${error.message}: fetch it again`);
      }
      yield items;
      items = [];
    }
  } finally {
    await source.close();
  }
  if (!splitter.closed()) throw new SyntaxError(`${path} is cut short at item ${number + 1}: fetch it again`);
}
