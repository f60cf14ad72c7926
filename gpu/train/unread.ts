// Steps whose losses nobody has read yet: their readings lie in a ring on the device, and their inputs are kept
// (within a budget) so that a step that went wrong can be run again and looked into.

import type { HostArray } from "../base/mod.ts";

export interface KeptStep {
  /** Counted from 1. */
  readonly step: number;
  /** Null when the budget did not allow keeping them. */
  feeds: readonly Readonly<Record<string, HostArray>>[] | null;
  readonly scalars: Readonly<Record<string, number>>;
}

const bytesOf = ({ feeds }: KeptStep) =>
  (feeds ?? []).flatMap((feed) => Object.values(feed)).reduce((n, { data }) => n + data.byteLength, 0);

/** A list of unread steps that lets go of the oldest inputs when all together hold more than `budget` bytes. */
export function unreadSteps(budget: number) {
  let kept: KeptStep[] = [];
  return {
    get count() {
      return kept.length;
    },
    add(step: KeptStep): void {
      kept.push(step);
      let bytes = kept.reduce((n, s) => n + bytesOf(s), 0);
      for (const old of kept) {
        if (bytes <= budget) break;
        bytes -= bytesOf(old);
        old.feeds = null;
      }
    },
    /** Takes all steps out, oldest first. */
    take(): KeptStep[] {
      const taken = kept;
      kept = [];
      return taken;
    },
  };
}
