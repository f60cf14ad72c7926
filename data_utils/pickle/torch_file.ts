/**
 * Tensors out of the files of torch.save and torch.jit.save, by name, without Python and without running any of what
 * such a file says. A file is opened by reading its table of contents and its pickle; each tensor is fetched when it
 * is asked for, so a checkpoint of gigabytes needs the memory of one tensor.
 */
import type { StoredTensor } from "../runs/safetensors.ts";
import { extent, inOrder, toStored } from "./elements.ts";
import { readPickle } from "./machine.ts";
import { ELEMENT_BYTES, torchHost } from "./torch_names.ts";
import { isKind, type PickleTensor, type PickleValue } from "./values.ts";
import { openZip, type ZipEntry, type ZipFile } from "./zip_directory.ts";

export interface TorchFileOptions {
  /**
   * The entry of a checkpoint whose tensors are wanted, "teacher" for instance; default: state_dict, model_state_dict
   * or model where the checkpoint has one, else all of it.
   */
  section?: string;
}

/** An open file of torch.save; `close` it at the end (or use `using`). */
export interface TorchFile extends Disposable {
  /** One tensor by itself; a state dict or checkpoint; an archive of TorchScript, as OpenAI's models are. */
  readonly kind: "tensor" | "dict" | "torchscript";
  /** The part of a checkpoint that was taken, and the names beside it that were left; null: all was taken. */
  readonly section: string | null;
  readonly beside: readonly string[];
  /**
   * By name, as in the state dict, in the file's order; a tensor by itself is called "tensor". The prefix "module."
   * that torch's data parallelism puts before every name is dropped.
   */
  readonly tensors: ReadonlyMap<string, PickleTensor>;
  /**
   * Reads one tensor, row-major. float16, float32, int32, int64 and uint8 come as they are, bfloat16 and (rounded)
   * float64 as f32, int8 and int16 as i32, bool as u8. Throws RangeError for a name the file does not have, SyntaxError
   * naming the file for a damaged one.
   */
  read(name: string): StoredTensor;
  close(): void;
}

const LARGEST_PICKLE = 32 * 2 ** 20, DEEPEST = 100, MOST_VISITS = 1_000_000;
const MODEL_SECTIONS = ["state_dict", "model_state_dict", "model"];
const PARALLEL = "module.";

type Fail = (why: string) => never;

/** Sub-values by name. */
function children(value: PickleValue): Iterable<[PickleValue, PickleValue]> {
  if (value instanceof Map) return value;
  if (Array.isArray(value)) return value.entries() as Iterable<[number, PickleValue]>;
  return isKind(value, "record") ? value.fields : [];
}

/** All tensors in a value, under the names on the way to them joined by dots. */
function tensorsIn(root: PickleValue, fail: Fail): Map<string, PickleTensor> {
  const found = new Map<string, PickleTensor>();
  let visits = 0;
  const visit = (value: PickleValue, path: string, depth: number) => {
    if (depth > DEEPEST) fail(`its values lie more than ${DEEPEST} deep`);
    if (isKind(value, "tensor")) {
      if (found.has(path)) fail(`two tensors are named ${JSON.stringify(path)}`);
      found.set(path || "tensor", value);
      return;
    }
    for (const [key, child] of children(value)) {
      if (++visits > MOST_VISITS) fail(`it holds more than ${MOST_VISITS} values`);
      if (typeof child !== "object" || child === null) continue;
      if (typeof key !== "string" && typeof key !== "number") continue;
      visit(child, path === "" ? `${key}` : `${path}.${key}`, depth + 1);
    }
  };
  visit(root, "", 0);
  return found;
}

/** The part of a checkpoint that is the model. */
function sectionOf(root: PickleValue, asked: string | undefined, fail: (why: string) => never) {
  const whole = { value: root, section: null as string | null, beside: [] as string[] };
  const has = (name: string) =>
    root instanceof Map && (root.get(name) instanceof Map || isKind(root.get(name), "record"));
  if (asked !== undefined && !has(asked)) {
    const names = root instanceof Map ? [...root.keys()].filter((key) => has(`${key}`)) : [];
    return fail(`it has no section "${asked}"${names.length > 0 ? `, but ${names.join(", ")}` : ""}`);
  }
  const section = asked ?? MODEL_SECTIONS.find(has);
  if (section === undefined || !(root instanceof Map)) return whole;
  const beside = [...root.keys()].map(String).filter((key) => key !== section);
  return { value: root.get(section)!, section, beside };
}

function withoutParallel(tensors: Map<string, PickleTensor>): Map<string, PickleTensor> {
  if (![...tensors.keys()].every((name) => name.startsWith(PARALLEL))) return tensors;
  return new Map([...tensors].map(([name, tensor]) => [name.slice(PARALLEL.length), tensor]));
}

/** The folder that everything in an archive of torch lies in. */
function rootOf({ entries }: ZipFile, fail: Fail): string {
  const roots = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (roots.length !== 1) fail("it is a zip file, but not one of torch.save: it has no NAME/data.pkl");
  return roots[0].slice(0, -"/data.pkl".length);
}

function pickleOf(zip: ZipFile, root: string, path: string, fail: Fail): PickleValue {
  const order = zip.entries.get(`${root}/byteorder`);
  if (order !== undefined && order.size < 16) {
    const said = new TextDecoder().decode(zip.read(order)).trim();
    if (said !== "little") fail(`its byte order is ${said}; only little-endian files are read`);
  }
  const entry = zip.entries.get(`${root}/data.pkl`)!;
  if (entry.size > LARGEST_PICKLE) fail(`its pickle has ${entry.size} bytes, above ${LARGEST_PICKLE}`);
  return readPickle(zip.read(entry), torchHost, path);
}

/** Where in the archive a tensor's values lie. */
function entryOf(zip: ZipFile, root: string, { storage, dtype }: PickleTensor, fail: Fail): ZipEntry {
  const name = `${root}/data/${storage.key}`, entry = zip.entries.get(name);
  if (entry === undefined) return fail(`it has no entry ${JSON.stringify(name)} for a tensor's values`);
  const wanted = storage.count * (storage.dtype === null ? 1 : ELEMENT_BYTES[dtype]);
  if (entry.size !== wanted) {
    fail(`entry ${JSON.stringify(name)} has ${entry.size} bytes instead of ${wanted}`);
  }
  return entry;
}

function readTensor(zip: ZipFile, entry: ZipEntry, tensor: PickleTensor): StoredTensor {
  const size = ELEMENT_BYTES[tensor.dtype], { span } = extent(tensor), { offset } = tensor;
  const bytes = span === 0 ? new Uint8Array(0) : zip.read(entry, offset * size, (offset + span) * size);
  return toStored(tensor, inOrder(tensor, bytes));
}

/**
 * Opens a file of torch.save (torch 1.6 or later) or torch.jit.save. Throws SyntaxError naming the file when it is
 * something else, is cut, or names anything but tensors, and RangeError for a section it does not have.
 */
export async function openTorchFile(
  path: string,
  { section: asked }: TorchFileOptions = {},
): Promise<TorchFile> {
  const fail: Fail = (why) => {
    throw new SyntaxError(`${path} cannot be read: ${why}`);
  };
  await refuseOtherFormats(path, fail);
  const zip = openZip(path);
  try {
    const root = rootOf(zip, fail), value = pickleOf(zip, root, path, fail);
    const part = sectionOf(value, asked, (why) => {
      throw new RangeError(`${path}: ${why}`);
    });
    const tensors = withoutParallel(tensorsIn(part.value, fail));
    if (tensors.size === 0) fail("it holds no tensor");
    for (const tensor of tensors.values()) entryOf(zip, root, tensor, fail);
    const kind = isKind(value, "tensor")
      ? "tensor"
      : zip.entries.has(`${root}/constants.pkl`)
      ? "torchscript"
      : "dict";
    const read = (name: string) => {
      const tensor = tensors.get(name);
      if (tensor === undefined) throw new RangeError(`${path} has no tensor "${name}"`);
      return readTensor(zip, entryOf(zip, root, tensor, fail), tensor);
    };
    const { section, beside } = part;
    return { kind, section, beside, tensors, read, close: zip.close, [Symbol.dispose]: zip.close };
  } catch (error) {
    zip.close();
    throw error;
  }
}

/** torch wrote bare pickles before 1.6 and tar archives before 0.1.10; both can hold code, and nobody needs them. */
async function refuseOtherFormats(path: string, fail: Fail): Promise<void> {
  using file = await Deno.open(path);
  const start = new Uint8Array(2), got = await file.read(start) ?? 0;
  if (got === 2 && start[0] === 0x50 && start[1] === 0x4b) return;
  if (start[0] === 0x80) {
    fail("it is a bare pickle, as torch wrote before 1.6: load it with torch and save it again");
  }
  fail("it is no file of torch.save");
}

/** All tensors of a file, in memory; see {@link openTorchFile} and {@link TorchFile.read}. */
export async function readTorchFile(
  path: string,
  options: TorchFileOptions = {},
): Promise<Map<string, StoredTensor>> {
  using file = await openTorchFile(path, options);
  return new Map([...file.tensors.keys()].map((name) => [name, file.read(name)]));
}
