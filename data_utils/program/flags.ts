/**
 * Command lines of the training programs. A program's flags are a table of data, from which come the reading, the
 * checks and the text of --help, so that the three never disagree. Names may be written with "-" or "_", as the
 * reference programs do both.
 */

import { wrap } from "./wrap.ts";

interface FlagOf<Kind extends string, Value> {
  kind: Kind;
  /** What it does, in a few words. */
  help: string;
  /** Value when the flag is absent; without one it is undefined then. */
  default?: Value;
  /** What the value is called in the help: FILE, N. */
  value?: string;
  /** One letter: `-b`. */
  short?: string;
}

/** One flag. `text` takes a value, `texts` may be repeated, `whole` and `number` are checked, `switch` takes none. */
export type Flag =
  | FlagOf<"switch", boolean>
  | FlagOf<"text", string> & { choices?: readonly string[] }
  | FlagOf<"texts", string[]>
  | FlagOf<"whole" | "number", number> & { least?: number; most?: number };

/** Flags by name, written with "-". */
export type FlagTable = Readonly<Record<string, Flag>>;

type ValueOf<F> = F extends { kind: "switch" } ? boolean
  : F extends { kind: "texts" } ? string[]
  : F extends { kind: "text" } ? string | (F extends { default: string } ? never : undefined)
  : number | (F extends { default: number } ? never : undefined);

/** The values of a table's flags. */
export type FlagValues<T extends FlagTable> = { -readonly [K in keyof T]: ValueOf<T[K]> };

/** A command line as read. */
export interface ParsedFlags<T extends FlagTable> {
  values: FlagValues<T>;
  /** Flags that were written. */
  given: ReadonlySet<keyof T & string>;
  /** What is no flag, in order. */
  positional: string[];
}

function checked(name: string, flag: Flag, text: string): string | number {
  const asked = `--${name} ${text}`;
  if (flag.kind === "text" && flag.choices && !flag.choices.includes(text)) {
    throw new RangeError(`${asked} is none of ${flag.choices.join(", ")}`);
  }
  if (flag.kind !== "whole" && flag.kind !== "number") return text;
  const number = text.trim() === "" ? NaN : Number(text);
  if (!Number.isFinite(number)) throw new RangeError(`${asked} is not a number`);
  if (flag.kind === "whole" && !Number.isSafeInteger(number)) {
    throw new RangeError(`${asked} is not a whole number`);
  }
  if (number < (flag.least ?? -Infinity)) throw new RangeError(`${asked} is below ${flag.least}`);
  if (number > (flag.most ?? Infinity)) throw new RangeError(`${asked} is above ${flag.most}`);
  return number;
}

/** The flag's name as the table writes it. Throws RangeError when the table has none. */
function nameOf(table: FlagTable, written: string): string {
  const name = written.startsWith("--")
    ? written.slice(2).replaceAll("_", "-")
    : Object.keys(table).find((key) => table[key].short === written.slice(1));
  if (name === undefined || !Object.hasOwn(table, name)) {
    throw new RangeError(`Unknown flag ${written}; see --help`);
  }
  return name;
}

/**
 * Reads `--name value`, `--name=value`, `-b value` and switches. Throws RangeError, naming the flag, for an unknown
 * one, a missing value, one that is not of the flag's kind or out of its range, or a flag given twice.
 */
export function parseFlags<const T extends FlagTable>(args: readonly string[], table: T): ParsedFlags<T> {
  const values: Record<string, unknown> = {};
  const given = new Set<string>(), positional: string[] = [];
  for (const [name, flag] of Object.entries(table)) {
    values[name] = flag.default ?? { switch: false, texts: [] }[flag.kind as string];
  }
  for (let at = 0; at < args.length; at++) {
    if (!/^--?[a-zA-Z]/.test(args[at])) {
      positional.push(args[at]);
      continue;
    }
    const [, written, inline] = /^([^=]*)(?:=([^]*))?$/.exec(args[at])!;
    const name = nameOf(table, written), flag = table[name];
    if (given.has(name) && flag.kind !== "texts") throw new RangeError(`--${name} is given twice`);
    if (flag.kind === "switch") {
      if (inline !== undefined) throw new RangeError(`--${name} takes no value`);
      values[name] = true;
    } else {
      const text = inline ?? args[++at];
      if (text === undefined) throw new RangeError(`--${name} needs a value; see --help`);
      const value = checked(name, flag, text);
      if (flag.kind === "texts") {
        values[name] = given.has(name) ? [...values[name] as string[], text] : [text];
      } else values[name] = value;
    }
    given.add(name);
  }
  return { values: values as FlagValues<T>, given, positional };
}

/**
 * The values of a command's flags. Throws RangeError as {@link parseFlags}, for a needed flag that is absent, and for
 * what is no flag (an unquoted pattern becomes that).
 */
export function readFlags<const T extends FlagTable>(
  args: readonly string[],
  table: T,
  needed: readonly (keyof T & string)[] = [],
): FlagValues<T> {
  const { values, given, positional } = parseFlags(args, table);
  if (positional.length > 0) {
    throw new RangeError(
      `Unexpected ${positional[0]}: a pattern for several files goes in quotes; see --help`,
    );
  }
  const missing = needed.find((name) => !given.has(name));
  if (missing !== undefined) throw new RangeError(`--${missing} is needed; see --help`);
  return values;
}

/** The lines of --help about a table's flags, with values, choices and defaults. */
export function describeFlags(table: FlagTable, width = 100): string {
  const heads = Object.entries(table).map(([name, flag]) => {
    const short = flag.short ? `-${flag.short}, ` : "";
    const value = flag.kind === "switch"
      ? ""
      : ` ${flag.value ?? (flag.kind === "texts" || flag.kind === "text" ? "TEXT" : "N")}`;
    return `  ${short}--${name}${value}`;
  });
  const indent = Math.min(28, Math.max(...heads.map((head) => head.length)) + 2);
  return Object.values(table).flatMap((flag, i) => {
    const choices = flag.kind === "text" && flag.choices ? `: ${flag.choices.join(", ")}` : "";
    const preset = flag.kind === "switch" || flag.default === undefined || String(flag.default) === ""
      ? ""
      : ` (default ${flag.default})`;
    const lines = wrap(flag.help + choices + preset, width - indent).map((line) => " ".repeat(indent) + line);
    return heads[i].length > indent - 2
      ? [heads[i], ...lines]
      : [heads[i].padEnd(indent) + lines[0].trimStart(), ...lines.slice(1)];
  }).join("\n");
}
