// Types of deno-std's csv module, which ships as plain JavaScript.

/** How a table is read. */
export interface ReadOptions {
  /** One character between fields, "," unless given. */
  separator?: string;
  /** Lines that begin with this character are skipped. */
  comment?: string;
  trimLeadingSpace?: boolean;
  lazyQuotes?: boolean;
  /** 0: as many as the first row has; negative: not checked. */
  fieldsPerRecord?: number;
}

export interface ParseOptions extends ReadOptions {
  /** The first row is not data; it names the columns unless `columns` does. */
  skipFirstRow?: boolean;
  /** Names of the columns; rows come back as objects. */
  columns?: readonly string[];
}

type NamedRow<K extends string> = Record<K, string>;

/** Rows of a table; objects where the columns have names. Throws SyntaxError for malformed text. */
export function parse<const K extends string>(
  text: string,
  options: ReadOptions & { skipFirstRow?: boolean; columns: readonly K[] },
): NamedRow<K>[];
export function parse(text: string, options: ReadOptions & { skipFirstRow: true }): NamedRow<string>[];
export function parse(text: string, options?: ReadOptions & { skipFirstRow?: false }): string[][];

/** The same from a stream of text. */
export class CsvParseStream<R = string[]> implements TransformStream<string, R> {
  constructor(options?: ParseOptions);
  readonly readable: ReadableStream<R>;
  readonly writable: WritableStream<string>;
}

/** How a table is written. */
export interface StringifyOptions {
  /** Print the column names as the first row; true unless given. */
  headers?: boolean;
  separator?: string;
  /** Names (or paths of names) of the columns; needed where rows are objects. */
  columns?: readonly (
    | string
    | number
    | readonly (string | number)[]
    | { header?: string; prop: string | number | readonly (string | number)[] }
  )[];
  /** A byte order mark in front. */
  bom?: boolean;
  /** "\r\n" unless `crlf` is false. */
  crlf?: boolean;
  /** Quote every field. */
  quote?: boolean;
}

export function stringify(
  data: readonly (readonly unknown[] | Record<string, unknown>)[],
  options?: StringifyOptions,
): string;

export class CsvStringifyStream
  implements TransformStream<readonly unknown[] | Record<string, unknown>, string> {
  constructor(options?: { separator?: string; columns?: readonly string[] });
  readonly readable: ReadableStream<string>;
  readonly writable: WritableStream<readonly unknown[] | Record<string, unknown>>;
}
