/**
 * A folder whose inputs make no plan is left as if the command had never been given: else it would go on refusing those
 * inputs once they are mended, as those of another download.
 */
import { exitCode } from "../../program/outcome.ts";
import type { DownloadConfig } from "./download_config.ts";
import { configPath } from "./part.ts";

const isThere = (path: string) => Deno.stat(path).then(() => true, () => false);

/** What `plan` makes; where it throws for bad input and no rows were known before, the folder forgets of it. */
export async function orNothing<T>(
  { config, state }: { readonly config: DownloadConfig; readonly state: string },
  plan: () => Promise<T>,
): Promise<T> {
  try {
    return await plan();
  } catch (error) {
    if (exitCode(error) === 2 && !await isThere(configPath(config))) {
      await Deno.remove(state, { recursive: true });
    }
    throw error;
  }
}
