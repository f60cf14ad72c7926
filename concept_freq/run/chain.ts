/**
 * Units that start amid a table guess where their first record begins, and a quoted field may hold line ends, so a
 * guess can be wrong. It was right iff it is where the unit before ended; where not, the unit is read again from there.
 */
import type { UnitEnd } from "./unit_task.ts";

/** Whether a unit, that was not left out with its file, has to be read again from where the one before ended. */
export function isBroken(before: UnitEnd | null, end: UnitEnd | null): boolean {
  if (!end || !before || !("result" in before)) return false;
  return "unsure" in end || ("result" in end && end.result.began !== before.result.ended);
}

/**
 * Goes down the units of one file, in order, and has those read again that did not begin where the one before ended.
 * An entry is null where a unit is not at hand (another shard has it). `ends` is changed in place. Returns the numbers of the units that were read again.
 */
export async function mendChain(
  ends: (UnitEnd | null)[],
  readFrom: (unit: number, from: number) => Promise<UnitEnd>,
): Promise<number[]> {
  const again: number[] = [];
  for (let i = 1; i < ends.length; i++) {
    const before = ends[i - 1];
    if (!before || !("result" in before) || !isBroken(before, ends[i])) continue;
    ends[i] = await readFrom(i, before.result.ended);
    again.push(i);
  }
  return again;
}
