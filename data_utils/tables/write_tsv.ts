/**
 * Tables as pandas' to_csv(sep="\t", index=False) writes them, byte for byte. A field is quoted iff it holds a
 * tab, a quote, \n or \r (QUOTE_MINIMAL of Python's csv; a lone \r bare is left bare by Pythons before 3.13 and then
 * read back as a line end by everybody, so here it is quoted), quotes in it are doubled; a row of one empty field is "".
 * Missing is nothing at all; floats are Python's shortest, those of single precision NumPy's.
 */
import { writeFully } from "../runs/atomic.ts";
import { type Column, NO_TEXT, type TextColumn } from "./column.ts";
import { numpyFloat32, pythonFloat } from "./float_text.ts";
import type { Frame } from "./frame.ts";

const BATCH = 2 ** 20, QUOTE = 34, TAB = 9, LF = 10, CR = 13;

/** Bytes that are written out whenever a batch is full. */
function outputOf(file: Deno.FsFile) {
  let bytes = new Uint8Array(BATCH + 2 ** 16), used = 0;

  function makeRoom(more: number): void {
    if (used + more <= bytes.length) return;
    const larger = new Uint8Array(Math.max(bytes.length * 2, used + more));
    larger.set(bytes.subarray(0, used));
    bytes = larger;
  }

  return {
    byte(value: number) {
      if (used === bytes.length) makeRoom(1);
      bytes[used++] = value;
    },
    /** Text that holds ASCII only. */
    ascii(text: string) {
      makeRoom(text.length);
      for (let i = 0; i < text.length; i++) bytes[used++] = text.charCodeAt(i);
    },
    /** A field of bytes [start, end), quoted where it must be. */
    field(from: Uint8Array, start: number, end: number) {
      makeRoom((end - start) * 2 + 2);
      const into = bytes;
      let to = used, special = false;
      for (let i = start; i < end; i++) {
        const byte = from[i];
        if (byte <= QUOTE && (byte === TAB || byte === LF || byte === CR || byte === QUOTE)) {
          special = true;
          break;
        }
        into[to++] = byte;
      }
      if (special) {
        to = used;
        into[to++] = QUOTE;
        for (let i = start; i < end; i++) {
          if (from[i] === QUOTE) into[to++] = QUOTE;
          into[to++] = from[i];
        }
        into[to++] = QUOTE;
      }
      used = to;
    },
    isFull: () => used >= BATCH,
    async flush() {
      await writeFully(file, bytes.subarray(0, used));
      used = 0;
    },
  };
}

type Output = ReturnType<typeof outputOf>;

/** How a column's rows are written; the result says whether anything was. */
function fieldWriter(out: Output, column: Column): (row: number) => boolean {
  if (column.kind === "text") return textWriter(out, column);
  const { kind, values } = column;
  if (kind === "boolean") {
    return (row) => (out.ascii(["False", "True", ""][Number(values[row])]), values[row] !== 2);
  }
  const print = kind === "float32"
    ? (value: number | bigint) => numpyFloat32(Number(value))
    : kind === "float64"
    ? (value: number | bigint) => pythonFloat(Number(value))
    : String;
  return (row) => {
    const value = values[row], missing = value !== value;
    if (!missing) out.ascii(print(value));
    return !missing;
  };
}

function textWriter(out: Output, { bytes, starts, lengths }: TextColumn) {
  return (row: number) => {
    if (lengths[row] === NO_TEXT || lengths[row] === 0) return false;
    out.field(bytes, starts[row], starts[row] + lengths[row]);
    return true;
  };
}

/**
 * Writes a table, or columns of it in this order, with a row of their names first; without `header` only the rows, to go
 * on with a table that is written in parts.
 */
export async function writeTsv(
  file: Deno.FsFile,
  frame: Frame,
  columns: readonly string[] = frame.names,
  header = true,
): Promise<void> {
  const out = outputOf(file), fields = columns.map((name) => fieldWriter(out, frame.column(name)));
  const names = columns.map((name) => new TextEncoder().encode(name)), alone = fields.length === 1;
  if (header) {
    names.forEach((name, i) => {
      if (i > 0) out.byte(TAB);
      if (alone && name.length === 0) out.ascii('""');
      out.field(name, 0, name.length);
    });
    out.byte(LF);
  }
  for (let row = 0; row < frame.rows; row++) {
    for (let i = 0; i < fields.length; i++) {
      if (i > 0) out.byte(TAB);
      if (!fields[i](row) && alone) out.ascii('""');
    }
    out.byte(LF);
    if (out.isFull()) await out.flush();
  }
  await out.flush();
}
