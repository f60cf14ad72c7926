/**
 * Named tensors in one file (the safetensors format): 8 bytes of header length, a JSON header, then raw little-endian
 * values. Files are written tensor by tensor and read tensor by tensor, so only one need be in memory.
 */
import { writeAtomically, writeFully } from "./atomic.ts";

const ARRAYS = {
  f32: Float32Array,
  f16: Float16Array,
  i32: Int32Array,
  i64: BigInt64Array,
  u32: Uint32Array,
  u8: Uint8Array,
} as const;

/** Element types that can be read and written. */
export type TensorDtype = keyof typeof ARRAYS;

/** The values of a tensor, in the array type of its dtype. */
export type TensorData =
  | Float32Array<ArrayBuffer>
  | Float16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>;

/** A tensor in memory, row-major. */
export interface StoredTensor {
  data: TensorData;
  shape: number[];
  dtype: TensorDtype;
}

/** A tensor to write; `data` may be fetched when its turn comes. */
export interface TensorToWrite {
  name: string;
  shape: readonly number[];
  dtype: TensorDtype;
  data: ArrayBufferView | (() => ArrayBufferView | Promise<ArrayBufferView>);
}

/** Where a tensor lies: byte offsets count from the end of the header. */
export interface TensorEntry {
  shape: number[];
  dtype: TensorDtype;
  begin: number;
  end: number;
}

/** A file's table of contents. */
export interface SafetensorsHeader {
  tensors: Map<string, TensorEntry>;
  metadata: Record<string, string>;
  /** Byte at which the values begin. */
  dataStart: number;
}

const LENGTH_BYTES = 8;
const MAX_HEADER = 100_000_000;

const byteSize = (shape: readonly number[], dtype: TensorDtype) =>
  shape.reduce((product, n) => product * n, ARRAYS[dtype].BYTES_PER_ELEMENT);

/**
 * What writes tensors in the given order into an empty file. Throws TypeError, there or when it writes, for data that do
 * not fill their shape, and for two tensors of one name.
 */
export function safetensorsContent(
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = {},
): (file: Deno.FsFile) => Promise<void> {
  const header: Record<string, unknown> = Object.create(null);
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  let end = 0;
  for (const { name, shape, dtype } of tensors) {
    if (name in header) throw new TypeError(`Two tensors are named "${name}"`);
    const begin = end;
    end += byteSize(shape, dtype);
    header[name] = { dtype: dtype.toUpperCase(), shape, data_offsets: [begin, end] };
  }
  let json = JSON.stringify(header);
  let text = new TextEncoder().encode(json);
  if (text.length % 8 !== 0) { // values start at a multiple of 8
    json += " ".repeat(8 - text.length % 8);
    text = new TextEncoder().encode(json);
  }
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true);

  return async (file) => {
    await writeFully(file, length);
    await writeFully(file, text);
    for (const { name, shape, dtype, data } of tensors) {
      const view = typeof data === "function" ? await data() : data;
      if (view.byteLength !== byteSize(shape, dtype)) {
        throw new TypeError(
          `Tensor "${name}" has ${view.byteLength} bytes, but [${shape}] of ${dtype} needs ${
            byteSize(shape, dtype)
          }`,
        );
      }
      await writeFully(file, new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
    }
  };
}

/** Writes such a file under a temporary name that is renamed at the end; throws as {@link safetensorsContent}. */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeAtomically(path, safetensorsContent(tensors, metadata));
}

/** Checks one header entry and returns it. Throws SyntaxError with `fail`'s words. */
function readEntry(name: string, entry: unknown, fail: (why: string) => never): TensorEntry {
  const { dtype: code, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  const dtype = String(code).toLowerCase() as TensorDtype;
  if (!Object.hasOwn(ARRAYS, dtype)) fail(`tensor "${name}" has unknown element type ${code}`);
  const isSize = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 0;
  if (!Array.isArray(shape) || !shape.every(isSize)) fail(`tensor "${name}" has no valid shape`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    fail(`tensor "${name}" has no valid offsets`);
  }
  const [begin, end] = offsets as number[];
  if (end - begin !== byteSize(shape as number[], dtype)) {
    fail(`tensor "${name}" of shape [${shape}] does not fill bytes ${begin} to ${end}`);
  }
  return { dtype, shape: shape as number[], begin, end };
}

/**
 * Parses a header given the first bytes of a file (`8 + header length` or more) and the file's size.
 * Throws SyntaxError naming `source` when anything does not fit together.
 */
export function parseSafetensorsHeader(
  bytes: Uint8Array,
  fileSize: number,
  source: string,
): SafetensorsHeader {
  const fail = (why: string): never => {
    throw new SyntaxError(`${source} is not a valid safetensors file: ${why}`);
  };
  if (bytes.length < LENGTH_BYTES) fail("it is shorter than 8 bytes");
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const dataStart = LENGTH_BYTES + length;
  if (length > MAX_HEADER || dataStart > fileSize || dataStart > bytes.length) {
    fail(`its header should have ${length} bytes but the file has ${fileSize}`);
  }
  let header: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(LENGTH_BYTES, dataStart));
    header = JSON.parse(text);
  } catch {
    fail("its header is not JSON");
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) fail("its header is no object");

  const { __metadata__: metadata = {}, ...entries } = header as Record<string, unknown>;
  const tensors = new Map(
    Object.entries(entries).map(([name, entry]) => [name, readEntry(name, entry, fail)]),
  );
  let expected = 0;
  for (
    const [name, { begin, end }] of [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)
  ) {
    if (begin !== expected) fail(`tensor "${name}" begins at byte ${begin} instead of ${expected}`);
    expected = end;
  }
  if (dataStart + expected !== fileSize) {
    fail(`its tensors end at byte ${dataStart + expected} but the file has ${fileSize}`);
  }
  return { tensors, metadata: metadata as Record<string, string>, dataStart };
}

function toTensor(entry: TensorEntry, bytes: Uint8Array<ArrayBuffer>): StoredTensor {
  const { shape, dtype } = entry;
  const aligned = bytes.byteOffset % ARRAYS[dtype].BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  const count = aligned.byteLength / ARRAYS[dtype].BYTES_PER_ELEMENT;
  return { shape: [...shape], dtype, data: new ARRAYS[dtype](aligned.buffer, aligned.byteOffset, count) };
}

/** All tensors of a file that is in memory; the arrays share its bytes. Throws SyntaxError naming `source`. */
export function parseSafetensors(
  bytes: Uint8Array<ArrayBuffer>,
  source: string,
): Record<string, StoredTensor> {
  const { tensors, dataStart } = parseSafetensorsHeader(bytes, bytes.length, source);
  return Object.fromEntries(
    [...tensors].map((
      [name, entry],
    ) => [name, toTensor(entry, bytes.subarray(dataStart + entry.begin, dataStart + entry.end))]),
  );
}

/** An open file of tensors; `close` it at the end (or use `using`). */
export interface SafetensorsFile extends Disposable {
  header: SafetensorsHeader;
  /** Reads one tensor. Throws RangeError for a name the file does not have. */
  read(name: string): Promise<StoredTensor>;
  close(): void;
}

async function readFully(file: Deno.FsFile, bytes: Uint8Array, source: string): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const got = await file.read(bytes.subarray(done));
    if (got === null) throw new SyntaxError(`${source} is not a valid safetensors file: it ends too early`);
    done += got;
  }
}

/** Opens a file and reads its header only. Throws SyntaxError naming the file when it is malformed. */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await Deno.open(path);
  try {
    const { size } = await file.stat();
    const start = new Uint8Array(Math.min(LENGTH_BYTES, size));
    await readFully(file, start, path);
    const length = size < LENGTH_BYTES ? 0 : Number(new DataView(start.buffer).getBigUint64(0, true));
    const bytes = new Uint8Array(Math.min(size, LENGTH_BYTES + Math.min(length, MAX_HEADER)));
    bytes.set(start);
    await readFully(file, bytes.subarray(start.length), path);
    const header = parseSafetensorsHeader(bytes, size, path);
    const read = async (name: string) => {
      const entry = header.tensors.get(name);
      if (!entry) throw new RangeError(`${path} has no tensor "${name}"`);
      const data = new Uint8Array(entry.end - entry.begin);
      await file.seek(header.dataStart + entry.begin, Deno.SeekMode.Start);
      await readFully(file, data, path);
      return toTensor(entry, data);
    };
    const close = () => file.close();
    return { header, read, close, [Symbol.dispose]: close };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Reads all tensors of a file into memory. Throws SyntaxError naming the file when it is malformed. */
export async function readSafetensors(path: string): Promise<Record<string, StoredTensor>> {
  using file = await openSafetensors(path);
  const tensors: Record<string, StoredTensor> = {};
  for (const name of file.header.tensors.keys()) tensors[name] = await file.read(name);
  return tensors;
}
