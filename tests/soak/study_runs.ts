// A study started as a program for the soak tests: its progress shown, killed where a test says.

import { TextLineStream } from "@std/streams";
import { command, study } from "../exps/processes.ts";
import { killIfAlive } from "../startup/kill.ts";
import { progress } from "./progress.ts";

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the study, to its end or until `until` (asked ten times a second) holds; then it is killed. */
export async function runStudy(args: readonly string[], until?: () => boolean): Promise<Ended> {
  const child = command(study, args).spawn(), out = new Response(child.stdout).text();
  const ended = child.status;
  const timer = setInterval(() => {
    if (!until?.()) return;
    clearInterval(timer);
    killIfAlive(child);
  }, 100);
  const lines: string[] = [];
  let shown = 0;
  for await (
    const line of child.stderr.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())
  ) {
    lines.push(line);
    if (!/\d/.test(line) || performance.now() - shown < 10_000) continue;
    progress(line.trim());
    shown = performance.now();
  }
  const { code } = await ended;
  clearInterval(timer);
  return { code, out: await out, err: lines.join("\n") };
}
