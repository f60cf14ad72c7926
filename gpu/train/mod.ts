// Training: tasks, steps, the trainer and the loop around it, evaluation over the same weights, checkpoints.

export * from "./task.ts";
export { type Clipping } from "./step.ts";
export { type TrainerOptions } from "./build.ts";
export * from "./trainer.ts";
export { type LossScaling } from "./loss_scale.ts";
export { NonFiniteError } from "./fault.ts";
export * from "./loop.ts";
export * from "./evaluator.ts";
export {
  modelTensors,
  type NamedTensor,
  type NamedValues,
  optimizerTensors,
  stateOf,
  type StateTensor,
  type StoredValues,
  type TrainerState,
} from "./checkpoint.ts";
export * from "./meters.ts";
