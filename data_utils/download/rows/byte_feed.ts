/**
 * A file's bytes, unpacked where they are gzipped, into memory that the reader keeps: from the start, or of a plain file
 * from any place. What has been read off the disk is told, since a progress bar knows the size of the packed file only.
 */
import { gunzip } from "../../loader/gunzip.ts";

/** A file read forwards. */
export interface ByteFeed {
  /** Fills `into` and says how many bytes there were: fewer than fit at the end of the file only. */
  read(into: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

/** Where a feed begins, and who is told of bytes read off the disk, those before it among them. */
export interface FeedOptions {
  /** Byte of a plain file. */
  readonly from?: number;
  readonly passed?: (bytes: number) => void;
}

type Piece = (into: Uint8Array) => Promise<number>;

/** Fills memory from what gives a piece at a time. */
async function fill(into: Uint8Array, piece: Piece): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const got = await piece(into.subarray(done));
    if (got === 0) break;
    done += got;
  }
  return done;
}

/** Opens a feed. Reading throws SyntaxError naming the file where its gzip stream is damaged or cut short. */
export async function openFeed(
  path: string,
  gzipped: boolean,
  { from = 0, passed }: FeedOptions = {},
): Promise<ByteFeed> {
  const file = await Deno.open(path);
  if (from > 0) {
    await file.seek(from, Deno.SeekMode.Start);
    passed?.(from);
  }
  const readFile = file.read.bind(file);
  const readTold = async (into: Uint8Array) => {
    const got = await readFile(into);
    if (got) passed?.(got);
    return got;
  };
  if (!gzipped) {
    return {
      read: (into) => fill(into, async (rest) => await readTold(rest) ?? 0),
      close: () => Promise.resolve(file.close()),
    };
  }
  file.read = readTold;
  const unpacked = gunzip(file);
  let rest: Uint8Array = new Uint8Array(0);
  async function piece(into: Uint8Array): Promise<number> {
    if (rest.length === 0) {
      const next = await unpacked.next().catch((error) => {
        throw new SyntaxError(
          `${path} is damaged or cut short (gzip: ${error.message}): fetch or write it again`,
        );
      });
      if (next === null) return 0;
      rest = next;
    }
    const part = rest.subarray(0, into.length);
    into.set(part);
    rest = rest.subarray(part.length);
    return part.length;
  }
  return { read: (into) => fill(into, piece), close: unpacked.close };
}
