/** Refuses what a user chose and the source has no use for, which would otherwise silently change nothing. */
import type { Source, SourceChoice } from "./source.ts";

/** Choices that only some sources know, with their flags. */
const flags = { language: "--language", nsfw: "--nsfw" } as const;
const users: Record<keyof typeof flags, Source["name"]> = { language: "wit", nsfw: "laion" };

/** Throws RangeError, naming the flag, for a choice that is another source's. */
export function refuseForeignChoices(source: Source["name"], choice: SourceChoice): void {
  for (const key of ["language", "nsfw"] as const) {
    if (choice[key] !== undefined && source !== users[key]) {
      throw new RangeError(`${flags[key]} is for --source ${users[key]} only, not for ${source}`);
    }
  }
}
