// Training: tasks, steps, the trainer and the loop around it, evaluation over the same weights, checkpoints.

export * from "./task.ts";
export { type Clipping } from "./step.ts";
export * from "./trainer.ts";
export { NonFiniteError } from "./fault.ts";
export * from "./loop.ts";
export * from "./evaluator.ts";
export * from "./checkpoint.ts";
export * from "./meters.ts";
