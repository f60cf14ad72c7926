// The golden folders that tests run: the fixtures that come with the checkout, and the whole set beside it where it
// is there. Here is said which cases the project answers for.

import type { Evaluator } from "./evaluator.ts";
import { caseNames } from "./fixture.ts";
import { defaultFactors, isExcepted, runCase } from "./runner.ts";

const folder = (path: string) => decodeURIComponent(new URL(path, import.meta.url).pathname);

/** Part of the golden set, copied byte for byte. */
export const fixtures = folder("../fixtures/golden");
/** The whole set; it may be absent. */
export const shared = folder("../../../shared/golden");

/** Whether a folder is there. */
export function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** Cases without a counterpart so far. */
const without = ["dino_*", "linear_probe", "voc_11point_map"];

/** Cases of a group that must pass. */
export async function wantedCases(dir: string, group: string): Promise<string[]> {
  return (await caseNames(dir, group)).filter((name) => !isExcepted(name, without));
}

/** A line for each of the cases that does not pass with its group's factor. */
export async function failuresOf(
  evaluator: Evaluator,
  dir: string,
  group: string,
  names: readonly string[],
): Promise<string[]> {
  const lines: string[] = [];
  for (const name of names) {
    const factor = defaultFactors[group];
    const result = await runCase(dir, group, name, { evaluator, factor });
    if (result.outcome === "passed") continue;
    lines.push(`${group}/${name} ${result.outcome}: ${result.note}, factor ${result.factor} for ${factor}`);
  }
  return lines;
}
