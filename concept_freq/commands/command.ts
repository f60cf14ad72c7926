/** What each of `freq`'s commands is: a name to dispatch on, its help, and what it does. */
export interface Command {
  /** The word behind `freq`. */
  readonly name: string;
  /** What it does, in one line of `freq --help`. */
  readonly summary: string;
  /** The text of `freq NAME --help`, with an example. */
  readonly help: string;
  /**
   * Reads the arguments behind the name and does the work. Throws RangeError or SyntaxError for bad input, Stopped
   * once `signal` aborted, and Failure with code 1 when it is done but inputs had to be left out.
   */
  run(args: readonly string[], signal: AbortSignal): Promise<void>;
}
