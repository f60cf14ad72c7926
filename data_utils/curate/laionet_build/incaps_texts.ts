/** ImageNet-Captions as one text per image: what the captions of LAION are compared with in text-to-text retrieval. */

/** Images with their texts and classes, in the order of the file, each file name once. */
export interface ImageTexts {
  readonly names: readonly string[];
  readonly texts: readonly string[];
  readonly wnids: readonly string[];
  /** Records whose file name stood before already. */
  readonly repeated: number;
}

/**
 * Reads imagenet_captions.json: an array of {wnid, filename, title, tags, description}. The text is title, tags and
 * description joined by one space each, empty ones too, as the reference has it; of a file name that repeats the first
 * record counts. Throws SyntaxError naming file and record for anything else.
 */
export async function readImageTexts(path: string): Promise<ImageTexts> {
  let records: unknown;
  try {
    records = JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SyntaxError(`${path} is no JSON (${error.message}): give imagenet_captions.json`, {
      cause: error,
    });
  }
  if (!Array.isArray(records)) throw new SyntaxError(`${path} is no array: give imagenet_captions.json`);
  const seen = new Map<string, { text: string; wnid: string }>();
  let repeated = 0;
  for (const [i, record] of records.entries()) {
    const { wnid, filename, title = "", tags = [], description = "" } = record ?? {};
    const texts = [title, ...(Array.isArray(tags) ? tags : [tags]), description].map((text) => text ?? "");
    if (
      typeof wnid !== "string" || typeof filename !== "string" ||
      texts.some((text) => typeof text !== "string")
    ) {
      throw new SyntaxError(
        `${path}: record ${i} lacks wnid or filename, or has a title, tag or description that is no string`,
      );
    }
    if (seen.has(filename)) repeated++;
    else seen.set(filename, { text: texts.join(" "), wnid });
  }
  if (seen.size === 0) throw new SyntaxError(`${path} holds no record`);
  const entries = [...seen.values()];
  return {
    names: [...seen.keys()],
    texts: entries.map(({ text }) => text),
    wnids: entries.map(({ wnid }) => wnid),
    repeated,
  };
}
