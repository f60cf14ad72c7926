/** `data metadata fetch`: the published metadata from its public place. */
import { fetchMetadata } from "../../metadata/fetch_published.ts";
import { PUBLISHED_AT } from "../../metadata/published_files.ts";
import { describeFlags, readFlags } from "../../program/flags.ts";
import { progressOn } from "../../program/progress.ts";

const flagTable = {
  dir: { kind: "text", value: "DIR", default: "metadata", help: "the folder to be; files that it has stay" },
  from: { kind: "text", value: "URL", default: PUBLISHED_AT, help: "where the repository's paths begin" },
} as const;

/** Its part of the command's help. */
export const fetchHelp =
  `metadata fetch: fetches 120 files (21 MB) once; all are written, or none. Exit codes: 0 done, 1 a file
cannot be had or is not the published one, 2 bad input, or a file that is there with another content.

${describeFlags(flagTable)}

Example: deno task data metadata fetch --dir metadata`;

/** Runs it with the arguments behind `fetch`; throws as {@link fetchMetadata}. */
export async function runFetch(args: readonly string[], signal: AbortSignal): Promise<void> {
  const { dir, from } = readFlags(args, flagTable), progress = progressOn();
  try {
    const { fetched, present } = await fetchMetadata({
      folder: dir,
      ...{ from, signal },
      onFile: (path, done, of) => progress.show(`${done} of ${of}: ${path}`),
    });
    progress.end();
    console.log(`${dir}: ${fetched} files fetched, ${present} there already, all as published`);
  } finally {
    progress.end();
  }
}
