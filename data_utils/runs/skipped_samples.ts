/** The list of samples that a run went without: a count says that something is wrong, a list says where to mend it. */
import type { SkippedSample } from "../loader/skips.ts";
import { writeTextAtomically } from "./atomic.ts";
import { RUN_FILES } from "./run_dir.ts";

/** A field of a table of tabs: what would end it is written as JSON writes it. */
const field = (text: string) => /[\t\r\n"]/.test(text) ? JSON.stringify(text) : text;

/**
 * Writes `skipped.tsv` into a run's folder: columns part, reason, file, key; nothing when no sample was left out. Returns
 * its path, or null.
 */
export async function writeSkippedSamples(
  dir: string,
  parts: Readonly<Record<string, readonly SkippedSample[]>>,
): Promise<string | null> {
  const rows = Object.entries(parts).flatMap(([part, samples]) =>
    samples.map(({ reason, file, key }) => [part, reason, file ?? "", key].map(field).join("\t"))
  );
  if (rows.length === 0) return null;
  const path = `${dir}/${RUN_FILES.skipped}`;
  await writeTextAtomically(path, ["part\treason\tfile\tkey", ...rows, ""].join("\n"));
  return path;
}
