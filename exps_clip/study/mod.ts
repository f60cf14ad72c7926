// The study as a library: arms, settings, one run, all runs, and the report. The recipes come from outside.

export { type Arm, armNamed, arms, subVocabularyFor } from "./arms.ts";
export { inParallel, runChild } from "./children.ts";
export { checkDataSettings, dataMaker, openStudyData, removeStudyData, type StudyData } from "./data.ts";
export { type Contrast, hypotheses, type Hypothesis } from "./hypotheses.ts";
export { type RunLine, trainOneRun } from "./one_run.ts";
export { type Recipe, type Recipes, type StudyRun } from "./recipe.ts";
export { makeReport, type ReportParts } from "./report.ts";
export { armTable, armTableMarkdown, reportText } from "./report_text.ts";
export {
  agreeOnSettings,
  allRuns,
  type DataSettings,
  parseRun,
  runFolder,
  type RunName,
  studyFlags,
  studyFolder,
  type StudySettings,
  studySettings,
} from "./settings.ts";
export { runStudy, type StudyOptions } from "./study.ts";
export { meanAndSpread, summarise } from "./summary.ts";
export { judge, LEAST_CLASSES, LEAST_SEEDS } from "./verdicts.ts";
