/**
 * Prompts for zero-shot classification: sentences with `{}` where a class name goes. The short sets are written here;
 * the published sets of 80 and of 7 are read from a file that the user names.
 */
import { parseJson } from "../metadata/json_keys.ts";
import { parseZeroShotLists } from "../metadata/zero_shot_file.ts";

/** Name of a set of prompts. */
export type PromptSet = "cname" | "a+cname" | "photo" | "openai80" | "simple7";

const WRITTEN_HERE = new Map<PromptSet, readonly string[]>([
  ["cname", ["{}"]],
  ["a+cname", ["a {}"]],
  ["photo", ["a photo of a {}"]],
]);

const KEYS_IN_FILE = new Map<PromptSet, string>([
  ["openai80", "OPENAI_IMAGENET_TEMPLATES"],
  ["simple7", "SIMPLE_IMAGENET_TEMPLATES"],
]);

/** All names of sets of prompts. */
export const PROMPT_SETS: readonly PromptSet[] = [...WRITTEN_HERE.keys(), ...KEYS_IN_FILE.keys()];

/**
 * The prompts of a set. `openai80` and `simple7` need `file`, a JSON object that holds lists under
 * OPENAI_IMAGENET_TEMPLATES and SIMPLE_IMAGENET_TEMPLATES, or the reference's zero_shot_metadata.py.
 * Throws RangeError for an unknown set or a missing file name, SyntaxError naming the file when it does not fit.
 */
export async function loadPrompts(set: PromptSet, file?: string): Promise<readonly string[]> {
  const own = WRITTEN_HERE.get(set), key = KEYS_IN_FILE.get(set);
  if (own) return own;
  if (!key) throw new RangeError(`Unknown prompts "${set}": use one of ${PROMPT_SETS.join(", ")}`);
  if (file === undefined) {
    throw new RangeError(
      `The prompts "${set}" are read from a file: name zero_shot_metadata.py or a JSON file with a list ${key}`,
    );
  }
  const text = await Deno.readTextFile(file);
  const lists = file.endsWith(".py") ? parseZeroShotLists(text, file).templates : parseJson(text, file);
  const list = (lists as Record<string, unknown> | null)?.[key];
  const isPrompt = (prompt: unknown) => typeof prompt === "string" && prompt.includes("{}");
  if (!Array.isArray(list) || list.length === 0 || !list.every(isPrompt)) {
    throw new SyntaxError(`${file} has no list ${key} of sentences with {}`);
  }
  return list;
}

/** Puts every class name into every prompt, class by class: all prompts of class 0, then of class 1, and so on. */
export function fillPrompts(prompts: readonly string[], classNames: readonly string[]): string[] {
  return classNames.flatMap((name) => prompts.map((prompt) => prompt.replaceAll("{}", () => name)));
}
