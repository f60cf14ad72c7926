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
  constructor(message: string, readonly exitCode: 1 | 2, options?: ErrorOptions) {
    super(message, options);
  }
}

/** What was thrown first, where closing what was open then failed too. */
function firstOf(error: unknown): unknown {
  return error instanceof SuppressedError ? firstOf(error.suppressed) : error;
}

/** The exit code for what a program threw. */
export function exitCode(thrown: unknown): 1 | 2 | 130 {
  const error = firstOf(thrown);
  if (error instanceof Stopped || (error instanceof DOMException && error.name === "AbortError")) return 130;
  if (error instanceof Failure) return error.exitCode;
  const input = [RangeError, SyntaxError, ...pathRemedies.map(([kind]) => kind)];
  return input.some((kind) => error instanceof kind) ? 2 : 1;
}

/** What is wrong with a path that was given, and what to do, by what Deno throws. */
const pathRemedies: readonly [new (message: string) => Error, (path: string) => string][] = [
  [
    Deno.errors.NotFound,
    (path) => `There is no file or folder ${path}; check the path that was given`,
  ],
  [Deno.errors.IsADirectory, (path) => `${path} is a folder; a file is wanted here`],
  [Deno.errors.NotADirectory, (path) => `${path} leads through a file; give a path through folders`],
  [Deno.errors.AlreadyExists, (path) => `${path} is a file; a folder is wanted here`],
  [
    Deno.errors.PermissionDenied,
    (path) => `${path} is not open to this user; choose another or change its rights`,
  ],
];

/** An error as one line; what Deno says of a path is said with the remedy. */
export function errorLine(thrown: unknown): string {
  const error = firstOf(thrown);
  const remedy = pathRemedies.find(([kind]) => error instanceof kind)?.[1];
  const path = error instanceof Error ? /\(os error \d+\).*'(.*)'$/.exec(error.message)?.[1] : undefined;
  if (remedy && path !== undefined) return remedy(path || '"" (an empty path)');
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
    const first = firstOf(error), bug = first instanceof ReferenceError || first instanceof TypeError;
    console.error(bug && first.stack ? first.stack : errorLine(first));
    Deno.exit(exitCode(error));
  }
  Deno.exit(0);
}
