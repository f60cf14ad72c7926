// Finds where a step first gives a NaN or an infinity. The program's dispatches are replayed one by one over the slab
// sides as they are, and every result is looked at by its bits; where several operations share the kernel that went
// wrong, they are evaluated one from another to name the first.

import type { HostArray } from "../base/mod.ts";
import {
  constant,
  createGraph,
  emit,
  input,
  reachable,
  scalar,
  type Tensor,
  withScope,
} from "../graph/mod.ts";
import { readStorages } from "../device/mod.ts";
import type { Value } from "./calls.ts";
import { evaluate } from "./evaluate.ts";
import { unpadRows } from "./host_layout.ts";
import { settle } from "./plan.ts";
import {
  bindGroups,
  type CompiledCall,
  type Program,
  type StepInputs,
  storageAt,
  swapSides,
  writeInputs,
} from "./program.ts";
import { readTensors } from "./store.ts";

/**
 * Where the first NaN or infinity of a step comes up (`input "x"`, `parameter fc.weight`, `log @ head/loss`), or null.
 * Where forward and backward both go wrong by themselves, the forward is named. The store stays as it is, unless
 * `swap` is true: assigned slabs then show what the step wrote, for a following program to read. Slow: one read-back
 * per dispatch.
 */
export async function firstNonFinite(
  program: Program,
  step: StepInputs,
  swap = false,
): Promise<string | null> {
  const given = await faultyLeaf(program, step);
  if (given !== null) return given;
  writeInputs(program, step);
  const groups = bindGroups(program), joint = jointValues(program.calls);
  const faulty = new Set<Tensor>();
  let backward: string | null = null;
  for (const [i, call] of program.calls.entries()) {
    submitCall(program, call, groups[i]);
    if (!await isFaulty(program, call, joint)) continue;
    const follows = resultsOf(call).some((node) => reachable([node]).some((before) => faulty.has(before)));
    resultsOf(call).forEach((node) => faulty.add(node));
    if (follows) continue;
    const node = await firstWithin(program, call, step) ?? call.core;
    if (!node.scope.split("/").includes("grad")) return nameOf(node);
    backward ??= nameOf(node);
  }
  if (swap && backward === null) swapSides(program);
  return backward;
}

/** The nodes whose values a call writes; for a temporary, the node it serves. */
function resultsOf({ writes, core }: CompiledCall): Tensor[] {
  return writes.map(({ value }) => value.tensor ?? core);
}

async function isFaulty({ gpu }: Program, call: CompiledCall, joint: ReadonlySet<Value>): Promise<boolean> {
  const ranges = call.writes.flatMap((operand, i) => {
    if (joint.has(operand.value)) return [];
    const storage = storageAt(call.places[call.reads.length + i]);
    const { words, half } = operand.value;
    return [{ storage, at: settle(operand).offset, words, half }];
  });
  return (await readStorages(gpu, ranges)).some(hasNonFinite);
}

function submitCall({ gpu }: Program, call: CompiledCall, group: GPUBindGroup): void {
  const encoder = gpu.device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(call.pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(call.grid[0], call.grid[1]);
  pass.end();
  gpu.queue.submit([encoder.finish()]);
}

/** By the bits, so that no assumption of finite arithmetic can hide it. */
function hasNonFinite(floats: ArrayLike<number> & ArrayBufferView<ArrayBuffer>): boolean {
  const words = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  return words.some((bits) => (bits & 0x7f800000) === 0x7f800000);
}

function nameOf(node: Tensor): string {
  return node.scope === "" ? node.op : `${node.op} @ ${node.scope}`;
}

/** An input, parameter or other named tensor of the store that is not finite to begin with. */
async function faultyLeaf({ inputs, internal, store }: Program, step: StepInputs): Promise<string | null> {
  for (const name of inputs.keys()) {
    const data = step.inputs?.[name]?.data;
    if (data instanceof Float32Array && hasNonFinite(data as Float32Array<ArrayBuffer>)) {
      return `input "${name}"`;
    }
  }
  const named = internal.slabs.filter(({ layout }) => layout !== null);
  for (const group of new Set(named.map((slab) => slab.group))) {
    const tensors = await readTensors(store, group);
    for (const [tensor, { data }] of tensors) {
      if (!hasNonFinite(data as Float32Array<ArrayBuffer>)) continue;
      return store.placeOf.get(tensor)?.slab.group === group
        ? `parameter ${tensor}`
        : `${group} of ${tensor}`;
    }
  }
  return null;
}

/** Values that several dispatches write, piece by piece; what they hold was looked at before. */
function jointValues(calls: readonly CompiledCall[]): Set<Value> {
  const joint = new Set<Value>();
  for (const { writes } of calls) {
    for (const { value, offset } of writes) {
      if (value.home !== undefined) joint.add(value.home.value);
      if (offset !== 0) joint.add(value);
    }
  }
  return joint;
}

/** The first node that is not finite among those that share a kernel; null where that cannot be told. */
async function firstWithin(program: Program, call: CompiledCall, step: StepInputs): Promise<Tensor | null> {
  const copied = copyNodes(call);
  if (copied === null) return null;
  const inputs = Object.fromEntries(
    await Promise.all([...copied.sources].map(async ([name, node]) => {
      return [name, await valueRead(program, call, node)] as const;
    })),
  );
  const values = await evaluate(program.gpu, copied.nodes, { inputs, scalars: step.scalars });
  return copied.nodes.find((_, i) => hasNonFinite(values[i].data as Float32Array<ArrayBuffer>)) ?? null;
}

/** The nodes that a kernel computes, in a graph of their own in which what the kernel reads are inputs. */
function copyNodes(call: CompiledCall): { nodes: Tensor[]; sources: Map<string, Tensor> } | null {
  const graph = createGraph(), nodes: Tensor[] = [], sources = new Map<string, Tensor>();
  const read = new Set(call.reads.map(({ value }) => value.tensor));
  const copies = new Map<Tensor, Tensor | null>();
  const copy = (node: Tensor): Tensor | null => {
    if (!copies.has(node)) copies.set(node, make(node));
    return copies.get(node)!;
  };
  const make = (node: Tensor): Tensor | null => {
    if (node.op === "scalar") return scalar(graph, node.attrs.name as string);
    if (node.op === "constant") {
      return constant(graph, node.attrs.values as number[], node.shape, node.dtype);
    }
    if (read.has(node) || node.op === "param") {
      sources.set(`${node.id}`, node);
      return input(graph, `${node.id}`, node.shape, node.dtype);
    }
    const parts = node.inputs.map(copy);
    if (parts.length === 0 || parts.includes(null)) return null;
    const made = withScope(graph, node.scope, () => emit(graph, node.op, parts as Tensor[], node.attrs));
    nodes.push(made);
    return made;
  };
  const written = call.writes.map(({ value }) => value.tensor).filter((t) => t !== null);
  const complete = (written.length > 0 ? written : [call.core]).every((node) => copy(node) !== null);
  return complete ? { nodes, sources } : null;
}

/** A value that a call reads, as it is now. */
async function valueRead({ gpu, store }: Program, call: CompiledCall, node: Tensor): Promise<HostArray> {
  if (node.op === "param") {
    const name = node.attrs.name as string;
    return (await readTensors(store, store.placeOf.get(name)!.slab.group)).get(name)!;
  }
  const at = call.reads.findIndex(({ value }) => value.tensor === node), { value } = call.reads[at];
  const place = {
    storage: storageAt(call.places[at]),
    at: settle({ value, offset: 0 }).offset,
    words: value.words,
    half: value.half,
  };
  const [words] = await readStorages(gpu, [place]);
  return { data: unpadRows(words, node.shape), shape: node.shape, dtype: "f32" };
}
