/**
 * Programs of several commands, such as `freq` and `data`: what a command is, and how the first word of a command line
 * finds it. A command is loaded when it is called, so that none waits for the packages of the others.
 */

/** What each command of a program is: a name to dispatch on, its help, and what it does. */
export interface Command {
  /** The word behind the program's. */
  readonly name: string;
  /** What it does, in one line of the program's --help. */
  readonly summary: string;
  /** The text of its own --help, with an example. */
  readonly help: string;
  /**
   * Reads the arguments behind the name and does the work. Throws RangeError or SyntaxError for bad input, Stopped
   * once `signal` aborted, and Failure with code 1 when it is done but inputs had to be left out.
   */
  run(args: readonly string[], signal: AbortSignal): Promise<void>;
}

/** A program of commands. */
export interface CommandProgram {
  /** What it is called behind `deno task`. */
  readonly task: string;
  /** What its commands are for, in a sentence. */
  readonly about: string;
  /** By name, in the order of --help. */
  readonly commands: Readonly<Record<string, () => Promise<Command>>>;
  /** A command line that works. */
  readonly example: string;
}

async function helpOf({ task, about, commands, example }: CommandProgram): Promise<string> {
  const all = await Promise.all(Object.values(commands).map((load) => load()));
  const width = Math.max(...all.map(({ name }) => name.length)) + 2;
  return `${about}

Usage: deno task ${task} COMMAND [...]

${all.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`).join("\n")}

Each takes --help.

Example: ${example}`;
}

/**
 * Runs the command that `args` begin with, or prints the help of the program or of the command. Throws RangeError,
 * listing those that are, for one that is not.
 */
export async function runCommand(
  program: CommandProgram,
  [name, ...args]: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { task, commands } = program;
  if (name === undefined || name === "--help" || name === "help") return console.log(await helpOf(program));
  if (!Object.hasOwn(commands, name)) {
    throw new RangeError(
      `${task} has no command ${name}, but ${Object.keys(commands).join(", ")}; see --help`,
    );
  }
  const command = await commands[name]();
  if (args.includes("--help")) return console.log(command.help);
  await command.run(args, signal);
}
