// The name `@std/streams` of tests and programs: stream helpers of the npm package deno-std, with types of
// its own; only what reads, splits, joins and bounds streams is named.
// Nothing that a mod.ts reaches may import this file: only deno.json's names lead here.

// @ts-types="./streams.d.ts"
export {
  concatReadableStreams,
  DelimiterStream,
  LimitedBytesTransformStream,
  mergeReadableStreams,
  TextDelimiterStream,
  TextLineStream,
  toArrayBuffer,
  toBytes,
  toJson,
  toText,
  zipReadableStreams,
} from "npm:deno-std@1.4.0/streams/mod.js";
