/** One shard of `pack`: images of consecutive rows into a tar archive that depends on nothing but them. */
import { createHash } from "node:crypto";
import { decodeImage, readHeader } from "../../images/decode.ts";
import { readImage } from "../../loader/sample.ts";
import { imagePlaces } from "../../loader/tar_places.ts";
import { TAR_END, tarEntry } from "../../loader/write_tar.ts";
import { writeAtomically, writeFully } from "../../runs/atomic.ts";
import { type FailedSample, imageFault } from "./failures.ts";

/** A sample to be. */
export interface PackRow {
  /** Where the image is: a file, or "archive.tar/member". */
  readonly path: string;
  /** Null where there is none; a text that is no label is `fault`. */
  readonly label: number | null;
  readonly caption: string | null;
  /** What .json says of the sample. */
  readonly notes: Readonly<Record<string, unknown>>;
  /** Why the row cannot be packed, known before its image is looked at. */
  readonly fault?: string;
}

/** A shard to be written. */
export interface PackUnit {
  readonly path: string;
  /** Number of the first row. */
  readonly first: number;
  readonly rows: readonly PackRow[];
  /** Whether images are decoded whole, to find damaged ones. */
  readonly decode: boolean;
}

/** A shard as written. */
export interface PackedShard {
  readonly samples: number;
  readonly bytes: number;
  readonly sha256: string;
  /** Samples by label, as [label, count]. */
  readonly labels: readonly (readonly [number, number])[];
  readonly failures: readonly FailedSample[];
}

/** Nine digits, as img2dataset writes them. */
export const keyOf = (row: number): string => String(row).padStart(9, "0");

const READ_AHEAD = 16, FLUSH_BYTES = 2 ** 22;

/** The ending that fits an image's first bytes. Throws SyntaxError for what no reader of shards takes. */
function endingOf(bytes: Uint8Array): "jpg" | "png" | "webp" {
  const begins = (at: number, ...values: number[]) => values.every((value, i) => bytes[at + i] === value);
  if (begins(0, 0xff, 0xd8, 0xff)) return "jpg";
  if (begins(0, 0x89, 0x50, 0x4e, 0x47)) return "png";
  if (begins(0, 0x52, 0x49, 0x46, 0x46) && begins(8, 0x57, 0x45, 0x42, 0x50)) return "webp";
  throw new SyntaxError(bytes.length === 0 ? "empty file" : "not a JPEG, PNG or WebP image");
}

type Loaded = { readonly image: Uint8Array; readonly ending: string } | string;

async function load(row: PackRow, placeOf: ReturnType<typeof imagePlaces>, decode: boolean): Promise<Loaded> {
  if (row.fault !== undefined) return row.fault;
  try {
    const place = await placeOf(row.path);
    if (place === null) return "missing member of the archive";
    const image = await readImage(place), ending = endingOf(image);
    await (decode ? decodeImage(image) : readHeader(image));
    return { image, ending };
  } catch (error) {
    return imageFault(error);
  }
}

/** Members of a sample, in the order of their names. */
function* membersOf(
  { label, caption, notes }: PackRow,
  key: string,
  { image, ending }: Exclude<Loaded, string>,
) {
  const text = (content: string) => new TextEncoder().encode(content);
  if (label !== null) yield tarEntry(`${key}.cls`, text(String(label)));
  if (ending === "jpg") yield tarEntry(`${key}.jpg`, image);
  yield tarEntry(`${key}.json`, text(JSON.stringify(notes)));
  if (ending === "png") yield tarEntry(`${key}.png`, image);
  if (caption !== null) yield tarEntry(`${key}.txt`, text(caption));
  if (ending === "webp") yield tarEntry(`${key}.webp`, image);
}

/** Writes a shard under a temporary name and renames it. Samples that fail are listed, their keys left out. */
export async function packShard({ path, first, rows, decode }: PackUnit): Promise<PackedShard> {
  const placeOf = imagePlaces(), failures: FailedSample[] = [], labels = new Map<number, number>();
  const hash = createHash("sha256");
  let samples = 0, bytes = 0;
  await writeAtomically(path, async (file) => {
    let waiting: Uint8Array[] = [], held = 0;
    const flush = async () => {
      const whole = new Uint8Array(held);
      waiting.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
      hash.update(whole);
      await writeFully(file, whole);
      bytes += held;
      waiting = [];
      held = 0;
    };
    const put = async (part: Uint8Array) => {
      waiting.push(part);
      if ((held += part.length) >= FLUSH_BYTES) await flush();
    };
    const begin = (row: PackRow) => {
      const loading = load(row, placeOf, decode);
      loading.catch(() => {}); // thrown where it is awaited, which may be later
      return loading;
    };
    const ahead = rows.slice(0, READ_AHEAD).map(begin);
    for (const [i, row] of rows.entries()) {
      const loaded = await ahead.shift()!;
      if (i + READ_AHEAD < rows.length) ahead.push(begin(rows[i + READ_AHEAD]));
      if (typeof loaded === "string") {
        failures.push({ row: first + i, source: row.path, reason: loaded });
        continue;
      }
      for (const member of membersOf(row, keyOf(first + i), loaded)) await put(member);
      samples++;
      if (row.label !== null) labels.set(row.label, (labels.get(row.label) ?? 0) + 1);
    }
    await put(TAR_END);
    await flush();
  });
  return {
    samples,
    bytes,
    sha256: hash.digest("hex"),
    labels: [...labels].sort((a, b) => a[0] - b[0]),
    failures,
  };
}
