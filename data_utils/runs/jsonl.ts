/**
 * Logs of one JSON object per line that survive a crash: a line counts once its newline is written, so an unfinished
 * last line is never read and is cut off before more is appended.
 */
import { writeAtomically, writeError, writeFully } from "./atomic.ts";

/** A line of a log. */
export type JsonRecord = Record<string, unknown>;

const NEWLINE = 10;

function parseLine(text: string, path: string, line?: number): JsonRecord {
  try {
    const value = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // reported below
  }
  throw new SyntaxError(`${line ? `${path}:${line}` : `The last line of ${path}`} is not a JSON object`);
}

/** The finished lines of a file as text, read piece by piece; none when the file does not exist. */
async function* finishedLines(path: string): AsyncGenerator<string> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  let rest = "";
  for await (const text of file.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

/** Reads a log; none when it does not exist. Throws SyntaxError naming file and line for a line that is no object. */
export async function* readJsonl(path: string): AsyncGenerator<JsonRecord> {
  let line = 0;
  for await (const text of finishedLines(path)) {
    line++;
    if (text.trim() !== "") yield parseLine(text, path, line);
  }
}

/** The last finished line of a log without reading what comes before, or null. Throws SyntaxError like readJsonl. */
export async function readLastJsonl(path: string): Promise<JsonRecord | null> {
  using file = await Deno.open(path);
  const { size } = await file.stat();
  for (let tail = 4096;; tail *= 4) {
    const bytes = new Uint8Array(Math.min(size, tail));
    await file.seek(size - bytes.length, Deno.SeekMode.Start);
    for (let done = 0; done < bytes.length;) {
      const got = await file.read(bytes.subarray(done));
      if (got === null) return null;
      done += got;
    }
    const end = bytes.lastIndexOf(NEWLINE);
    const start = end > 0 ? bytes.lastIndexOf(NEWLINE, end - 1) : -1;
    if (start < 0 && bytes.length < size) continue;
    return end < 0 ? null : parseLine(new TextDecoder().decode(bytes.subarray(start + 1, end)), path);
  }
}

/** An open log. */
export interface JsonlLog extends Disposable {
  /** Appends a record; it is in the system's hands when the call returns. Throws Error naming the file on a full disk. */
  append(record: JsonRecord): void;
  /** Waits until all appended records are on the disk. */
  flush(): void;
  close(): void;
}

/** Opens a log for appending, creating it when missing and cutting off an unfinished last line. */
export async function openJsonl(path: string): Promise<JsonlLog> {
  const file = await Deno.open(path, { read: true, write: true, create: true });
  try {
    await file.truncate(await finishedBytes(file));
    await file.seek(0, Deno.SeekMode.End);
  } catch (error) {
    file.close();
    throw error;
  }
  const naming = (write: () => void) => {
    try {
      write();
    } catch (error) {
      throw writeError(path, error);
    }
  };
  const append = (record: JsonRecord) =>
    naming(() => {
      const bytes = new TextEncoder().encode(JSON.stringify(record) + "\n");
      for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
    });
  const close = () => file.close();
  return { append, flush: () => naming(() => file.syncSync()), close, [Symbol.dispose]: close };
}

/** Size of a file up to and with its last newline, found from its end. */
async function finishedBytes(file: Deno.FsFile): Promise<number> {
  const block = new Uint8Array(4096);
  let { size } = await file.stat();
  while (size > 0) {
    const start = Math.max(0, size - block.length);
    await file.seek(start, Deno.SeekMode.Start);
    const got = await file.read(block.subarray(0, size - start)) ?? 0;
    const newline = block.lastIndexOf(NEWLINE, got - 1);
    if (newline >= 0) return start + newline + 1;
    size = start;
  }
  return 0;
}

/** Rewrites a log so that it holds only the records that `keep` accepts. */
export async function filterJsonl(path: string, keep: (record: JsonRecord) => boolean): Promise<void> {
  await writeAtomically(path, async (file) => {
    for await (const record of readJsonl(path)) {
      if (keep(record)) await writeFully(file, new TextEncoder().encode(JSON.stringify(record) + "\n"));
    }
  });
}
