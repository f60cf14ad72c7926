/** The archive of a shard: the members of its successes, in the order of the rows and then of their names. */
import { TAR_END, tarEntry } from "../../loader/write_tar.ts";
import { gatherer } from "./gather.ts";
import { imageKind, memberStem } from "./names.ts";
import type { Layout } from "./shard.ts";
import type { Spool } from "./spool.ts";
import { orNull, type StoredRow } from "./stored_row.ts";

/** Bytes of images that are read at a time. */
const CHUNK = 2 ** 21;

type Success = StoredRow & { readonly image: NonNullable<StoredRow["image"]> };

const encoder = new TextEncoder();

/** What KEY.json says: img2dataset's names, hashes, and all other columns of the input. */
function notesOf(row: Success, names: ReadonlyMap<string, string>, exif: boolean): Uint8Array {
  const { image, extra } = row;
  const notes = Object.entries(extra).map(([name, cell]) =>
    [names.get(name)!, typeof cell === "string" ? cell.toWellFormed() : cell] as const
  );
  return encoder.encode(JSON.stringify({
    caption: orNull(row.caption),
    url: row.url,
    key: row.key,
    status: row.status,
    error_message: null,
    width: image.width,
    height: image.height,
    original_width: image.originalWidth,
    original_height: image.originalHeight,
    ...exif ? { exif: image.exif } : {},
    sha256: image.sha256,
    stored_sha256: image.storedSha256,
    ...Object.fromEntries(notes),
  }));
}

/** What the archive of a shard is made of. */
export interface ArchiveSource {
  readonly rows: readonly StoredRow[];
  readonly spool: Spool;
  readonly layout: Layout;
  /** What the input's columns are called. */
  readonly names: ReadonlyMap<string, string>;
  readonly exif: boolean;
}

/** Writes the archive, a chunk at a time. */
export async function writeArchive(
  write: (bytes: Uint8Array) => Promise<void>,
  { rows, spool, layout, names, exif }: ArchiveSource,
): Promise<void> {
  const membersOf = (row: Success, bytes: Uint8Array): Uint8Array[] => {
    const stem = memberStem(row.key, layout);
    const members: [string, Uint8Array][] = [
      [imageKind(row.image.ending, layout), bytes],
      ["txt", encoder.encode(row.caption)],
    ];
    if (layout === "webdataset") members.push(["json", notesOf(row, names, exif)]);
    members.sort(([a], [b]) => a < b ? -1 : 1);
    return members.map(([kind, content]) => tarEntry(`${stem}.${kind}`, content));
  };
  const stored = rows.filter((row): row is Success => row.image?.at != null), out = gatherer(write);
  for (let from = 0, to = 0; from < stored.length; from = to) {
    for (let bytes = 0; to < stored.length && bytes < CHUNK; to++) bytes += stored[to].image.at!.length;
    const chunk = stored.slice(from, to), images = await spool.read(chunk.map(({ image }) => image.at!));
    for (const [i, row] of chunk.entries()) {
      for (const entry of membersOf(row, images[i])) await out.put(entry);
    }
  }
  await out.put(TAR_END);
  await out.end();
}
