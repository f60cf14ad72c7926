/** What command-line programs share: their flags, how they end, and how they show progress. */
export { type Command, type CommandProgram, runCommand } from "./command.ts";
export {
  describeFlags,
  type Flag,
  type FlagTable,
  type FlagValues,
  type ParsedFlags,
  parseFlags,
  readFlags,
} from "./flags.ts";
export { errorLine, exitCode, Failure, runProgram, Stopped } from "./outcome.ts";
export { memoryLine, percent, rhoText, scoreLines, stepLine } from "./lines.ts";
export { clockTime, type Progress, progressOn } from "./progress.ts";
export { checkedOutCommit, VERSION } from "./version.ts";
