/**
 * Names, ids and phrases of the 1000 ImageNet classes from a folder in the reference's layout (CVMI-Lab/clip-beyond-tail,
 * `metadata/`): descriptors/descriptors_imagenet.json gives the names by position, descriptors_imagenet_synset.json the
 * ids, whose order is the order of the labels, with phrases for each.
 */
import { jsonKeys, parseJson } from "./json_keys.ts";
import { imagenetWnid, isWnid } from "./wnids.ts";

/** Classes in label order. */
export interface ClassMetadata {
  /** By label, ascending. */
  readonly wnids: readonly string[];
  /** By label. A name may belong to one class only. */
  readonly classNames: readonly string[];
  /** By label: phrases that name the class, lower case, at least one. */
  readonly synsets: readonly (readonly string[])[];
  /** The label of a WordNet id, n02112837 taken for n02110185; undefined for one that is none of the classes. */
  labelOf(wnid: string): number | undefined;
}

const descriptors = (folder: string, set: string) => `${folder}/descriptors/descriptors_${set}.json`;

async function readText(path: string, folder: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new RangeError(
      `${path} is not there: ${folder} should be the folder metadata of CVMI-Lab/clip-beyond-tail, ` +
        `or fetch it: deno task data metadata fetch --dir ${folder}`,
    );
  }
}

/** A class's phrases. Throws SyntaxError for none. */
function phrasesOf(value: unknown, wnid: string, file: string): readonly string[] {
  const fits = Array.isArray(value) && value.length > 0 &&
    value.every((phrase) => typeof phrase === "string" && phrase.trim() !== "");
  if (!fits) throw new SyntaxError(`${file}: ${wnid} must have a list of phrases`);
  return value;
}

/**
 * Reads the classes of a folder. Throws RangeError when a file is missing, and SyntaxError naming the file when it is
 * no JSON object, an id is none or out of order, a class has no phrase, or names and ids are not as many.
 */
export async function readClassMetadata(folder: string): Promise<ClassMetadata> {
  const namesFile = descriptors(folder, "imagenet"), idsFile = descriptors(folder, "imagenet_synset");
  const classNames = jsonKeys(await readText(namesFile, folder), namesFile);
  const text = await readText(idsFile, folder), wnids = jsonKeys(text, idsFile);
  const odd = wnids.findIndex((wnid, i) => !isWnid(wnid) || (i > 0 && wnid < wnids[i - 1]));
  if (odd >= 0) {
    throw new SyntaxError(
      `${idsFile}: ${JSON.stringify(wnids[odd])} (entry ${odd}) is no WordNet id in order`,
    );
  }
  if (wnids.length !== classNames.length) {
    throw new SyntaxError(
      `${namesFile} has ${classNames.length} classes, ${idsFile} ${wnids.length}: they belong together by position`,
    );
  }
  if (wnids.length === 0) throw new SyntaxError(`${idsFile} holds no classes`);
  const content = parseJson(text, idsFile) as Record<string, unknown>;
  const labels = new Map(wnids.map((wnid, label) => [wnid, label]));
  return {
    ...{ wnids, classNames },
    synsets: wnids.map((wnid) => phrasesOf(content[wnid], wnid, idsFile)),
    labelOf: (wnid) => labels.get(imagenetWnid(wnid)),
  };
}

/** The file of ImageNet-100's labels in a folder of metadata. */
export const imagenet100File = (folder: string): string => `${folder}/imagenet100_idxs.txt`;

/**
 * Labels, one a line, ascending. Throws SyntaxError naming file and line for what is no label below `classes`, or not
 * above the one before, and RangeError when the file is missing.
 */
export async function readLabelList(path: string, classes: number): Promise<number[]> {
  const lines = (await Deno.readTextFile(path)).split(/\r?\n/);
  while (lines.at(-1)?.trim() === "") lines.pop();
  if (lines.length === 0) throw new SyntaxError(`${path} is empty: labels are wanted, one a line`);
  let before = -1;
  return lines.map((line, i) => {
    const label = /^\s*\d+\s*$/.test(line) ? Number(line) : NaN;
    if (!(label > before && label < classes)) {
      throw new SyntaxError(
        `${path}, line ${i + 1}: ${JSON.stringify(line)} is no label below ${classes} above the one before`,
      );
    }
    return before = label;
  });
}
