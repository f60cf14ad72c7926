/**
 * From the bytes of a storage to the values of a tensor in row-major order, whatever its strides, in an array type that
 * safetensors has. No value changes, but float64 becomes float32 and is rounded once.
 */
import type { StoredTensor } from "../runs/safetensors.ts";
import { ELEMENT_BYTES } from "./torch_names.ts";
import type { PickleTensor, TorchDtype } from "./values.ts";

const BITS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array } as const;

/** Whether the elements lie in row-major order without gaps; dimensions of one element may have any stride. */
export function isContiguous({ shape, stride }: Pick<PickleTensor, "shape" | "stride">): boolean {
  let expected = 1;
  for (let i = shape.length; i-- > 0;) {
    if (shape[i] === 0) return true;
    if (shape[i] !== 1 && stride[i] !== expected) return false;
    expected *= shape[i];
  }
  return true;
}

/** How many elements the tensor has, and how many of the storage, from its offset on, it reaches over. */
export function extent({ shape, stride }: Pick<PickleTensor, "shape" | "stride">) {
  const elements = shape.reduce((product, n) => product * n, 1);
  const span = elements === 0 ? 0 : shape.reduce((sum, n, i) => sum + (n - 1) * stride[i], 1);
  return { elements, span };
}

/** The tensor's elements one after the other, from the bytes between its first and its last. */
export function inOrder(tensor: PickleTensor, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (isContiguous(tensor)) return bytes;
  const Bits = BITS[ELEMENT_BYTES[tensor.dtype] as keyof typeof BITS], { shape, stride } = tensor;
  const from = new Bits(bytes.buffer, bytes.byteOffset, bytes.byteLength / Bits.BYTES_PER_ELEMENT);
  const { elements } = extent(tensor),
    to = new Bits(elements),
    index = new Array<number>(shape.length).fill(0);
  for (let i = 0, at = 0; i < elements; i++) {
    to[i] = from[at];
    for (let d = shape.length; d-- > 0;) {
      at += stride[d];
      if (++index[d] < shape[d]) break;
      at -= stride[d] * shape[d];
      index[d] = 0;
    }
  }
  return new Uint8Array(to.buffer);
}

function bfloat16(bytes: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const half = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
  return new Float32Array(Uint32Array.from(half, (bits) => bits << 16).buffer);
}

type Values = Pick<StoredTensor, "data" | "dtype">;

const convert: Readonly<Record<TorchDtype, (bytes: Uint8Array<ArrayBuffer>) => Values>> = {
  float16: ({ buffer, byteLength }) => ({ dtype: "f16", data: new Float16Array(buffer, 0, byteLength / 2) }),
  bfloat16: (bytes) => ({ dtype: "f32", data: bfloat16(bytes) }),
  float32: ({ buffer, byteLength }) => ({ dtype: "f32", data: new Float32Array(buffer, 0, byteLength / 4) }),
  float64: ({ buffer }) => ({ dtype: "f32", data: Float32Array.from(new Float64Array(buffer)) }),
  uint8: (bytes) => ({ dtype: "u8", data: bytes }),
  bool: (bytes) => ({ dtype: "u8", data: bytes }),
  int8: ({ buffer }) => ({ dtype: "i32", data: Int32Array.from(new Int8Array(buffer)) }),
  int16: ({ buffer }) => ({ dtype: "i32", data: Int32Array.from(new Int16Array(buffer)) }),
  int32: ({ buffer, byteLength }) => ({ dtype: "i32", data: new Int32Array(buffer, 0, byteLength / 4) }),
  int64: ({ buffer, byteLength }) => ({ dtype: "i64", data: new BigInt64Array(buffer, 0, byteLength / 8) }),
};

/** The element type a tensor has once read. */
export const storedDtype = (dtype: TorchDtype): StoredTensor["dtype"] =>
  convert[dtype](new Uint8Array(0)).dtype;

/** A tensor from its elements in order; `bytes` fill their buffer. */
export function toStored({ shape, dtype }: PickleTensor, bytes: Uint8Array<ArrayBuffer>): StoredTensor {
  return { shape: [...shape], ...convert[dtype](bytes) };
}
