// deno-lint-ignore-file
// @ts-nocheck AssemblyScript, part of scan.as.ts.
// Files of lines, each a caption or a JSON value. Lines end at a line feed, or a carriage return and a line feed.
import {
  batchIsFull,
  countMalformed,
  countTooLong,
  CR,
  indexOfByte,
  isTooLong,
  keepExtra,
  LF,
  putCaption,
  putNull,
  roomFor,
  SPACE,
  TAB,
} from "./scan_state.as.ts";
import {
  ABSENT,
  copyUnescaped,
  IS_NULL,
  jsonAt,
  jsonEnd,
  jsonEscaped,
  jsonKind,
  OTHER,
  readJson,
  STRING,
} from "./scan_json.as.ts";

let json: bool = false, bare: bool = false;

/** Says whether lines are JSON, and whether they are strings rather than objects. */
export function setLines(isJson: bool, isBare: bool): void {
  json = isJson;
  bare = isBare;
}

function firstByte(from: usize, end: usize): u32 {
  for (; from < end; from++) {
    const byte: u32 = load<u8>(from);
    if (byte != SPACE && byte != TAB && byte != CR) return byte;
  }
  return 0;
}

/** Reads one line of JSON; false when the batch has to be handed on first. */
function readLine(from: usize, end: usize): bool {
  const first = firstByte(from, end);
  if (!first) return true;
  if (!roomFor(end - from)) return false;
  const valid = readJson(from, end), kind = jsonKind();
  // An object, or where lines are strings a string or null.
  const fits = bare ? kind == STRING || kind == IS_NULL : kind != OTHER;
  if (!valid || !fits || (first == 0x7b) == bare) countMalformed();
  else if (kind != STRING) putNull(from, end);
  else if (jsonEscaped()) {
    const at = roomFor(end - from), to = copyUnescaped(at, jsonAt(), jsonEnd());
    keepExtra(to);
    putCaption(at, to, from, end);
  } else putCaption(jsonAt(), jsonEnd(), from, end);
  return true;
}

/** As scanTable (scan_table.as.ts), for lines. */
export function scanLines(from: usize, end: usize, stop: usize, last: bool): usize {
  while (from < stop && from < end && !batchIsFull()) {
    const feed = indexOfByte(from, end, LF);
    if (feed == end && !last) return from;
    const lineEnd = feed > from && feed < end && load<u8>(feed - 1) == CR ? feed - 1 : feed;
    if (isTooLong(lineEnd - from)) countTooLong();
    else if (!json) putCaption(from, lineEnd, from, lineEnd);
    else if (!readLine(from, lineEnd)) return from;
    from = feed < end ? feed + 1 : end;
  }
  return from;
}
