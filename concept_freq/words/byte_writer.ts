/** Small pieces written to a file in large ones: bytes, and whole numbers in base 128, the lowest digits first. */

const BUFFER = 1 << 16;
/** Most bytes of a whole number up to 2^53. */
export const LONGEST_NUMBER = 8;

function writeAllSync(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
}

/** Bytes gathered before they are written. */
export interface ByteWriter {
  bytes(from: Uint8Array, start: number, length: number): void;
  byte(value: number): void;
  number(value: number): void;
  flush(): void;
}

/** Writes behind what `file` holds, in large pieces. */
export function byteWriter(file: Deno.FsFile): ByteWriter {
  const buffer = new Uint8Array(BUFFER);
  let end = 0;
  const flush = () => {
    writeAllSync(file, buffer.subarray(0, end));
    end = 0;
  };
  return {
    flush,
    byte(value) {
      if (end === BUFFER) flush();
      buffer[end++] = value;
    },
    number(value) {
      if (end + LONGEST_NUMBER > BUFFER) flush();
      for (; value >= 128; value = Math.floor(value / 128)) buffer[end++] = 128 + value % 128;
      buffer[end++] = value;
    },
    bytes(from, start, length) {
      if (end + length > BUFFER) flush();
      if (length > BUFFER) return writeAllSync(file, from.subarray(start, start + length));
      for (let i = 0; i < length; i++) buffer[end++] = from[start + i];
    },
  };
}
