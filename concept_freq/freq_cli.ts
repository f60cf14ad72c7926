// `./denow task freq NAME ...`: concept frequencies over captions, by command.
import { runProgram } from "../data_utils/mod.ts";
import { classCommand } from "./commands/class_command.ts";
import type { Command } from "./commands/command.ts";
import { mergeCommand } from "./commands/merge_command.ts";
import { wordCommand } from "./commands/word_command.ts";

const commands: readonly Command[] = [classCommand, mergeCommand, wordCommand];

const width = Math.max(...commands.map(({ name }) => name.length)) + 2;
const help = `Counts concepts over captions of any number, and looks at the frequencies.

Usage: deno task freq COMMAND [...]

${commands.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`).join("\n")}

Each takes --help.

Example: deno task freq class --captions "laion400m/*.parquet" --concept-set imagenet --metadata metadata`;

if (import.meta.main) {
  await runProgram(async ([name, ...args], signal) => {
    if (name === undefined || name === "--help" || name === "help") return console.log(help);
    const command = commands.find((one) => one.name === name);
    if (!command) {
      throw new RangeError(
        `freq has no command ${name}, but ${commands.map((one) => one.name).join(", ")}; see --help`,
      );
    }
    if (args.includes("--help")) return console.log(command.help);
    await command.run(args, signal);
  });
}
