// What to say when a loss is NaN or infinite: the step, and the first value of it that is not finite.

import { firstNonFinite } from "../run/mod.ts";
import type { TrainingStep } from "./step.ts";
import type { KeptStep } from "./unread.ts";

/** The loss or gradient of a step was NaN or infinite. */
export class NonFiniteError extends Error {
  override readonly name = "NonFiniteError";
  constructor(
    message: string,
    /** Counted from 1. */
    readonly step: number,
    /** The first value that was not finite when the step was run again; null when none was found. */
    readonly node: string | null,
  ) {
    super(message);
  }
}

/** What to try, by where the first such value was. */
function remedyFor(found: string): string {
  if (found.startsWith("input ")) return "look at the data of this batch";
  return "the usual remedy is a smaller learning rate";
}

/** Runs the step again, dispatch by dispatch, and reports the first value that is not finite. */
export async function faultOf(step: TrainingStep, kept: KeptStep, loss: number): Promise<NonFiniteError> {
  const what = Number.isFinite(loss) ? "The gradient is not finite" : `The loss is ${loss}`;
  const place = `${what} at step ${kept.step}`;
  if (kept.feeds === null) {
    return new NonFiniteError(`${place}; its batch is no longer at hand to say where`, kept.step, null);
  }
  for (const { program, inputs, swap } of step.replay(kept.feeds, kept.scalars)) {
    const found = await firstNonFinite(program, inputs, swap);
    if (found !== null) {
      return new NonFiniteError(`${place}: first in ${found}; ${remedyFor(found)}`, kept.step, found);
    }
  }
  return new NonFiniteError(`${place}; run again, every value of the step is finite`, kept.step, null);
}
