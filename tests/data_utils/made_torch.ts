// Pickles and zip archives written by hand, good and bad ones, for the tests of reading torch's files.
import { crc32 } from "node:zlib";

type Part = number | string | Uint8Array;

/** Bytes of numbers (one byte each), text and bytes one after the other. */
export function bytes(...parts: Part[]): Uint8Array<ArrayBuffer> {
  const encoded = parts.map((part) =>
    typeof part === "number"
      ? Uint8Array.of(part)
      : typeof part === "string"
      ? new TextEncoder().encode(part)
      : part
  );
  const out = new Uint8Array(encoded.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of encoded) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const u32 = (n: number) => new Uint8Array(Uint32Array.of(n).buffer);

/** Pieces of a pickle: each leaves one value on the stack. */
export const name = (module: string, of: string) => bytes("c", module, "\n", of, "\n");
export const text = (of: string) => bytes("X", u32(new TextEncoder().encode(of).length), of);
export const int = (n: number) => bytes("J", new Uint8Array(Int32Array.of(n).buffer));
export const tuple = (...items: Uint8Array[]) => bytes("(", ...items, "t");
export const list = (...items: Uint8Array[]) => bytes("]", "(", ...items, "e");
export const dict = (...pairs: [string, Uint8Array][]) =>
  bytes("}", "(", ...pairs.flatMap(([key, value]) => [text(key), value]), "u");
export const call = (callee: Uint8Array, ...args: Uint8Array[]) => bytes(callee, tuple(...args), "R");
/** A whole pickle. */
export const pickle = (value: Uint8Array) => bytes(0x80, 2, value, ".");

export interface MadeTensor {
  type?: string;
  key?: string;
  count: number;
  shape: number[];
  stride: number[];
  offset?: number;
  rebuild?: Uint8Array;
}

/** A tensor as torch.save writes it. */
export function tensor(made: MadeTensor): Uint8Array {
  const { type = "FloatStorage", key = "0", count, shape, stride, offset = 0 } = made;
  const id = tuple(text("storage"), name("torch", type), text(key), text("cpu"), int(count));
  return call(
    made.rebuild ?? name("torch._utils", "_rebuild_tensor_v2"),
    bytes(id, "Q"),
    int(offset),
    tuple(...shape.map(int)),
    tuple(...stride.map(int)),
    bytes(0x89),
    call(name("collections", "OrderedDict")),
  );
}

export interface MadeEntry {
  name: string;
  data: Uint8Array;
  /** What the directory says where it is not the truth. */
  says?: { size?: number; packed?: number; crc?: number; headerAt?: number; method?: number; flags?: number };
}

/** A zip archive, with whatever its directory says wrong. */
export function zip(entries: MadeEntry[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [], central: Uint8Array[] = [];
  let at = 0;
  for (const { name, data, says = {} } of entries) {
    const { size = data.length, packed = data.length, crc = crc32(data), headerAt = at } = says;
    const encoded = new TextEncoder().encode(name), head = new DataView(new ArrayBuffer(46));
    head.setUint32(0, 0x02014b50, true);
    head.setUint16(8, says.flags ?? 0, true);
    head.setUint16(10, says.method ?? 0, true);
    head.setUint32(16, crc, true);
    head.setUint32(20, packed, true);
    head.setUint32(24, size, true);
    head.setUint16(28, encoded.length, true);
    head.setUint32(42, headerAt, true);
    central.push(bytes(new Uint8Array(head.buffer), encoded));
    const local = new DataView(new ArrayBuffer(30));
    local.setUint32(0, 0x04034b50, true);
    local.setUint16(26, encoded.length, true);
    const part = bytes(new Uint8Array(local.buffer), encoded, data);
    parts.push(part);
    at += part.length;
  }
  const directory = bytes(...central), end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, entries.length, true);
  end.setUint16(10, entries.length, true);
  end.setUint32(12, directory.length, true);
  end.setUint32(16, at, true);
  return bytes(...parts, directory, new Uint8Array(end.buffer));
}

/** An archive of torch: a pickle and storages by key; `more` for what else lies in it. */
export function torchZip(
  value: Uint8Array,
  storages: Record<string, Uint8Array> = {},
  more: MadeEntry[] = [],
): Uint8Array<ArrayBuffer> {
  const data = Object.entries(storages).map(([key, data]) => ({ name: `archive/data/${key}`, data }));
  return zip([{ name: "archive/data.pkl", data: pickle(value) }, ...data, ...more]);
}

/** The bytes of float32 values. */
export const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
