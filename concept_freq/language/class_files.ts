/**
 * Where class names come from: the reference's metadata folder by the name of a set, or a file of the user's own.
 */
import { jsonKeys, parseJson } from "../../data_utils/mod.ts";

/** Classes in order, each a name or a list of phrases. */
export interface ClassEntries {
  /** The set's name in the names of tables. */
  readonly set: string;
  readonly names: readonly string[];
  /** By class: a name to make phrases of, or the phrases. */
  readonly entries: readonly (string | readonly string[])[];
}

/** The concept sets of the reference. */
export const knownSets: readonly string[] = [
  "imagenet",
  "food101",
  "flowers102",
  "cub",
  "places365",
  "cars",
  "pets",
  "dtd",
  "fgvcaircraft",
  "eurosat",
];

const descriptorsFile = /^(.*?)([^/\\]*)$/s, descriptorsName = /^descriptors_([^.]+)\.json$/;

/**
 * Classes of a set by its name, from `<metadata>/descriptors`, or of a file: whatever has a dot or a slash is a file.
 * A file is a JSON list of names, a JSON object from names to phrases (a text or a list), or a text with one name a
 * line. A file `descriptors_NAME.json` is the reference's, whose values describe looks and are no phrases: it is read
 * as the set NAME of its folder.
 *
 * Throws RangeError for a set that is not there, SyntaxError naming the file for one of another shape.
 */
export async function readClasses(nameOrFile: string, metadata = "metadata"): Promise<ClassEntries> {
  if (!/[./\\]/.test(nameOrFile)) return await readDescriptors(nameOrFile, `${metadata}/descriptors/`);
  const [, folder, base] = descriptorsFile.exec(nameOrFile)!, described = descriptorsName.exec(base);
  if (described) return await readDescriptors(described[1], folder);
  const text = (await Deno.readTextFile(nameOrFile)).replace(/^\ufeff/, "");
  const set = base.split(".")[0] || "classes";
  return checked(nameOrFile, /^\s*[[{]/.test(text) ? fromJson(set, text, nameOrFile) : fromLines(set, text));
}

async function readDescriptors(set: string, folder: string): Promise<ClassEntries> {
  const path = (name: string) => `${folder}descriptors_${name}.json`;
  const read = (name: string) =>
    Deno.readTextFile(path(name)).catch(async (error) => {
      throw error instanceof Deno.errors.NotFound ? await missingSet(name, folder) : error;
    });
  const names = jsonKeys(await read(set), path(set));
  if (!set.includes("imagenet")) return checked(path(set), { set, names, entries: names });
  const synsets = path("imagenet_synset"),
    phrases = fromJson(set, await read("imagenet_synset"), synsets).entries;
  if (phrases.length !== names.length) {
    throw new SyntaxError(
      `${
        path(set)
      } has ${names.length} classes, ${synsets} ${phrases.length}: they belong together by position`,
    );
  }
  return checked(path(set), { set, names, entries: phrases });
}

/** The error for a set without file, with what there is instead. */
async function missingSet(set: string, folder: string): Promise<Error> {
  const present: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder || ".")) {
      const found = descriptorsName.exec(name);
      if (found) present.push(found[1]);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  if (present.length > 0) {
    return new RangeError(
      `There is no concept set ${set} in ${folder}, only ${
        present.sort().join(", ")
      }; a file of class names is ` +
        "given with its ending or folder, such as ./names.txt",
    );
  }
  const known = knownSets.includes(set) ? "" : ` (and ${set} is none of ${knownSets.join(", ")})`;
  return new RangeError(
    `${folder} holds no class names${known}: give --metadata FOLDER, the folder metadata of the reference ` +
      "(CVMI-Lab/clip-beyond-tail on GitHub), or a file of class names",
  );
}

const fromLines = (set: string, text: string): ClassEntries => {
  const names = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  return { set, names, entries: names };
};

function fromJson(set: string, text: string, file: string): ClassEntries {
  const content = parseJson(text, file), isText = (value: unknown) => typeof value === "string";
  if (Array.isArray(content)) {
    const odd = content.findIndex((name) => !isText(name));
    if (odd >= 0) throw new SyntaxError(`${file}: [${odd}] must be a class name, a text`);
    return { set, names: content, entries: content };
  }
  const names = jsonKeys(text, file), record = content as Record<string, string | string[]>;
  for (const name of names) {
    const value = record[name], isList = Array.isArray(value) && value.length > 0 && value.every(isText);
    if (!isList && !isText(value)) {
      throw new SyntaxError(
        `${file}: ${JSON.stringify(name)} must have a phrase or a list of phrases, all texts`,
      );
    }
  }
  return { set, names, entries: names.map((name) => record[name]) };
}

/** What no table can hold, or count, is refused. */
function checked(file: string, classes: ClassEntries): ClassEntries {
  if (classes.names.length === 0) throw new SyntaxError(`${file} holds no class names`);
  // deno-lint-ignore no-control-regex
  const odd = classes.names.find((name) => name.trim() === "" || /[\x00-\x1f]/.test(name));
  if (odd !== undefined) {
    throw new SyntaxError(
      `${file}: ${JSON.stringify(odd)} is no class name: empty, or it breaks a line of a table`,
    );
  }
  return classes;
}
