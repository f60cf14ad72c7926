/**
 * Measuring in processes of their own, so that memory is each one's own and nothing is warm from the one before.
 */
import { Failure, Stopped } from "../../data_utils/mod.ts";

/** A command of `freq` as it is run by hand, with `--json` among its arguments. */
export interface CommandTask {
  readonly kind: "command";
  readonly command: "class" | "substring" | "word";
  readonly args: readonly string[];
}

/** Plain counting of a TSV file's first captions, for as long as it is given. */
export interface PlainTask {
  readonly kind: "plain";
  readonly conceptSet: string;
  readonly metadata?: string;
  readonly wordnet?: string;
  readonly tsv: string;
  /** Milliseconds of counting after which it stops. */
  readonly milliseconds: number;
}

/** What a process has to measure. */
export type Task = CommandTask | PlainTask;

/** What it took. */
export interface Measured {
  readonly seconds: number;
  /** The process's high-water mark of resident memory; null where the system does not say. */
  readonly peakBytes: number | null;
  /** Captions that were counted. */
  readonly rows: number;
}

/** What plain counting got through. */
export interface PlainMeasured extends Measured {
  /** Bytes of the file up to the last of them. */
  readonly bytes: number;
  readonly counts: readonly number[];
}

/** Runs a task in a process and returns what it wrote. Throws Stopped when `signal` aborts, Failure when it fails. */
export async function measure<T extends Measured>(
  task: Task,
  folder: string,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted();
  const result = `${folder}/measured.json`;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      "--quiet",
      new URL("measure_cli.ts", import.meta.url).href,
      result,
      JSON.stringify(task),
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stop = () => {
    try {
      child.kill("SIGTERM");
    } catch {
      // It has ended meanwhile.
    }
  };
  signal.addEventListener("abort", stop, { once: true });
  const { code, stdout, stderr } = await child.output().finally(() =>
    signal.removeEventListener("abort", stop)
  );
  if (signal.aborted) throw new Stopped("Stopped");
  if (code !== 0) {
    const said = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
    throw new Failure(
      `${task.kind === "plain" ? "plain counting" : `freq ${task.command}`} failed: ${said}`,
      1,
    );
  }
  const measured = JSON.parse(await Deno.readTextFile(result));
  await Deno.remove(result);
  return task.kind === "plain"
    ? measured
    : { ...measured, rows: JSON.parse(new TextDecoder().decode(stdout)).rows };
}
