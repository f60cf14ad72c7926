// The loop around a trainer: batches in, losses out, whatever else happens every so many steps, and a clean stop.

import type { StepLoss, Trainer } from "./trainer.ts";

export interface LoopOptions<Batch> {
  readonly trainer: Trainer<Batch>;
  /** Batches from the trainer's position on; a step takes `accumulate` of them. */
  readonly batches: AsyncIterable<Batch> | Iterable<Batch>;
  /** The loop ends when the trainer has done so many steps in all. */
  readonly steps: number;
  /** Micro-batches to a step, as the trainer was told; default 1. */
  readonly accumulate?: number;
  /** Losses are read every so many steps, and at the end; default 16, at most the trainer's ringSize. */
  readonly readEvery?: number;
  readonly onLosses?: (losses: readonly StepLoss[]) => void | Promise<void>;
  /** Called after every `every` steps and, unless `atEnd` is false, after the last; all losses are read before. */
  readonly hooks?: readonly LoopHook[];
  /** Stops the loop after the step under way. */
  readonly signal?: AbortSignal;
}

export interface LoopHook {
  readonly every: number;
  readonly atEnd?: boolean;
  run(step: number): void | Promise<void>;
}

/**
 * Trains until `steps` are done ("done"), `signal` is aborted ("stopped") or the batches end ("out of batches").
 * Losses of all steps done are delivered before it returns. Throws what the trainer throws (NonFiniteError).
 */
export async function trainLoop<Batch>(
  options: LoopOptions<Batch>,
): Promise<"done" | "stopped" | "out of batches"> {
  const { trainer, steps, accumulate = 1, readEvery = 16, hooks = [], signal } = options;
  const { position } = trainer;
  const deliver = async () => {
    let fault: unknown = null;
    const losses = await trainer.losses().catch((error) => {
      fault = error;
      return trainer.losses(); // those of the steps before the fault
    });
    if (losses.length > 0) await options.onLosses?.(losses);
    if (fault !== null) throw fault;
  };
  if (position.step >= steps) return "done";
  let parts: Batch[] = [];
  for await (const batch of options.batches) {
    if (signal?.aborted) break;
    parts.push(batch);
    if (parts.length < accumulate) continue;
    await trainer.ready();
    trainer.step(...parts);
    parts = [];
    const { step } = position, last = step >= steps;
    const due = hooks.filter(({ every, atEnd = true }) => step % every === 0 || (last && atEnd));
    if (last || due.length > 0 || step % readEvery === 0) await deliver();
    for (const hook of due) await hook.run(step);
    if (last) return "done";
  }
  await deliver();
  return signal?.aborted ? "stopped" : "out of batches";
}
