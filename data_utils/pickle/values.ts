/**
 * What a pickle holds, as plain data. Nothing in here is code: an object of an unknown kind cannot be expressed.
 */

/** A name in a pickle that its reader knows, and what may be done with it. */
export interface PickleName {
  readonly kind: "name";
  /** module.name */
  readonly full: string;
  /** What calling it gives; absent where it may not be called. */
  call?(args: readonly PickleValue[]): PickleValue;
  /** Makes an empty object of it; absent where it is no class. */
  make?(): PickleRecord;
}

/** An object: the name of its class, which means nothing here, and its attributes in order. */
export interface PickleRecord {
  readonly kind: "record";
  readonly of: string;
  readonly fields: Map<PickleValue, PickleValue>;
}

/** Values of a tensor in a file: numbers of one type in a row. */
export interface PickleStorage {
  readonly kind: "storage";
  readonly key: string;
  /** Element type; null: bytes whose type the tensor says. */
  readonly dtype: TorchDtype | null;
  /** Elements, or bytes where there is no type. */
  readonly count: number;
}

/** A tensor: how its elements lie in a storage. Offset and strides count elements. */
export interface PickleTensor {
  readonly kind: "tensor";
  readonly storage: PickleStorage;
  readonly dtype: TorchDtype;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
  readonly requiresGrad: boolean;
  readonly isParameter: boolean;
}

/** Python's None, numbers (bigint beyond 2^53), text, bytes, lists (tuples are frozen), dicts and what stands above. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly PickleValue[]
  | Map<PickleValue, PickleValue>
  | PickleName
  | PickleRecord
  | PickleStorage
  | PickleTensor;

/** Element types of torch that are read. */
export type TorchDtype =
  | "float16"
  | "bfloat16"
  | "float32"
  | "float64"
  | "uint8"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "bool";

type Kinds = { name: PickleName; record: PickleRecord; storage: PickleStorage; tensor: PickleTensor };

/** Whether a value is of one of the four kinds above. */
export function isKind<K extends keyof Kinds>(value: PickleValue | undefined, kind: K): value is Kinds[K] {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === kind;
}

/** A value in a few words, for messages. */
export function describeValue(value: PickleValue | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "None";
  if (Array.isArray(value)) return Object.isFrozen(value) ? "a tuple" : "a list";
  if (value instanceof Map) return "a dict";
  if (value instanceof Uint8Array) return "bytes";
  if (typeof value !== "object") return typeof value === "string" ? "text" : `${value}`;
  const { kind } = value as PickleName | PickleRecord | PickleStorage | PickleTensor;
  return kind === "name" ? (value as PickleName).full : `a ${kind}`;
}
