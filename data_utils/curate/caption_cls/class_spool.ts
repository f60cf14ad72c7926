/**
 * Lines that come in any order of their classes and are written class by class. What does not fit into memory goes
 * ordered into a temporary file, one run behind another, so that any number of lines needs the same memory.
 */
import { writeError, writeFully } from "../../runs/atomic.ts";

/** Gathers lines by class. */
export interface ClassSpool {
  /** Lines per class. */
  readonly counts: Float64Array;
  /** Adds a line, without its line end, to those of a class. */
  add(label: number, line: string): void;
  /** Writes all lines: class by class, within a class as they were added. To be called once. */
  writeTo(file: Deno.FsFile): Promise<void>;
  /** Removes the temporary file. */
  [Symbol.dispose](): void;
}

const CHUNK = 2 ** 20;

/**
 * A spool for `classes` classes that holds `room` bytes of lines in memory and the others in a temporary file in
 * `folder`, which is there.
 */
export function classSpool(classes: number, folder: string, room = 2 ** 25): ClassSpool {
  const counts = new Float64Array(classes), encoder = new TextEncoder();
  /** For each run, where the lines of each class begin in the temporary file; at the end where the last ends. */
  const runs: Float64Array[] = [];
  let bytes = new Uint8Array(room), filled = 0, labels: number[] = [], starts: number[] = [];
  let spill: ReturnType<typeof openSpill> | undefined, spilled = 0;

  function openSpill() {
    const path = Deno.makeTempFileSync({ dir: folder, prefix: ".lines_by_class_", suffix: ".tmp" });
    const file = Deno.openSync(path, { read: true, write: true }), vanishes = Deno.build.os !== "windows";
    if (vanishes) Deno.removeSync(path); // the open file lives on, and a killed program leaves nothing
    return { path, file, vanishes };
  }

  /** Numbers of the lines in memory, ordered by class, and where each class begins among them. */
  function ordered(): { order: Uint32Array; first: Uint32Array } {
    const first = new Uint32Array(classes + 1), order = new Uint32Array(labels.length);
    for (const label of labels) first[label + 1]++;
    for (let label = 0; label < classes; label++) first[label + 1] += first[label];
    const next = first.slice();
    for (const [line, label] of labels.entries()) order[next[label]++] = line;
    return { order, first };
  }

  const lineAt = (line: number) => bytes.subarray(starts[line], starts[line + 1] ?? filled);

  function spillLines(): void {
    spill ??= openSpill();
    const { order, first } = ordered(), run = new Float64Array(classes + 1), sorted = new Uint8Array(filled);
    let to = 0;
    for (let label = 0; label < classes; label++) {
      run[label] = spilled + to;
      for (let i = first[label]; i < first[label + 1]; i++) {
        const line = lineAt(order[i]);
        sorted.set(line, to);
        to += line.length;
      }
    }
    try {
      for (let done = 0; done < filled;) done += spill.file.writeSync(sorted.subarray(done));
    } catch (error) {
      throw writeError(spill.path, error);
    }
    spilled = run[classes] = spilled + filled;
    runs.push(run);
    filled = 0;
    labels = [];
    starts = [];
  }

  /** Hands on a stretch of the temporary file, a piece at a time. */
  async function copy(from: number, to: number, write: (bytes: Uint8Array) => Promise<void>): Promise<void> {
    if (from === to) return;
    const piece = new Uint8Array(Math.min(CHUNK, to - from));
    await spill!.file.seek(from, Deno.SeekMode.Start);
    for (let at = from; at < to;) {
      const got = await spill!.file.read(piece.subarray(0, Math.min(piece.length, to - at)));
      if (got === null) throw new Error(`${spill!.path} became shorter while it was read: run again`);
      await write(piece.subarray(0, got));
      at += got;
    }
  }

  return {
    counts,
    add(label, line) {
      const most = 3 * line.length + 1;
      if (filled + most > bytes.length && filled > 0) spillLines();
      if (most > bytes.length) bytes = new Uint8Array(most);
      labels.push(label);
      starts.push(filled);
      filled += encoder.encodeInto(line, bytes.subarray(filled)).written;
      bytes[filled++] = 10;
      counts[label]++;
    },
    async writeTo(file) {
      const chunk = new Uint8Array(CHUNK), { order, first } = ordered();
      let used = 0;
      const write = async (piece: Uint8Array) => {
        if (used + piece.length > chunk.length) {
          await writeFully(file, chunk.subarray(0, used));
          used = 0;
        }
        if (piece.length > chunk.length) return await writeFully(file, piece);
        chunk.set(piece, used);
        used += piece.length;
      };
      for (let label = 0; label < classes; label++) {
        for (const run of runs) await copy(run[label], run[label + 1], write);
        for (let i = first[label]; i < first[label + 1]; i++) {
          const line = lineAt(order[i]);
          if (used + line.length <= chunk.length) {
            chunk.set(line, used);
            used += line.length;
          } else await write(line);
        }
      }
      await writeFully(file, chunk.subarray(0, used));
    },
    [Symbol.dispose]() {
      spill?.file.close();
      if (spill && !spill.vanishes) Deno.removeSync(spill.path);
      spill = undefined;
    },
  };
}
