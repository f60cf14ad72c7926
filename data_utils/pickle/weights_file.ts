/** Weights from whatever file they come in: torch's own (.pt, .pth) or safetensors, told apart by its first bytes. */
import { openSafetensors, type StoredTensor } from "../runs/safetensors.ts";
import { storedDtype } from "./elements.ts";
import { openTorchFile, type TorchFile, type TorchFileOptions } from "./torch_file.ts";

/** An open file of named tensors; `close` it at the end (or use `using`). */
export interface WeightsFile extends Disposable {
  readonly path: string;
  /** "tensor" is a head or the like by itself; "torchscript" is how OpenAI publishes its models. */
  readonly format: "safetensors" | TorchFile["kind"];
  /** By name; the element type is that which `read` gives. */
  readonly tensors: ReadonlyMap<string, Pick<StoredTensor, "shape" | "dtype">>;
  /** Of a checkpoint: the part that was taken, and the names beside it. */
  readonly section: string | null;
  readonly beside: readonly string[];
  /** What a safetensors file notes of itself. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Reads one tensor, row-major. Throws RangeError for a name the file does not have. */
  read(name: string): Promise<StoredTensor>;
  close(): void;
}

async function isTorchFile(path: string): Promise<boolean> {
  using file = await Deno.open(path);
  const start = new Uint8Array(4), got = await file.read(start) ?? 0;
  if (got === 4 && start[0] === 0x50 && start[1] === 0x4b) return true;
  // A bare pickle of torch (its first value is a number of ten bytes) is torch's too, to be refused with a remedy.
  return start[0] === 0x80 && start[2] === 0x8a && start[3] === 10;
}

/**
 * Opens a file of weights. Throws SyntaxError naming the file when it is neither or damaged, RangeError for a `section`
 * that it does not have.
 */
export async function openWeights(path: string, options: TorchFileOptions = {}): Promise<WeightsFile> {
  if (await isTorchFile(path)) {
    const { kind, section, beside, tensors, read, close } = await openTorchFile(path, options);
    return {
      ...{ path, format: kind, section, beside, metadata: {}, close, [Symbol.dispose]: close },
      tensors: new Map([...tensors].map(([name, { shape, dtype }]) => {
        return [name, { shape: [...shape], dtype: storedDtype(dtype) }];
      })),
      read: (name) => Promise.try(read, name),
    };
  }
  const { header, read, close } = await openSafetensors(path);
  if (options.section !== undefined) {
    close();
    throw new RangeError(`${path} is a safetensors file and has no section "${options.section}"`);
  }
  const own = { section: null, beside: [], metadata: header.metadata };
  return {
    path,
    format: "safetensors",
    ...own,
    tensors: header.tensors,
    read,
    close,
    [Symbol.dispose]: close,
  };
}
