// Types of deno-std's streams module, which ships as plain JavaScript.

declare class Transform<I, O> implements TransformStream<I, O> {
  readonly readable: ReadableStream<O>;
  readonly writable: WritableStream<I>;
}

/** Where the delimiter goes: away (the default), to the end of a piece, or to the start of the next. */
export type Disposition = "suffix" | "prefix" | "discard";

/** Lines without their "\n" or "\r\n"; with `allowCR` a lone "\r" ends a line too. */
export class TextLineStream extends Transform<string, string> {
  constructor(options?: { allowCR?: boolean });
}
export class TextDelimiterStream extends Transform<string, string> {
  constructor(delimiter: string, options?: { disposition?: Disposition });
}
export class DelimiterStream extends Transform<Uint8Array, Uint8Array> {
  constructor(delimiter: Uint8Array, options?: { disposition?: Disposition });
}
/** Ends, or with `error` throws RangeError, once `size` bytes have passed. */
export class LimitedBytesTransformStream extends Transform<Uint8Array, Uint8Array> {
  constructor(size: number, options?: { error?: boolean });
}

/** One stream after the other. */
export function concatReadableStreams<T>(...streams: ReadableStream<T>[]): ReadableStream<T>;
/** All streams at once, in order of arrival. */
export function mergeReadableStreams<T>(...streams: ReadableStream<T>[]): ReadableStream<T>;
/** One item of each in turn. */
export function zipReadableStreams<T>(...streams: ReadableStream<T>[]): ReadableStream<T>;

export function toArrayBuffer(stream: ReadableStream<Uint8Array>): Promise<ArrayBuffer>;
export function toBytes(stream: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>>;
export function toText(stream: ReadableStream<string> | ReadableStream<Uint8Array>): Promise<string>;
export function toJson(stream: ReadableStream<string> | ReadableStream<Uint8Array>): Promise<unknown>;
