/** One shard of `arrange`: its samples as image files under their class and id. */
import { decodeImage } from "../../images/decode.ts";
import { encodeJpeg } from "../../images/encode_jpeg.ts";
import { tarMembers } from "../../loader/tar.ts";
import { writeFully } from "../../runs/atomic.ts";
import { type FailedSample, imageFault } from "./failures.ts";

/** A shard and the rows of the metadata that its keys may name. */
export interface ArrangeUnit {
  readonly shard: string;
  /** Number of the first row; the others follow. */
  readonly first: number;
  /** By row from `first`: file below the target, such as n01440764/123.jpg. */
  readonly files: readonly string[];
  /** By row from `first`: the caption a sample must have; null where it is not compared. */
  readonly captions: readonly (string | null)[];
  /** Folder of the classes' folders, which are there. */
  readonly target: string;
  /** Whether JPEG bytes are kept; other formats are encoded anew in any case. */
  readonly keepBytes: boolean;
}

/** What became of a shard. */
export interface ArrangedShard {
  /** Rows whose images are on the disk, ascending. */
  readonly rows: readonly number[];
  readonly failures: readonly FailedSample[];
}

/** Endings in the order in which one is chosen where a sample has several. */
const ENDINGS = ["jpg", "png", "jpeg", "webp"] as const;

interface Group {
  readonly key: string;
  readonly members: Map<string, Uint8Array>;
}

/** Consecutive members of the same name up to its first dot; images and captions only. */
async function* groupsOf(shard: string): AsyncGenerator<Group> {
  let group = null as Group | null;
  for await (const member of tarMembers(shard)) {
    const { name } = member, dot = name.indexOf(".", name.lastIndexOf("/") + 1);
    const key = dot < 0 ? name : name.slice(0, dot), ending = dot < 0 ? "" : name.slice(dot + 1);
    if (group?.key !== key) {
      if (group) yield group;
      group = { key, members: new Map() };
    }
    const kind = ending.toLowerCase();
    if (kind === "txt" || ENDINGS.some((image) => image === kind)) {
      group.members.set(kind, await member.read());
    }
  }
  if (group) yield group;
}

/** Writes under a temporary name first, so that what has the name is whole. */
async function writeImage(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    {
      using file = await Deno.open(temporary, { write: true, create: true, truncate: true });
      await writeFully(file, bytes);
    }
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw new Error(`${path} could not be written: ${(error as Error).message}`, { cause: error });
  }
}

/** Whether a JPEG that begins and ends as one is there already. */
async function isThere(path: string): Promise<boolean> {
  const file = await Deno.open(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  });
  if (file === null) return false;
  using open = file;
  const ends = new Uint8Array(4), { size } = await open.stat();
  if (size < 4 || await open.read(ends.subarray(0, 2)) !== 2) return false;
  await open.seek(-2, Deno.SeekMode.End);
  if (await open.read(ends.subarray(2)) !== 2) return false;
  return ends[0] === 0xff && ends[1] === 0xd8 && ends[2] === 0xff && ends[3] === 0xd9;
}

/** The image's bytes as they are to be stored, or why there are none. */
async function stored({ members }: Group, keepBytes: boolean): Promise<Uint8Array | string> {
  const ending = ENDINGS.find((each) => members.has(each));
  if (ending === undefined) return "no image";
  const bytes = members.get(ending)!, isJpeg = bytes[0] === 0xff && bytes[1] === 0xd8;
  try {
    const picture = await decodeImage(bytes);
    return keepBytes && isJpeg ? bytes : await encodeJpeg(picture);
  } catch (error) {
    return imageFault(error);
  }
}

const plain = (text: string) => text.trim();

/** The row that a sample's key names, and what is wrong with it before its image is looked at. */
function rowOf({ key, members }: Group, unit: ArrangeUnit): { row: number | null; fault?: string } {
  const { first, files, captions } = unit;
  if (!/^\d{1,15}$/.test(key)) return { row: null, fault: "its key is no row number" };
  const row = Number(key), last = first + files.length - 1;
  if (row < first || row > last) {
    return { row: null, fault: `its key is none of this shard's rows ${first} to ${last}: see --shard-size` };
  }
  const wanted = captions[row - first], caption = members.get("txt");
  const same = wanted === null || caption === undefined ||
    plain(new TextDecoder().decode(caption)) === plain(wanted);
  return same
    ? { row }
    : { row, fault: "its caption is not the TEXT of its row: other metadata, or see --any-caption" };
}

/** How many images are decoded and encoded at a time. */
const AT_ONCE = 4;

/**
 * Arranges a shard: every sample ends as a file that is on the disk, or as a failure with its reason. A damaged shard
 * gives what can be read of it, and a failure of its own.
 */
export async function arrangeShard(unit: ArrangeUnit): Promise<ArrangedShard> {
  const { shard, first, files, target, keepBytes } = unit;
  const outcomes: Promise<number | FailedSample>[] = [], seen = new Set<number>();
  async function arrange(group: Group): Promise<number | FailedSample> {
    const source = `${shard}/${group.key}`, { row, fault } = rowOf(group, unit);
    if (row === null || fault !== undefined) return { row, source, reason: fault! };
    if (seen.has(row)) return { row, source, reason: "its key stands twice" };
    seen.add(row);
    const path = `${target}/${files[row - first]}`;
    if (await isThere(path)) return row;
    const bytes = await stored(group, keepBytes);
    if (typeof bytes === "string") return { row, source, reason: bytes };
    await writeImage(path, bytes);
    return row;
  }
  try {
    for await (const group of groupsOf(shard)) {
      const outcome = arrange(group);
      outcome.catch(() => {}); // thrown where it is awaited
      outcomes.push(outcome);
      if (outcomes.length >= AT_ONCE) await outcomes[outcomes.length - AT_ONCE];
    }
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    outcomes.push(Promise.resolve({ row: null, source: shard, reason: error.message }));
  }
  const done = await Promise.all(outcomes);
  return {
    rows: done.filter((outcome) => typeof outcome === "number").sort((a, b) => a - b),
    failures: done.filter((outcome) => typeof outcome !== "number"),
  };
}
