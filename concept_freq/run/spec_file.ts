/**
 * A counter's specification on disk, beside the plan of a shard: so that `freq merge` can count a unit again without
 * knowing where it came from. Plain values as JSON, arrays of numbers behind them as they are in memory.
 */
import { writeAtomically, writeFully } from "../../data_utils/mod.ts";

const arrays = {
  Uint8Array,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigUint64Array,
} as const;
type ArrayName = keyof typeof arrays;

interface Place {
  readonly $array: ArrayName;
  readonly at: number;
  readonly bytes: number;
}

const nameOf = (value: unknown) =>
  ArrayBuffer.isView(value)
    ? (Object.keys(arrays) as ArrayName[]).find((name) => value.constructor === arrays[name])
    : undefined;

/** Writes a specification. Throws TypeError for what this has no form for: maps, sets, functions, shared memory. */
export function writeSpec(path: string, spec: unknown): Promise<void> {
  const parts: Uint8Array[] = [];
  let end = 0;
  const plain = (value: unknown): unknown => {
    const name = nameOf(value);
    if (name !== undefined) {
      const { buffer, byteOffset, byteLength } = value as Uint8Array;
      parts.push(new Uint8Array(buffer, byteOffset, byteLength));
      end += byteLength;
      return { $array: name, at: end - byteLength, bytes: byteLength } satisfies Place;
    }
    if (Array.isArray(value)) return value.map(plain);
    if (value === null || ["string", "number", "boolean", "undefined"].includes(typeof value)) return value;
    if (typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype) {
      return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
    }
    throw new TypeError(`A specification holds ${Object.prototype.toString.call(value)}`);
  };
  const text = JSON.stringify(plain(spec));
  return writeAtomically(path, async (file) => {
    await writeFully(file, new TextEncoder().encode(text + "\n"));
    for (const part of parts) await writeFully(file, part);
  });
}

/** Reads what {@link writeSpec} wrote. Throws SyntaxError naming the file for anything else. */
export async function readSpec(path: string): Promise<unknown> {
  const bytes = await Deno.readFile(path), start = bytes.indexOf(10) + 1;
  try {
    return JSON.parse(new TextDecoder().decode(bytes.subarray(0, start)), (_, value) => {
      if (!value || typeof value !== "object" || !Object.hasOwn(arrays, value.$array ?? "")) return value;
      const { $array, at, bytes: length } = value as Place;
      const part = bytes.slice(start + at, start + at + length);
      if (part.length !== length) throw new SyntaxError("cut short");
      return new arrays[$array](part.buffer);
    });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SyntaxError(`${path} is damaged (${error.message}): make that shard again`, { cause: error });
  }
}
