/** The ten concept sets of the reference's descriptors, with as many classes as each must have. */
import { jsonKeys } from "./json_keys.ts";

/** Classes by name of the set. */
export const conceptSets: Readonly<Record<string, number>> = {
  imagenet: 1000,
  food101: 101,
  flowers102: 102,
  cub: 200,
  places365: 365,
  cars: 196,
  pets: 37,
  dtd: 47,
  fgvcaircraft: 70,
  eurosat: 10,
};

/** The class names of a set, in order. Throws Deno.errors.NotFound, SyntaxError for a file that is no JSON object. */
export async function readSetNames(folder: string, set: string): Promise<string[]> {
  const path = `${folder}/descriptors/descriptors_${set}.json`;
  return jsonKeys(await Deno.readTextFile(path), path);
}
