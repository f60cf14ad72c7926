/**
 * Units that start amid a table guess where their first record begins, and a quoted field may hold line ends, so a
 * guess can be wrong. It was right iff it is where the unit before ended; where not, the unit is read again from there.
 */
import type { UnitEnd } from "./unit_task.ts";

/** Formats of which a reader can misjudge the beginning of a unit, so that even its failure may be its own. */
export function guesses(format: string | undefined): boolean {
  return format === "tsv" || format === "csv";
}

/**
 * Goes down the units of one file, in order, and has those read again that did not begin where the one before ended.
 * An entry is null where a unit is not at hand (another shard has it), and a failure where reading on a guess failed.
 * `ends` is changed in place. Returns the numbers of the units that were read again.
 */
export async function mendChain(
  ends: (UnitEnd | null)[],
  readFrom: (unit: number, from: number) => Promise<UnitEnd>,
): Promise<number[]> {
  const again: number[] = [];
  for (let i = 1; i < ends.length; i++) {
    const before = ends[i - 1], end = ends[i];
    if (!end || !before || "failure" in before) continue;
    const from = before.result.ended;
    if ("result" in end && end.result.began === from) continue;
    ends[i] = await readFrom(i, from);
    again.push(i);
  }
  return again;
}
