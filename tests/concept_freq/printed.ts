// What a command prints on standard output, caught where the test asks for it.
import type { Command } from "../../data_utils/mod.ts";

/** Runs a command in this process and returns what it printed. Throws what the command throws. */
export async function printedBy(command: Command, args: readonly string[]): Promise<string> {
  const lines: string[] = [], { log } = console, write = Deno.stdout.writeSync;
  console.log = (...parts: unknown[]) => void lines.push(parts.join(" ") + "\n");
  Deno.stdout.writeSync = (bytes) => {
    lines.push(new TextDecoder().decode(bytes));
    return bytes.length;
  };
  try {
    await command.run(args, new AbortController().signal);
    return lines.join("");
  } finally {
    console.log = log;
    Deno.stdout.writeSync = write;
  }
}
