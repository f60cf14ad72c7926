/** `data convert-weights`: a file of torch as safetensors, which every program of this project reads. */
import type { Command } from "../../program/command.ts";
import { describeFlags, parseFlags } from "../../program/flags.ts";
import { openWeights, type WeightsFile } from "../../pickle/weights_file.ts";
import { safetensorsContent, type StoredTensor, type TensorToWrite } from "../../runs/safetensors.ts";
import { curationFlags, finishCuration } from "../curation.ts";

const flagTable = {
  dtype: {
    kind: "text",
    choices: ["keep", "f32", "f16"],
    default: "keep",
    help: "type of floating-point values; keep: as they are (bfloat16 and float64 become f32)",
  },
  section: {
    kind: "text",
    value: "NAME",
    help: "entry of a checkpoint to take (default: state_dict or model where it has one, else all)",
  },
  seed: { ...curationFlags.seed, help: "changes nothing: nothing is drawn" },
  "dry-run": { ...curationFlags["dry-run"], help: "print the tensors that would be written, write nothing" },
  json: curationFlags.json,
  help: curationFlags.help,
} as const;

const help =
  `Turns weights or a head of torch.save or torch.jit.save into safetensors. Nothing in the file is run: it may
hold tensors, dicts, lists and numbers; of a TorchScript archive the attributes are taken and the code is not read; a file
that names anything else is refused with the name. A tensor by itself, as the published heads are, is called "head".

Usage: deno task data convert-weights FILE.pt OUT.safetensors [flags]

${describeFlags(flagTable)}

Exit codes: 0 done, 1 failed while running, 2 bad input, 130 stopped.

Example: deno task data convert-weights metadata/heads/in1k_clip_rn50_wit400m_a+cname.pt head.safetensors`;

type FloatChoice = "keep" | "f32" | "f16";

/** float32 as float16. Throws RangeError naming the tensor when a finite value becomes infinite. */
function halved(name: string, data: Float32Array): Float16Array<ArrayBuffer> {
  const half = Float16Array.from(data),
    lost = half.findIndex((v, i) => !Number.isFinite(v) && Number.isFinite(data[i]));
  if (lost >= 0) throw new RangeError(`${name} holds ${data[lost]}, which f16 has not: use --dtype f32`);
  return half;
}

const isFloat = (dtype: string) => dtype === "f32" || dtype === "f16";

function converted(name: string, { data, dtype }: StoredTensor, choice: FloatChoice): ArrayBufferView {
  if (choice === "keep" || choice === dtype || !isFloat(dtype)) return data;
  return choice === "f16" ? halved(name, data as Float32Array) : Float32Array.from(data as ArrayLike<number>);
}

function toWrite(file: WeightsFile, choice: FloatChoice): TensorToWrite[] {
  return [...file.tensors].map(([name, { shape, dtype }]) => {
    const called = file.format === "tensor" ? "head" : name;
    return {
      name: called,
      shape,
      dtype: choice !== "keep" && isFloat(dtype) ? choice : dtype,
      data: async () => converted(`${file.path}: ${called}`, await file.read(name), choice),
    };
  });
}

async function run(args: readonly string[], signal: AbortSignal): Promise<void> {
  const { values: flags, positional } = parseFlags(args, flagTable), { section } = flags;
  if (positional.length !== 2) {
    throw new RangeError(
      `convert-weights takes FILE.pt and OUT.safetensors, got ${positional.length} names; see --help`,
    );
  }
  const [from, to] = positional, choice = flags.dtype as FloatChoice;
  using file = await openWeights(from, { section });
  const tensors = toWrite(file, choice),
    values = tensors.reduce((sum, { shape }) => {
      return sum + shape.reduce((product, n) => product * n, 1);
    }, 0);
  const stopping = tensors.map((tensor) => ({
    ...tensor,
    data: () => {
      signal.throwIfAborted();
      return (tensor.data as () => Promise<ArrayBufferView>)();
    },
  }));
  const list = tensors.map(({ name, shape, dtype }) => ({ name, shape, dtype }));
  await finishCuration({
    command: "convert-weights",
    flags: { from, dtype: flags.dtype, section: section ?? null },
    seed: null,
    inputs: [from],
    outputs: [{
      path: to,
      write: safetensorsContent(stopping, { converted_from: file.metadata.converted_from ?? file.format }),
    }],
    classes: null,
    rows: tensors.length,
    notes: [
      `each row is a tensor, ${values.toLocaleString("en-US")} values in all`,
      ...file.section === null
        ? []
        : [`taken: ${file.section}; left: ${file.beside.join(", ") || "nothing"}`],
      ...flags["dry-run"] ? list.map(({ name, shape, dtype }) => `${name} [${shape}] ${dtype}`) : [],
    ],
    also: { format: file.format, tensors: list },
  }, { dryRun: flags["dry-run"], json: flags.json, signal });
}

/** The command. */
export const convertWeightsCommand: Command = {
  name: "convert-weights",
  summary: "torch's .pt files (state dicts, heads, OpenAI's models) as safetensors, without running them",
  help,
  run,
};
