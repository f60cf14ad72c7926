/**
 * Captions in WebDataset shards (tar archives): one per sample, a sample being consecutive members with one name up to
 * the first dot. Images are passed over without being read.
 */
import { type TarMember, tarMembers } from "../loader/tar.ts";
import { TEXT_BYTES } from "./arena.ts";
import type { CaptionFile, CaptionOptions, ReadUnit } from "./caption_file.ts";
import { captionKey, packJson, parseJson } from "./json_value.ts";
import { type CaptionPacker, captionPacker } from "./pack.ts";

/** A member's name up to the first dot behind its folder, and what follows. */
function splitName(name: string): { key: string; kind: string } {
  const dot = name.indexOf(".", name.lastIndexOf("/") + 1);
  return dot < 0
    ? { key: name, kind: "" }
    : { key: name.slice(0, dot), kind: name.slice(dot + 1).toLowerCase() };
}

/** Looks at a tar archive; whether it is whole shows on reading. */
export function planShard(
  path: string,
  gzipped: boolean,
  bytes: number,
  options: CaptionOptions,
): CaptionFile {
  const units = [{ index: 0, start: 0, end: bytes }];
  return { path, format: "tar", gzipped, bytes, column: options.column ?? null, units, layout: {} };
}

/** What a sample has of captions: bytes of its .txt and .json, or that they are too long to be read. */
type Sample = { key: string } & Partial<Record<"txt" | "json", Uint8Array | "tooLong">>;

/** A text without the line end that editors leave behind it. */
function withoutLineEnd(text: Uint8Array): Uint8Array {
  let end = text.length;
  if (text[end - 1] === 10) end--;
  if (end < text.length && text[end - 1] === 13) end--;
  return text.subarray(0, end);
}

function pack(packer: CaptionPacker, { txt, json }: Sample, column: string | null, record?: Uint8Array) {
  const noted = column !== null && json !== undefined ? json : txt ?? json;
  if (noted === undefined) packer.add(null, record);
  else if (noted === "tooLong") packer.leaveOut("tooLong");
  else if (noted === txt) packer.add(withoutLineEnd(noted), record);
  else packJson(packer, noted, column ?? keyOf(noted), record);
}

/** The caption's key in a .json; "caption", which it then does not have, where there is none. */
function keyOf(json: Uint8Array): string {
  try {
    return captionKey(parseJson(json).value) ?? "caption";
  } catch {
    return "caption";
  }
}

/**
 * Reads a shard. The caption is the member .txt, else the key of .json; .json comes first when a key was asked for.
 * Throws SyntaxError naming the archive when it is damaged or cut short.
 */
export const readShard: ReadUnit = async (file, unit, arena, sink, options = {}) => {
  const packer = captionPacker(arena, sink, options.onLeftOut), encoder = new TextEncoder();
  let sample = null as Sample | null;
  const finish = (done: Sample | null) =>
    done && pack(packer, done, file.column, options.rows ? encoder.encode(done.key) : undefined);
  const read = async (member: TarMember) => member.size > TEXT_BYTES ? "tooLong" : await member.read();
  for await (const member of tarMembers(file.path)) {
    options.signal?.throwIfAborted();
    const { key, kind } = splitName(member.name);
    if (key.endsWith("/") || key === "") continue; // hidden files, such as macOS leaves in archives
    if (sample?.key !== key) {
      finish(sample);
      sample = { key };
    }
    if (kind === "txt" || kind === "json") sample[kind] = await read(member);
  }
  finish(sample);
  packer.flush();
  return { tally: packer.tally, began: unit.start, ended: unit.end };
};
