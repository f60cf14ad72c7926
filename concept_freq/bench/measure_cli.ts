/**
 * One measurement of `freq bench`, in a process of its own: `measure_cli.ts RESULT TASK`, where TASK is JSON (see
 * measure.ts) and RESULT the file for what it took.
 */
import { type Command, runProgram, writeJsonAtomically } from "../../data_utils/mod.ts";
import type { CommandTask, Measured, PlainTask, Task } from "./measure.ts";
import { countPlainly } from "./plain_task.ts";

/** The command of a task; only that one is loaded. */
async function commandOf(name: CommandTask["command"]): Promise<Command> {
  if (name === "class") return (await import("../commands/class_command.ts")).classCommand;
  if (name === "word") return (await import("../commands/word_command.ts")).wordCommand;
  return (await import("../commands/substring_command.ts")).substringCommand;
}

/** The most memory this process had resident, with all its threads, in bytes. */
async function peakBytes(): Promise<number | null> {
  const status = await Deno.readTextFile("/proc/self/status").catch(() => "");
  const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? null : Number(kibibytes) * 1024;
}

async function run(task: Task, signal: AbortSignal): Promise<Omit<Measured, "rows">> {
  if (task.kind === "plain") return await countPlainly(task as PlainTask, signal);
  const command = await commandOf(task.command), began = performance.now();
  await command.run(task.args, signal);
  return { seconds: (performance.now() - began) / 1000, peakBytes: await peakBytes() };
}

await runProgram(async ([result, task], signal) => {
  await writeJsonAtomically(result, await run(JSON.parse(task), signal));
});
