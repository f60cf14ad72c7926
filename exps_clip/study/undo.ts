// A study that refuses its input leaves nothing behind, so that the next try in the same folder is not held to its settings.

import { exitCode, RUN_FILES } from "../../data_utils/mod.ts";
import { dataFolder } from "./data.ts";
import { settingsFile } from "./settings.ts";

const isThere = (path: string) => Deno.stat(path).then(() => true, () => false);

/**
 * Does the work of a study in `dir`. When it ends with bad input (exit code 2) in a folder that held no study before and
 * holds no run now, the settings and the sets it stored are removed, and the folder if it is empty then.
 */
export async function undoneOnBadInput<T>(dir: string, work: () => Promise<T>): Promise<T> {
  const wasThere = await isThere(`${dir}/${settingsFile}`);
  try {
    return await work();
  } catch (error) {
    if (!wasThere && exitCode(error) === 2 && !await holdsRuns(dir)) {
      const own = [`${dir}/${settingsFile}`, `${dir}/${dataFolder}`];
      for (const path of own) await Deno.remove(path, { recursive: true }).catch(() => {});
      await Deno.remove(dir).catch(() => {}); // refused where the user keeps something else in it
    }
    throw error;
  }
}

/** Whether a folder in `dir` is a run's. */
async function holdsRuns(dir: string): Promise<boolean> {
  const entries = await Array.fromAsync(Deno.readDir(dir)).catch(() => []);
  const places = entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => `${dir}/${name}`);
  return (await Promise.all(places.map((place) => isThere(`${place}/${RUN_FILES.config}`)))).includes(true);
}
