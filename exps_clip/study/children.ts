// Runs as processes of their own, a few at a time. Two single-threaded processes side by side train faster than one with
// two threads where WebGPU runs on the CPU, and what a run leaks or breaks ends with its process.

import { Failure, Stopped } from "../../data_utils/mod.ts";
import type { RunLine } from "./one_run.ts";

/** What a process that is to be started needs. */
export interface ChildCommand {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine: (line: RunLine) => void;
  readonly signal: AbortSignal;
}

/**
 * Runs one process to its end. One that has told its result is done, however it ends: drivers now and then break while
 * they are unloaded. Throws Stopped when it was stopped, Failure with its last words and its exit code when
 * it failed.
 */
export async function runChild({ args, env, onLine, signal }: ChildCommand): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    env: { ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stop = () => {
    try {
      child.kill("SIGINT");
    } catch {
      // it has ended already
    }
  };
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  try {
    const words = new Response(child.stderr).text();
    let rest = "", isDone = false;
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const text of lines.filter((text) => text.startsWith("{"))) {
        const line: RunLine = JSON.parse(text);
        isDone ||= "result" in line;
        onLine(line);
      }
    }
    const { code } = await child.status;
    if (code === 0 || isDone) return;
    if (code === 130 || signal.aborted) throw new Stopped("Stopped");
    throw new Failure(lastLine(await words) || `ended with code ${code}`, code === 2 ? 2 : 1);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

const lastLine = (text: string) => text.trim().split("\n").at(-1)!.trim();

/** Jobs, and how they are done. */
export interface ParallelJobs<Job> {
  readonly jobs: readonly Job[];
  /** How many at a time. */
  readonly width: number;
  /** Jobs among these that must be done before one begins. */
  before?(job: Job): readonly Job[];
  start(job: Job, signal: AbortSignal): Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Does the jobs in order, but for those that wait for others. The first failure stops the others through their signal
 * and is thrown when all have ended.
 */
export async function inParallel<Job>(
  { jobs, width, before = () => [], start, signal }: ParallelJobs<Job>,
): Promise<void> {
  const failed = new AbortController(), either = AbortSignal.any([signal, failed.signal]);
  const waiting = [...jobs], undone = new Set(jobs), underWay = new Set<Promise<void>>();
  let failure: unknown;
  const isReady = (job: Job) => before(job).every((other) => !undone.has(other));
  const run = async (job: Job) => {
    try {
      await start(job, either);
      undone.delete(job);
    } catch (error) {
      failure ??= error;
      failed.abort(new Stopped("Stopped"));
    }
  };
  while (!either.aborted) {
    const next = underWay.size < width ? waiting.findIndex(isReady) : -1;
    if (next >= 0) {
      const done: Promise<void> = run(waiting.splice(next, 1)[0]).finally(() => underWay.delete(done));
      underWay.add(done);
    } else if (underWay.size > 0) await Promise.race(underWay);
    else break;
  }
  await Promise.all(underWay);
  if (failure !== undefined) throw failure;
  if (signal.aborted) throw new Stopped("Stopped");
}
