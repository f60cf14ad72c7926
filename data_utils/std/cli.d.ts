// Types of deno-std's parseArgs, which ships as plain JavaScript.

/** How `parseArgs` reads a command line; the names given here are the ones that come back typed. */
export interface ParseOptions<
  B extends string = string,
  S extends string = string,
  C extends string = string,
  N extends string = string,
  D extends Record<string, unknown> = Record<string, unknown>,
  DD extends boolean = boolean,
> {
  /** Flags without a value; absent ones are false. */
  boolean?: B | readonly B[];
  /** Flags whose value stays a string, "007" included. */
  string?: S | readonly S[];
  /** Flags that may be repeated; their values come back as an array. */
  collect?: C | readonly C[];
  /** Flags for which --no-name means false. */
  negatable?: N | readonly N[];
  default?: D;
  /** Other names of a flag: `{ out: "o" }`. */
  alias?: Record<string, string | readonly string[]>;
  /** All after the first positional argument is positional. */
  stopEarly?: boolean;
  /** Put what follows `--` under "--" instead of "_". */
  "--"?: DD;
  /** Called for a flag or argument not named above; return false to leave it out. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

type Default<D, K> = K extends keyof D ? D[K] : undefined;
type Value<S, C, D, K extends string> = K extends C ? (K extends S ? string[] : unknown[])
  : K extends S ? string | Default<D, K>
  : unknown;

/** The flags by name, and the positional arguments under `_`. */
export type Args<
  B extends string,
  S extends string,
  C extends string,
  D extends Record<string, unknown>,
  DD extends boolean,
> =
  & { [x: string]: unknown; _: (string | number)[] }
  & { [K in Exclude<B, S | C>]: boolean | Exclude<Default<D, K>, undefined> }
  & { [K in S | C]: Value<S, C, D, K> }
  & (DD extends true ? { "--": string[] } : unknown);

/**
 * Reads command line arguments: `--name value`, `--name=value`, `--flag`, `-x`; the rest goes to `_`.
 * Numbers are read as numbers unless the flag is named under `string`; an absent flag of `collect` is [].
 */
export function parseArgs<
  const B extends string = never,
  const S extends string = never,
  const C extends string = never,
  const N extends string = never,
  // deno-lint-ignore ban-types
  D extends Record<string, unknown> = {},
  const DD extends boolean = false,
>(args: readonly string[], options?: ParseOptions<B, S, C, N, D, DD>): Args<B, S, C, D, DD>;
