/**
 * The names that a file of torch.save or torch.jit.save may use, each with what it stands for here: tensors, their
 * element types, dicts. A class of a TorchScript archive (`__torch__...`) becomes a record of its attributes; its code,
 * which lies elsewhere in the archive, is not read. Every other name is refused.
 */
import type { PickleHost } from "./machine.ts";
import {
  describeValue,
  isKind,
  type PickleName,
  type PickleStorage,
  type PickleTensor,
  type PickleValue,
  type TorchDtype,
} from "./values.ts";

/** Bytes of an element. */
export const ELEMENT_BYTES: Readonly<Record<TorchDtype, number>> = {
  float16: 2,
  bfloat16: 2,
  float32: 4,
  float64: 8,
  uint8: 1,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  bool: 1,
};

const STORAGES: Readonly<Record<string, TorchDtype>> = {
  HalfStorage: "float16",
  BFloat16Storage: "bfloat16",
  FloatStorage: "float32",
  DoubleStorage: "float64",
  ByteStorage: "uint8",
  CharStorage: "int8",
  ShortStorage: "int16",
  IntStorage: "int32",
  LongStorage: "int64",
  BoolStorage: "bool",
};

/** A tensor that repeats elements of a small storage (stride 0) may not have more than this. */
const MOST_REPEATED = 2 ** 26;

const refuse = (why: string): never => {
  throw new SyntaxError(why);
};
const isCount = (value: PickleValue | undefined): value is number =>
  Number.isSafeInteger(value) && value as number >= 0;
const isShape = (value: PickleValue | undefined): value is readonly number[] =>
  Array.isArray(value) && value.length <= 64 && value.every(isCount);

const dtypeMarks = new WeakMap<PickleName, TorchDtype>();

/** _rebuild_tensor(storage, offset, size, stride, requires_grad, hooks), and for v3 the dtype behind. */
function tensor(args: readonly PickleValue[], dtype?: TorchDtype): PickleTensor {
  const [storage, offset, shape, stride, requiresGrad = false] = args;
  if (!isKind(storage, "storage")) return refuse(`a tensor is made of ${describeValue(storage)}`);
  const own = dtype ?? storage.dtype ?? refuse("a tensor has no element type");
  if (!isCount(offset) || !isShape(shape) || !isShape(stride) || shape.length !== stride.length) {
    return refuse("a tensor has no valid offset, shape and strides");
  }
  const held = storage.dtype === null ? Math.floor(storage.count / ELEMENT_BYTES[own]) : storage.count;
  if (storage.dtype !== null && storage.dtype !== own) {
    return refuse(`a tensor of ${own} is made of ${storage.dtype}`);
  }
  const elements = shape.reduce((product, n) => product * n, 1);
  const last = elements === 0 ? -1 : shape.reduce((sum, n, i) => sum + (n - 1) * stride[i], offset);
  if (elements > 0 && last >= held) {
    return refuse(`a tensor of shape [${shape}] reaches element ${last} of a storage of ${held}`);
  }
  if ([args[6], args[7]].some((notes) => notes instanceof Map && [...notes.values()].includes(true))) {
    return refuse("a tensor is stored conjugated or negated; call its resolve_neg() before saving");
  }
  if (!Number.isSafeInteger(elements) || elements > Math.max(held, MOST_REPEATED)) {
    return refuse(`a tensor of shape [${shape}] lies on a storage of ${held} elements`);
  }
  return {
    kind: "tensor",
    storage,
    dtype: own,
    offset,
    shape,
    stride,
    requiresGrad: requiresGrad === true,
    isParameter: false,
  };
}

function parameter([data, requiresGrad = true]: readonly PickleValue[]): PickleTensor {
  if (!isKind(data, "tensor")) return refuse(`a parameter is made of ${describeValue(data)}`);
  return { ...data, requiresGrad: requiresGrad === true, isParameter: true };
}

function orderedDict(args: readonly PickleValue[]): Map<PickleValue, PickleValue> {
  const [pairs = []] = args, dict = new Map<PickleValue, PickleValue>();
  if (args.length > 1 || !Array.isArray(pairs)) return refuse("an OrderedDict is made of no list of pairs");
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] === "object") {
      return refuse("an OrderedDict is made of no list of pairs");
    }
    dict.set(pair[0], pair[1]);
  }
  return dict;
}

const first = ([value = null]: readonly PickleValue[]) => value;

function typeOf(args: readonly PickleValue[]): TorchDtype {
  const mark = args[6];
  return (isKind(mark, "name") ? dtypeMarks.get(mark) : undefined) ??
    refuse(`a tensor has the element type ${describeValue(mark)}`);
}

const CALLS: Readonly<Record<string, (args: readonly PickleValue[]) => PickleValue>> = {
  "torch._utils._rebuild_tensor": (args) => tensor(args),
  "torch._utils._rebuild_tensor_v2": (args) => tensor(args),
  "torch._utils._rebuild_tensor_v3": (args) => tensor(args, typeOf(args)),
  "torch._utils._rebuild_parameter": parameter,
  "torch._utils._rebuild_parameter_with_state": parameter,
  "collections.OrderedDict": orderedDict,
  "torch.Size": first,
  "torch.device": first,
  // What TorchScript writes around typed lists and dicts.
  "torch.jit._pickle.restore_type_tag": first,
  "torch.jit._pickle.build_intlist": first,
  "torch.jit._pickle.build_doublelist": first,
  "torch.jit._pickle.build_boollist": first,
  "torch.jit._pickle.build_tensorlist": first,
};

function named(module: string, name: string): PickleName {
  const full = `${module}.${name}`, own = { kind: "name", full } as const;
  if (Object.hasOwn(CALLS, full)) return { ...own, call: CALLS[full] };
  if (module === "__torch__" || module.startsWith("__torch__.")) {
    return { ...own, make: () => ({ kind: "record", of: full, fields: new Map() }) };
  }
  if (module === "torch" && (Object.hasOwn(STORAGES, name) || Object.hasOwn(ELEMENT_BYTES, name))) {
    const mark: PickleName = own;
    dtypeMarks.set(mark, STORAGES[name] ?? name as TorchDtype);
    return mark;
  }
  if (full === "torch.storage.UntypedStorage") return own;
  return refuse(
    `it names ${
      JSON.stringify(full)
    }, which is no tensor and is not run: save the model's state_dict() instead`,
  );
}

/** ("storage", type, key, device, count): where a tensor's values lie. */
function storage(id: PickleValue): PickleStorage {
  const [word, type, key, , count] = Array.isArray(id) ? id : [];
  const dtype = isKind(type, "name") ? dtypeMarks.get(type) : undefined;
  const untyped = isKind(type, "name") && type.full === "torch.storage.UntypedStorage";
  if (word !== "storage" || typeof key !== "string" || !isCount(count) || (dtype === undefined && !untyped)) {
    return refuse("a storage is described in a way that torch does not write");
  }
  return { kind: "storage", key, dtype: dtype ?? null, count };
}

/** What torch's names and ids stand for. */
export const torchHost: PickleHost = { name: named, persistent: storage };
