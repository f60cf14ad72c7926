/**
 * Reading a file forwards, gzipped or not, a few bytes at a time: what a tar reader needs. Memory stays at one chunk,
 * and in a plain file leaving bytes out is a seek, so that an index of a large archive reads headers only.
 */
import { gunzip } from "./gunzip.ts";

/** A file read forwards. */
export interface ByteSource {
  /** Whether the file is gzipped, so that its positions are not places in the file. */
  readonly gzipped: boolean;
  /** Bytes passed so far (after unpacking). */
  position(): number;
  /** The next `n` bytes, fewer only where the file ends. The result may be a view: copy what is kept. */
  read(n: number): Promise<Uint8Array>;
  /** Passes over `n` bytes and returns how many there were. */
  skip(n: number): Promise<number>;
  close(): Promise<void>;
}

const chunkBytes = 1 << 18;

/**
 * Opens a file; gzip is recognised by its first bytes. Reading throws SyntaxError naming the file when the gzip stream
 * is damaged or cut short.
 */
export async function openBytes(path: string): Promise<ByteSource> {
  const file = await Deno.open(path);
  const magic = new Uint8Array(2);
  const gzipped = await file.read(magic) === 2 && magic[0] === 0x1f && magic[1] === 0x8b;
  await file.seek(0, Deno.SeekMode.Start);
  const unpacked = gzipped ? gunzip(file) : null;
  const fileBytes = (await file.stat()).size;
  let chunk = new Uint8Array(0), at = 0, passed = 0;

  /** Replaces the used-up chunk by the next one; false at the end. */
  async function pull(): Promise<boolean> {
    at = 0;
    if (unpacked) {
      const next = await unpacked.next().catch((error) => {
        throw new SyntaxError(
          `${path} is damaged or cut short (gzip: ${error.message}): fetch or write it again`,
        );
      });
      chunk = next ?? new Uint8Array(0);
    } else {
      const buffer = new Uint8Array(chunkBytes);
      chunk = buffer.subarray(0, await file.read(buffer) ?? 0);
    }
    return chunk.length > 0;
  }

  async function read(n: number): Promise<Uint8Array> {
    if (chunk.length - at < n) {
      const parts: Uint8Array[] = [];
      let got = 0;
      do {
        const part = chunk.subarray(at, at + n - got);
        parts.push(part);
        got += part.length;
        at += part.length;
      } while (got < n && await pull());
      passed += got;
      const whole = new Uint8Array(got);
      parts.reduce((to, part) => (whole.set(part, to), to + part.length), 0);
      return whole;
    }
    at += n;
    passed += n;
    return chunk.subarray(at - n, at);
  }

  async function skip(n: number): Promise<number> {
    let left = Math.max(0, n - (chunk.length - at));
    at = Math.min(chunk.length, at + n);
    if (left > 0 && !unpacked) {
      const here = await file.seek(0, Deno.SeekMode.Current), step = Math.min(left, fileBytes - here);
      await file.seek(step, Deno.SeekMode.Current);
      left -= step;
    }
    while (left > 0 && unpacked && await pull()) {
      at = Math.min(left, chunk.length);
      left -= at;
    }
    passed += n - left;
    return n - left;
  }

  async function close(): Promise<void> {
    if (unpacked) await unpacked.close();
    else file.close();
  }
  return { gzipped, position: () => passed, read, skip, close };
}
