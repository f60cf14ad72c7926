/** The classes of a text head and the prompts they are put into, as the reference's tool for heads has them. */
import { jsonKeys, parseJson } from "../../metadata/json_keys.ts";
import { parseZeroShotLists } from "../../metadata/zero_shot_file.ts";

/** Prompts by their name on the command line; null: a list from a file of templates. */
export const HEAD_PROMPTS = {
  a: ["a {}"],
  none: ["{}"],
  photo: ["a photo of a {}"],
  scene: ["a photo of a {} in the scene"],
  openai: null,
  simple: null,
} as const satisfies Record<string, readonly string[] | null>;

export type HeadPrompt = keyof typeof HEAD_PROMPTS;

const LISTS: Partial<Record<HeadPrompt, string>> = {
  openai: "OPENAI_IMAGENET_TEMPLATES",
  simple: "SIMPLE_IMAGENET_TEMPLATES",
};

/** The classes of a head: what each is called, one phrase or several. */
export interface Concepts {
  readonly names: readonly string[];
  readonly phrases: readonly (readonly string[])[];
}

export interface ConceptOptions {
  /** Every phrase of a class counts, as in a file of synsets; else the class's name alone does. */
  readonly synonyms: boolean;
  readonly fixSpace: boolean;
  readonly useUnderscore: boolean;
}

/**
 * The sentences of a prompt. `file` holds the lists of 80 and 7: JSON, or the reference's zero_shot_metadata.py.
 * Throws RangeError where a list is wanted and no file is named, SyntaxError naming the file where it has none.
 */
export async function headTemplates(prompt: HeadPrompt, file?: string): Promise<readonly string[]> {
  const own = HEAD_PROMPTS[prompt], key = LISTS[prompt];
  if (own !== null || key === undefined) return own ?? [];
  if (file === undefined) {
    throw new RangeError(
      `--prompt ${prompt} reads its sentences from a file: name it with --templates (JSON with a list ${key}, or ` +
        `the reference's zero_shot_metadata.py)`,
    );
  }
  const text = await Deno.readTextFile(file);
  const list = file.endsWith(".py")
    ? parseZeroShotLists(text, file).templates[key]
    : (parseJson(text, file) as Record<string, unknown> | null)?.[key];
  const isPrompt = (sentence: unknown) => typeof sentence === "string" && sentence.includes("{}");
  if (!Array.isArray(list) || list.length === 0 || !list.every(isPrompt)) {
    throw new SyntaxError(`${file} has no list ${key} of sentences with {}`);
  }
  return list;
}

/**
 * The classes in a JSON object in its order: class name to anything, or with `synonyms` wnid to a list of phrases.
 * Throws SyntaxError naming the file and the class for one without a phrase.
 */
export async function readConcepts(path: string, options: ConceptOptions): Promise<Concepts> {
  const text = await Deno.readTextFile(path), names = jsonKeys(text, path);
  if (names.length === 0) throw new SyntaxError(`${path} names no class`);
  const entries = parseJson(text, path) as Record<string, unknown>;
  const spelled = (phrase: string) => {
    const spaced = options.fixSpace ? phrase.replaceAll("_", " ") : phrase;
    return options.useUnderscore ? spaced.replaceAll(" ", "_") : spaced;
  };
  const phrases = names.map((name) => {
    if (!options.synonyms) return [spelled(name)];
    const list = entries[name],
      isText = (phrase: unknown) => typeof phrase === "string" && phrase.trim() !== "";
    if (!Array.isArray(list) || list.length === 0 || !list.every(isText)) {
      throw new SyntaxError(
        `${path}: class ${JSON.stringify(name)} has no list of phrases, which --avg-synonyms needs`,
      );
    }
    return list.map(spelled);
  });
  return { names, phrases };
}

/** Every phrase of every class in every sentence: class by class, phrase by phrase. */
export function headTexts({ phrases }: Concepts, templates: readonly string[]): string[] {
  return phrases.flat().flatMap((phrase) =>
    templates.map((sentence) => sentence.replaceAll("{}", () => phrase))
  );
}
