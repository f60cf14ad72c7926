// `./denow task freq NAME ...`: concept frequencies over captions, by command. Each command is loaded when it is called.
import { type Command, runCommand, runProgram } from "../data_utils/mod.ts";

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  class: async () => (await import("./commands/class_command.ts")).classCommand,
  word: async () => (await import("./commands/word_command.ts")).wordCommand,
  substring: async () => (await import("./commands/substring_command.ts")).substringCommand,
  balance: async () => (await import("./commands/balance_command.ts")).balanceCommand,
  metaclip: async () => (await import("./commands/metaclip_command.ts")).metaclipCommand,
  merge: async () => (await import("./commands/merge_command.ts")).mergeCommand,
  stats: async () => (await import("./commands/stats_command.ts")).statsCommand,
  async compare() {
    const { compareCommand } = await import("./commands/compare_command.ts");
    const { frequencyCurves, svgFile } = await import("../fig_utils/mod.ts");
    return compareCommand((curves, rankBy) => svgFile(frequencyCurves(curves, rankBy)));
  },
  bench: async () => (await import("./commands/bench_command.ts")).benchCommand,
};

if (import.meta.main) {
  await runProgram((args, signal) =>
    runCommand(
      {
        task: "freq",
        about: "Counts concepts over captions of any number, and looks at their frequencies.",
        commands,
        example:
          'deno task freq class --captions "laion400m/*.parquet" --concept-set imagenet --metadata metadata',
      },
      args,
      signal,
    )
  );
}
