/**
 * NumPy's .npy files of vectors, one per row: the form in which embeddings of captions are passed on. Rows are read by
 * their number, so that files may be larger than memory.
 */
import { writeFully } from "../runs/atomic.ts";

/** How numbers are stored: 4-byte floats or halves. */
export type NpyDtype = "f32" | "f16";

/** An open file of `rows` vectors of `width` numbers. */
export interface NpyFile extends Disposable {
  readonly path: string;
  readonly dtype: NpyDtype;
  readonly rows: number;
  readonly width: number;
  /** Rows from `from` to before `to`, one behind another; halves are converted exactly. */
  read(from: number, to: number): Promise<Float32Array<ArrayBuffer>>;
}

const MAGIC = "\x93NUMPY", ALIGN = 64;
const kinds = {
  f32: { descr: "<f4", bytes: 4 },
  f16: { descr: "<f2", bytes: 2 },
} as const;

/** The values of a header's dictionary, as NumPy writes it. */
function parseHeader(path: string, text: string): { descr: string; fortran: boolean; shape: number[] } {
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const fortran = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape':\s*\(([\d\s,]*)\)/.exec(text)?.[1];
  if (descr === undefined || fortran === undefined || shape === undefined) {
    throw new SyntaxError(`${path} has no header of one array of numbers: save it with numpy.save`);
  }
  const sizes = shape.split(",").map((size) => size.trim()).filter((size) => size !== "").map(Number);
  return { descr, fortran: fortran === "True", shape: sizes };
}

async function readFully(file: Deno.FsFile, into: Uint8Array): Promise<number> {
  let done = 0;
  for (let got; done < into.length && (got = await file.read(into.subarray(done))) !== null; done += got);
  return done;
}

async function headerOf(file: Deno.FsFile, path: string): Promise<{ text: string; end: number }> {
  const head = new Uint8Array(12), got = await readFully(file, head), view = new DataView(head.buffer);
  const magic = String.fromCharCode(...head.subarray(0, 6)), version = head[6];
  if (got < 12 || magic !== MAGIC) throw new SyntaxError(`${path} is no .npy file: save it with numpy.save`);
  if (version < 1 || version > 3) {
    throw new SyntaxError(`${path} is a .npy file of version ${version}; 1 to 3 are read: save it again`);
  }
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > 2 ** 20) throw new SyntaxError(`${path} has a header of ${length} bytes: it is damaged`);
  const bytes = new Uint8Array(length);
  await file.seek(start, Deno.SeekMode.Start);
  if (await readFully(file, bytes) < length) throw new SyntaxError(`${path} is cut short within its header`);
  return { text: new TextDecoder("latin1").decode(bytes), end: start + length };
}

/**
 * Opens a .npy file of shape [rows, width], float32 or float16, little-endian, in C order. Throws SyntaxError naming the
 * file for anything else and for one that is cut short.
 */
export async function openNpy(path: string): Promise<NpyFile> {
  const file = await Deno.open(path);
  try {
    const { text, end } = await headerOf(file, path), { descr, fortran, shape } = parseHeader(path, text);
    const dtype = (["f32", "f16"] as const).find((kind) => kinds[kind].descr === descr);
    if (!dtype) throw new SyntaxError(`${path} holds ${descr}; save it as float32 or float16 (<f4, <f2)`);
    if (shape.length !== 2 || shape[1] < 1) {
      throw new SyntaxError(`${path} has shape (${shape.join(", ")}); rows of vectors are wanted`);
    }
    if (fortran) throw new SyntaxError(`${path} is in Fortran order: save numpy.ascontiguousarray of it`);
    const [rows, width] = shape, rowBytes = width * kinds[dtype].bytes, { size } = await file.stat();
    if (size < end + rows * rowBytes) {
      const whole = Math.floor((size - end) / rowBytes);
      throw new SyntaxError(`${path} is cut short: ${whole} of its ${rows} rows are there`);
    }
    return {
      ...{ path, dtype, rows, width },
      async read(from, to) {
        if (!(from >= 0 && from <= to && to <= rows)) {
          throw new RangeError(`${path} has rows 0 to ${rows}, not ${from} to ${to}`);
        }
        const bytes = new Uint8Array((to - from) * rowBytes);
        await file.seek(end + from * rowBytes, Deno.SeekMode.Start);
        if (await readFully(file, bytes) < bytes.length) throw new SyntaxError(`${path} became shorter`);
        return dtype === "f32"
          ? new Float32Array(bytes.buffer)
          : new Float32Array(new Float16Array(bytes.buffer));
      },
      [Symbol.dispose]: () => file.close(),
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** A file of vectors that is being written. */
export interface NpyWriter {
  /** Appends whole rows. Throws RangeError for half ones. */
  add(rows: Float32Array): Promise<void>;
  /** Writes how many rows there are into the header. */
  end(): Promise<void>;
}

/** Begins vectors of `width` numbers at the start of `file`, to be ended; halves are rounded to nearest. */
export async function npyWriter(file: Deno.FsFile, width: number, dtype: NpyDtype): Promise<NpyWriter> {
  let rows = 0;
  const header = () => {
    const fields = `{'descr': '${
      kinds[dtype].descr
    }', 'fortran_order': False, 'shape': (${rows}, ${width}), }`;
    const bytes = new Uint8Array(2 * ALIGN).fill(32);
    bytes.set(Array.from(MAGIC, (letter) => letter.charCodeAt(0)));
    new DataView(bytes.buffer).setUint16(8, bytes.length - 10, true);
    bytes.set([1, 0], 6);
    bytes.set(new TextEncoder().encode(fields), 10);
    bytes[bytes.length - 1] = 10;
    return bytes;
  };
  await writeFully(file, header());
  return {
    async add(values) {
      if (values.length % width !== 0) {
        throw new RangeError(`${values.length} numbers are no rows of ${width}`);
      }
      const { buffer, byteOffset, byteLength } = dtype === "f32" ? values : new Float16Array(values);
      await writeFully(file, new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
      rows += values.length / width;
    },
    async end() {
      await file.seek(0, Deno.SeekMode.Start);
      await writeFully(file, header());
      await file.seek(0, Deno.SeekMode.End);
    },
  };
}
