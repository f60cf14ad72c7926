/**
 * How a program ends: 0 done, 1 failed while running, 2 bad input, 130 stopped and able to go on. A failure is one line
 * on standard error. The kind of an error says which it is: a value out of range, malformed text and a missing file
 * are input; everything else happened while running.
 */

/** Thrown where a run was asked to stop and left everything in a state from which it goes on. */
export class Stopped extends Error {
  override name = "Stopped";
}

/** A failure that says itself how the program ends, for instance that of a program it started. */
export class Failure extends Error {
  override name = "Failure";
  constructor(message: string, readonly exitCode: 1 | 2) {
    super(message);
  }
}

/** The exit code for what a program threw. */
export function exitCode(error: unknown): 1 | 2 | 130 {
  if (error instanceof Stopped || (error instanceof DOMException && error.name === "AbortError")) return 130;
  if (error instanceof Failure) return error.exitCode;
  const input = [RangeError, SyntaxError, Deno.errors.NotFound, Deno.errors.IsADirectory];
  return input.some((kind) => error instanceof kind) ? 2 : 1;
}

/** An error as one line; what Deno says of a missing file is said with the remedy. */
export function errorLine(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) {
    const path = /\(os error \d+\).*'(.+)'$/.exec(error.message)?.[1];
    if (path !== undefined) return `There is no file or folder ${path}; check the path that was given`;
  }
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "").join(" ");
}

/**
 * Runs a program's `main` and ends the process with its exit code. The first Ctrl-C (or SIGTERM) aborts `signal`, so
 * that `main` can save and throw {@link Stopped}; a second one ends the process at once.
 */
export async function runProgram(
  main: (args: readonly string[], signal: AbortSignal) => Promise<void>,
): Promise<never> {
  const stop = new AbortController();
  const onSignal = () => {
    if (stop.signal.aborted) Deno.exit(130);
    stop.abort(new Stopped("Stopped"));
  };
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    if (Deno.build.os !== "windows" || name === "SIGINT") Deno.addSignalListener(name, onSignal);
  }
  try {
    await main(Deno.args, stop.signal);
  } catch (error) {
    const bug = error instanceof ReferenceError || error instanceof TypeError;
    console.error(bug && error.stack ? error.stack : errorLine(error));
    Deno.exit(exitCode(error));
  }
  Deno.exit(0);
}
