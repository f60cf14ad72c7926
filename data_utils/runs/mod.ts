/** Everything a training run leaves on disk: its folder, logs, per-class table and tensors. */
export {
  type AtomicFile,
  writeAllAtomically,
  writeAtomically,
  writeFully,
  writeJsonAtomically,
  writeTextAtomically,
} from "./atomic.ts";
export {
  type Catalogue,
  type CatalogueLimits,
  expectReadable,
  readCatalogue,
  readRunSummary,
  type RunState,
  type RunSummary,
} from "./catalogue.ts";
export {
  type Checkpoint,
  type CheckpointToSave,
  MODEL_FILE,
  readCheckpoint,
  readModel,
  saveCheckpoint,
} from "./checkpoint.ts";
export { type ClassRow, readClassTable, writeClassTable } from "./class_table.ts";
export {
  type ConfusionCount,
  type EvaluationRecord,
  evaluationRecord,
  readConfusion,
  readEvaluations,
  writeConfusion,
} from "./evaluations.ts";
export { lastJsonlRecord, type LogPart, type LogPlace, readJsonlFrom, sampleJsonl } from "./jsonl_window.ts";
export { filterJsonl, type JsonlLog, type JsonRecord, openJsonl, readJsonl, readLastJsonl } from "./jsonl.ts";
export {
  EXPORT_FILES,
  exportAtEnd,
  exportMetrics,
  readReportTo,
  REPORT_KINDS,
  type ReportKind,
} from "./metrics_export.ts";
export {
  configDifferences,
  type MetricsRecord,
  openRun,
  readRunConfig,
  type Run,
  RUN_FILES,
  RUN_FORMAT,
  type RunConfig,
} from "./run_dir.ts";
export {
  type LoopParts,
  type StepRecord,
  type TrainingReport,
  type TrainingRun,
  trainInRun,
} from "./training_run.ts";
export {
  finishedRun,
  finishRun,
  readResult,
  RESULT_FILE,
  type RunEnd,
  type RunResult,
} from "./run_result.ts";
export { writeSkippedSamples } from "./skipped_samples.ts";
export {
  openSafetensors,
  parseSafetensors,
  parseSafetensorsHeader,
  readSafetensors,
  safetensorsContent,
  type SafetensorsFile,
  type SafetensorsHeader,
  type StoredTensor,
  type TensorData,
  type TensorDtype,
  type TensorEntry,
  type TensorToWrite,
  writeSafetensors,
} from "./safetensors.ts";
export {
  type ArmAbout,
  type ArmSummary,
  type CaptionFrequency,
  COLLAPSE_MEASURES,
  type CollapseMeasure,
  type CollapseScore,
  type CollapseScores,
  type CurvePoint,
  type MeanAndSpread,
  readStudyReport,
  REPORT_FILE,
  type ReportedContrast,
  type ReportedHypothesis,
  type ReportedRun,
  STUDY_FORMAT,
  STUDY_MEASURES,
  type StudyMeasure,
  type StudyReport,
  type Verdict,
} from "./study_report.ts";
