/**
 * Unpacking of gzip, member after member: files written by bgzip, or put together with cat, hold several, which the
 * platform's DecompressionStream refuses.
 */
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";

/** Unpacked bytes in turn. */
export interface Unpacked {
  /** The next bytes; null at the end. Throws Error when the stream is damaged or cut short. */
  next(): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Stops wherever it is, and closes the file. */
  close(): Promise<void>;
}

const packedBytes = 2 ** 18, unpackedBytes = 2 ** 18;

/** Unpacks a file from where it stands. */
export function gunzip(file: Deno.FsFile): Unpacked {
  async function* packed(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const buffer = new Uint8Array(packedBytes), n = await file.read(buffer);
      if (n === null) return;
      yield buffer.subarray(0, n);
    }
  }
  const source = Readable.from(packed(), { objectMode: true, highWaterMark: 1 });
  const unpacking = createGunzip({ chunkSize: unpackedBytes });
  source.on("error", (error: Error) => unpacking.destroy(error));
  source.pipe(unpacking);
  const chunks = unpacking[Symbol.asyncIterator]();
  // Before the first `next` the iterator does not listen yet, and an error without a listener ends the program.
  unpacking.on("error", () => {});

  async function close(): Promise<void> {
    source.unpipe(unpacking);
    const closed = new Promise<void>((done) => source.closed ? done() : source.once("close", () => done()));
    source.destroy();
    await chunks.return?.();
    unpacking.destroy();
    await closed;
    file.close();
  }
  async function next(): Promise<Uint8Array<ArrayBuffer> | null> {
    const { value } = await chunks.next();
    // Node's Buffer looks like a Uint8Array, but its `slice` does not copy.
    return value ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : null;
  }
  return { next, close };
}
