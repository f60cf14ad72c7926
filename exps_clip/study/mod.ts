// The study as a library: arms, settings, one run, all runs, and the report. The recipes come from outside.

export {
  type Arm,
  armNamed,
  arms,
  type ClipArm,
  headSource,
  legendOf,
  matchedArm,
  subVocabularyFor,
  type SupArm,
} from "./arms.ts";
export {
  captionFrequency,
  captionTable,
  classSetName,
  freqsFolder,
  readCaptionCounts,
} from "./caption_frequency.ts";
export { inParallel, runChild } from "./children.ts";
export {
  areDescribed,
  checkDataSettings,
  dataMaker,
  openStudyData,
  removeStudyData,
  type StudyData,
} from "./data.ts";
export { type Contrast, hypotheses, type Hypothesis } from "./hypotheses.ts";
export { type ParallelJobs } from "./children.ts";
export { type RunLine, trainOneRun } from "./one_run.ts";
export { type Recipe, type Recipes, type StudyRun } from "./recipe.ts";
export { makeReport, type ReportParts } from "./report.ts";
export { armTable, armTableMarkdown, reportText } from "./report_text.ts";
export {
  agreeOnSettings,
  allRuns,
  type DataSettings,
  lawSlug,
  parseRun,
  runFolder,
  type RunName,
  runsBefore,
  studyFlags,
  studyFolder,
  type StudySettings,
  studySettings,
} from "./settings.ts";
export { matchAccuracy, type Matched } from "./matched.ts";
export { type FinishedRun, finishedRuns, reportedRuns } from "./results.ts";
export { runStudy, type StudyOptions } from "./study.ts";
export { meanAndSpread, summarise } from "./summary.ts";
export { judge, LEAST_CLASSES, LEAST_SEEDS } from "./verdicts.ts";
