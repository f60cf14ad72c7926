/** Small pieces of bytes on their way to a file; synchronous, as captions are handed on that way. */

const PIECE = 2 ** 20;

/** A writer of bytes, in pieces of any size. */
export interface PieceWriter {
  add(bytes: Uint8Array): void;
  /** Writes what is left. */
  end(): void;
}

/** Gathers bytes and writes them in large pieces. */
export function pieceWriter(file: Deno.FsFile): PieceWriter {
  const piece = new Uint8Array(PIECE);
  let filled = 0;
  const write = (bytes: Uint8Array) => {
    for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
  };
  const end = () => {
    write(piece.subarray(0, filled));
    filled = 0;
  };
  return {
    add(bytes) {
      if (filled + bytes.length > PIECE) end();
      if (bytes.length > PIECE) return write(bytes);
      piece.set(bytes, filled);
      filled += bytes.length;
    },
    end,
  };
}
