/**
 * Room for what a merge puts down while it works, which may be as large as the counts: below its own output, where the
 * user has room, and not where the system keeps temporary files.
 */
import { isAbsent, removeEmpty } from "./run.ts";
import { lockPath } from "./run_lock.ts";

/** The scratch folder of a merge into `out`. */
export interface MergeScratch {
  readonly scratch: string;
  /** Removes it, and what was made for it. */
  release(): Promise<void>;
}

/** Makes `out` and an empty folder in it. Throws Deno.errors.Busy while another merge writes there. */
export async function mergeScratch(out: string): Promise<MergeScratch> {
  const outIsNew = await isAbsent(out), folder = `${out}/.partial`, scratch = `${folder}/merge`;
  await Deno.mkdir(folder, { recursive: true });
  const lockFile = `${scratch}.lock`, lock = await lockPath(lockFile);
  const remove = (path: string) => Deno.remove(path, { recursive: true }).catch(() => {});
  await remove(scratch); // of a merge that was killed
  await Deno.mkdir(scratch);
  return {
    scratch,
    async release() {
      await remove(scratch);
      await remove(lockFile);
      lock[Symbol.dispose]();
      await removeEmpty([folder, ...outIsNew ? [out] : []]);
    },
  };
}
