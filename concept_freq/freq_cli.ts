// `./denow task freq NAME ...`: concept frequencies over captions, by command. Each command is loaded when it is called.
import { runProgram } from "../data_utils/mod.ts";
import type { Command } from "./commands/command.ts";

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

async function help(): Promise<string> {
  const all = await Promise.all(Object.values(commands).map((load) => load()));
  const width = Math.max(...all.map(({ name }) => name.length)) + 2;
  return `Counts concepts over captions of any number, and looks at their frequencies.

Usage: deno task freq COMMAND [...]

${all.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`).join("\n")}

Each takes --help.

Example: deno task freq class --captions "laion400m/*.parquet" --concept-set imagenet --metadata metadata`;
}

if (import.meta.main) {
  await runProgram(async ([name, ...args], signal) => {
    if (name === undefined || name === "--help" || name === "help") return console.log(await help());
    if (!Object.hasOwn(commands, name)) {
      throw new RangeError(
        `freq has no command ${name}, but ${Object.keys(commands).join(", ")}; see --help`,
      );
    }
    const command = await commands[name]();
    if (args.includes("--help")) return console.log(command.help);
    await command.run(args, signal);
  });
}
