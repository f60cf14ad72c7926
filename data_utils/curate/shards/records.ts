/**
 * What a long command has done so far: a record per finished unit in a folder, so that the same command goes on after
 * it was stopped or killed, and a changed one is refused. One process at a time works in the folder.
 */
import { createHash } from "node:crypto";
import { writeJsonAtomically } from "../../runs/atomic.ts";

/** Records of finished units. */
export interface Records<Result> {
  /** Whether an earlier process began this. */
  readonly resumed: boolean;
  /** The record of a unit, or null when it is not finished. */
  find(unit: string): Promise<Result | null>;
  save(unit: string, result: Result): Promise<void>;
  /** Takes the folder away: all is done. */
  remove(): Promise<void>;
  /** Lets go of the folder. */
  [Symbol.dispose](): void;
}

/**
 * Opens the records in `folder` of a command with this plan: all that its result depends on. Throws RangeError when
 * they belong to another plan, Deno.errors.Busy while another process works there.
 */
export async function openRecords<Result>(folder: string, plan: unknown): Promise<Records<Result>> {
  const digest = createHash("sha256").update(JSON.stringify(plan)).digest("hex"),
    planFile = `${folder}/plan.json`;
  await Deno.mkdir(folder, { recursive: true });
  const lock = await Deno.open(`${folder}/lock`, { write: true, create: true });
  try {
    if (!await lock.tryLock(true)) {
      throw new Deno.errors.Busy(
        `${folder} is in use by another process: wait for it, or choose another output`,
      );
    }
    const before = await Deno.readTextFile(planFile).then((text) => JSON.parse(text).digest, () => null);
    if (before === null) await refuseForeign(folder);
    if (before !== null && before !== digest) {
      throw new RangeError(
        `${folder} holds the beginning of another result (other flags or inputs): give those again, or remove it`,
      );
    }
    if (before === null) await writeJsonAtomically(planFile, { digest, plan });
    return {
      resumed: before !== null,
      find: (unit) =>
        Deno.readTextFile(`${folder}/${unit}.json`).then((text) => JSON.parse(text), (error) => {
          if (error instanceof Deno.errors.NotFound) return null;
          throw error;
        }),
      save: (unit, result) => writeJsonAtomically(`${folder}/${unit}.json`, result),
      remove: () => Deno.remove(folder, { recursive: true }),
      [Symbol.dispose]: () => lock.close(),
    };
  } catch (error) {
    lock.close();
    throw error;
  }
}

/** Throws RangeError for a folder with files that are not ours: it is removed at the end with all that is in it. */
async function refuseForeign(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (name === "lock" || name.startsWith("plan.json")) continue;
    throw new RangeError(`${folder} is no folder of this program, for ${name} is in it: move it away`);
  }
}
