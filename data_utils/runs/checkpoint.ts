/**
 * The two files a training goes on from: `model.safetensors` (the state dict, which other tools read) and beside it
 * `training-<step>.safetensors` (optimiser, averages, counters). The pair is exchanged by one rename: the training file
 * is written first under the step's own name, the model file names its step, and only then the old training file goes.
 * A run killed anywhere in between finds the old pair or the new one, never one file of each.
 */
import { readSafetensors, type SafetensorsFile, type StoredTensor } from "./safetensors.ts";
import { openSafetensors, type TensorToWrite, writeSafetensors } from "./safetensors.ts";

/** Name of the state dict's file in a run folder. */
export const MODEL_FILE = "model.safetensors";

const trainingFile = (step: number) => `training-${String(step).padStart(8, "0")}.safetensors`;
const trainingName = /^training-\d+\.safetensors(\.tmp)?$/;

/** What is saved. `notes` stand in the model file beside `step` and the usual `format: "pt"`. */
export interface CheckpointToSave {
  step: number;
  model: readonly TensorToWrite[];
  training: readonly TensorToWrite[];
  notes?: Readonly<Record<string, string>>;
}

/** What was saved. */
export interface Checkpoint {
  step: number;
  model: Map<string, StoredTensor>;
  training: Map<string, StoredTensor>;
  notes: Record<string, string>;
}

/** Replaces the checkpoint in the run folder `dir`. */
export async function saveCheckpoint(dir: string, checkpoint: CheckpointToSave): Promise<void> {
  const { step, model, training, notes = {} } = checkpoint;
  await writeSafetensors(`${dir}/${trainingFile(step)}`, training);
  await writeSafetensors(`${dir}/${MODEL_FILE}`, model, { format: "pt", step: String(step), ...notes });
  for (const entry of Array.from(Deno.readDirSync(dir))) {
    if (trainingName.test(entry.name) && entry.name !== trainingFile(step)) {
      await Deno.remove(`${dir}/${entry.name}`);
    }
  }
}

/** The state dict in the run folder `dir`. Throws Deno.errors.NotFound when there is none. */
export async function readModel(dir: string): Promise<Map<string, StoredTensor>> {
  return new Map(Object.entries(await readSafetensors(`${dir}/${MODEL_FILE}`)));
}

/**
 * The checkpoint in the run folder `dir`, or null when there is none.
 * Throws SyntaxError naming the file when one is damaged or the model file has no training file beside it.
 */
export async function readCheckpoint(dir: string): Promise<Checkpoint | null> {
  const path = `${dir}/${MODEL_FILE}`;
  let file: SafetensorsFile;
  try {
    file = await openSafetensors(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  const { step: written, ...notes } = file.header.metadata;
  file.close();
  const step = Number(written ?? NaN);
  try {
    const training = await readSafetensors(`${dir}/${trainingFile(step)}`);
    return { step, model: await readModel(dir), training: new Map(Object.entries(training)), notes };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new SyntaxError(
      `${path} has no ${trainingFile(step)} beside it: the run cannot go on, remove the folder`,
    );
  }
}
