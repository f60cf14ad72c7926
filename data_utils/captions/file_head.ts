/** The beginning of a file of lines: enough to see its columns, and whether it is text at all. */
import { openBytes } from "../loader/bytes.ts";
import { TEXT_BYTES } from "./arena.ts";

/** First bytes of a file, unpacked. */
export interface FileHead {
  readonly bytes: Uint8Array;
  /** Bytes of the byte order mark. */
  readonly mark: number;
  /** Whether this is the whole file. */
  readonly whole: boolean;
}

const looked = 2 ** 20, lookedForNul = 2 ** 16;

/**
 * Reads the beginning of a file: 1 MiB, or as much as one record may have when `enough` says of it that it is not.
 * Throws SyntaxError naming the file when it is UTF-16, UTF-32 or no text.
 */
export async function readHead(path: string, enough: (head: FileHead) => boolean): Promise<FileHead> {
  const head = await readBytes(path, looked);
  return head.whole || enough(head) ? head : await readBytes(path, TEXT_BYTES + 2 ** 16);
}

async function readBytes(path: string, most: number): Promise<FileHead> {
  const source = await openBytes(path);
  try {
    const bytes = await source.read(most);
    refuseBinary(path, bytes);
    const mark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
    return { bytes, mark, whole: bytes.length < most };
  } finally {
    await source.close();
  }
}

function refuseBinary(path: string, bytes: Uint8Array): void {
  const [first, second] = bytes, nul = bytes.subarray(0, lookedForNul).indexOf(0);
  const wide = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  // Latin letters in two or four bytes each: every second byte or more is zero.
  if (wide || (nul >= 0 && nul < 4 && bytes.length > 3 && (bytes[nul + 2] ?? 0) === 0)) {
    throw new SyntaxError(`${path} looks like UTF-16 or UTF-32: convert it to UTF-8 (iconv -t UTF-8)`);
  }
  if (nul >= 0) throw new SyntaxError(`${path} is no text (byte ${nul} is zero): is it a file of captions?`);
}
