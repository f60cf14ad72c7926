// Writes the elementwise program of one kernel from the nodes that were fused into it. Operands and constants are named
// in order of appearance, so that equal work gives equal text.

import { lastOf, rowsOf, type Shape, vec4sPerRow } from "../base/mod.ts";
import { opRecord, type Tensor } from "../graph/mod.ts";
import type { Access, ColumnLowered, Step } from "../kernels/mod.ts";
import { viewOf } from "./alias.ts";
import type { Context, Operand, Value } from "./calls.ts";
import { type Cluster, isElementwise, sameGeometry } from "./fuse.ts";

/** Writes one kernel's program. */
export interface Builder {
  readonly steps: Step[];
  readonly stepOf: Map<Tensor, number>;
  readonly operands: Map<string, Operand>;
  readonly numbers: Map<string, number>;
  readonly cluster: Cluster;
  readonly context: Context;
  readonly prefix: string;
}

export function newBuilder(cluster: Cluster, context: Context, prefix: string): Builder {
  const maps = { steps: [], stepOf: new Map(), operands: new Map(), numbers: new Map() };
  return { ...maps, cluster, context, prefix };
}

function operandName(b: Builder, value: Value, offset: number): string {
  for (const [name, known] of b.operands) if (known.value === value && known.offset === offset) return name;
  const name = `${b.prefix}${b.operands.size}`;
  b.operands.set(name, { value, offset });
  return name;
}

export function push(b: Builder, step: Step): number {
  b.steps.push(step);
  return b.steps.length - 1;
}

/** Step of a tensor read by an elementwise op of geometry `like`. */
function read(b: Builder, tensor: Tensor, like: Tensor): number {
  const { root, offset } = viewOf(tensor);
  const known = b.stepOf.get(root);
  const whole = sameGeometry(tensor, like);
  if (known !== undefined && whole) return known;
  if (root.op === "scalar") {
    const step = push(b, { kind: "scalar", name: root.attrs.name as string });
    b.stepOf.set(root, step);
    return step;
  }
  if (whole && isElementwise(root) && isComputedHere(b, root)) return compute(b, root);
  if (root.op === "constant" && (root.attrs.values as number[]).length === 1) {
    const name = `${b.prefix}k${b.numbers.size}`;
    b.numbers.set(name, (root.attrs.values as number[])[0]);
    return push(b, {
      kind: "apply",
      wgsl: (_, [k]) => `vec4f(${k})`,
      args: [],
      constants: [name],
      helpers: [],
      keepsZero: false,
    });
  }
  return load(b, root, offset, tensor.shape, like.shape);
}

function load(b: Builder, root: Tensor, offset: number, shape: Shape, like: Shape): number {
  const operand = operandName(b, b.context.valueOf(root), offset);
  const access = accessOf(shape, like);
  if (access === "rows" || access === "rowsCol") {
    for (const [name, value] of rowMap(shape, like)) b.numbers.set(`${operand}_${name}`, value);
  }
  const same = b.steps.findIndex((s) => s.kind === "load" && s.operand === operand && s.access === access);
  return same >= 0 ? same : push(b, { kind: "load", operand, access });
}

/** Inlined nodes are computed in every kernel; stored ones in the kernel that stores them. */
function isComputedHere(b: Builder, node: Tensor): boolean {
  const home = b.context.fused.clusterOf.get(node);
  return home === undefined || (home === b.cluster && b.cluster.members.has(node));
}

export function compute(b: Builder, node: Tensor): number {
  const known = b.stepOf.get(node);
  if (known !== undefined) return known;
  const { elementwise } = opRecord(node.op);
  const args = inReadingOrder(b, node).map((source) => read(b, source, node));
  const constants = (elementwise!.constants ?? []).map((attr) => {
    const name = `${b.prefix}k${b.numbers.size}`;
    b.numbers.set(name, node.attrs[attr] as number);
    return name;
  });
  const { wgsl, helpers = [], keepsZero } = elementwise!;
  const step = asStored(b, node, push(b, { kind: "apply", wgsl, args, constants, helpers, keepsZero }));
  b.stepOf.set(node, step);
  return step;
}

/** The step of a node's value as others will read it: rounded here too where this kernel stores it in halves. */
export function asStored(b: Builder, node: Tensor, step: number): number {
  const isStored = b.cluster.stores.has(node) || b.cluster.result === node;
  if (!isStored || !b.context.halves.has(node)) return step;
  const wgsl = ([x]: readonly string[]) => `vec4f(vec4<f16>(${x}))`;
  return push(b, { kind: "apply", wgsl, args: [step], constants: [], helpers: [], keepsZero: true });
}

/** Sums and products begin with what is there already, so that equal work is written equally. */
function inReadingOrder(b: Builder, node: Tensor): readonly Tensor[] {
  if (node.op !== "add" && node.op !== "mul") return node.inputs;
  const isThere = (tensor: Tensor) => b.stepOf.has(viewOf(tensor).root);
  const [first, second] = node.inputs;
  return !isThere(first) && isThere(second) ? [second, first] : node.inputs;
}

function accessOf(shape: Shape, like: Shape): Access {
  const rows = rowsOf(shape), last = lastOf(shape), likeRows = rowsOf(like), likeLast = lastOf(like);
  if (rows === likeRows && last === likeLast) return "full";
  if (rows === 1 && last === 1) return "one";
  if (rows === 1 && last === likeLast) return "row";
  if (rows === likeRows && last === 1) return "col";
  return last === likeLast ? "rows" : "rowsCol";
}

/** Strides in words that take an output row to the row of a broadcast operand, over at most three dimensions. */
function rowMap(shape: Shape, like: Shape): Map<string, number> {
  const perRow = vec4sPerRow(shape);
  const dims: { size: number; stride: number }[] = [];
  const lead = shape.length === 0 ? [] : shape.slice(0, -1);
  let stride = perRow;
  const strides = new Array<number>(lead.length);
  for (let i = lead.length - 1; i >= 0; i--) {
    strides[i] = lead[i] === 1 ? 0 : stride;
    stride *= lead[i];
  }
  const likeLead = like.slice(0, -1);
  likeLead.forEach((size, i) => {
    const at = i - (likeLead.length - lead.length);
    const own = at >= 0 ? strides[at] : 0;
    const before = dims[dims.length - 1];
    if (size === 1) return;
    if (before !== undefined && before.stride === own * size) {
      before.size *= size;
      before.stride = own;
    } else dims.push({ size, stride: own });
  });
  if (dims.length > 3) {
    throw new RangeError(
      `Broadcasting over ${dims.length} separate dimensions has no kernel: expand it first`,
    );
  }
  while (dims.length < 3) dims.unshift({ size: 1, stride: 0 });
  return new Map([
    ["d1", dims[1].size],
    ["d2", dims[2].size],
    ["s0", dims[0].stride],
    ["s1", dims[1].stride],
    ["s2", dims[2].stride],
  ]);
}

/** Adds a reduction's program to a builder; returns the steps that are summed. */
export function addReduction(b: Builder, node: Tensor, plan: ColumnLowered): number[] {
  const at: number[] = [];
  for (const step of plan.program.steps) {
    if (step.kind === "load") {
      const { input, offset = 0 } = plan.bind[step.operand];
      const tensor = node.inputs[input];
      const view = viewOf(tensor);
      if (step.access === "full") {
        const known = b.stepOf.get(view.root);
        if (known !== undefined) at.push(known);
        else if (isElementwise(view.root) && isComputedHere(b, view.root)) at.push(compute(b, view.root));
        else {at.push(
            push(b, {
              kind: "load",
              operand: operandName(b, b.context.valueOf(view.root), view.offset),
              access: "full",
            }),
          );}
      } else {
        const operand = operandName(b, b.context.valueOf(view.root), view.offset + offset);
        const same = b.steps.findIndex((s) =>
          s.kind === "load" && s.operand === operand && s.access === step.access
        );
        at.push(same >= 0 ? same : push(b, { kind: "load", operand, access: step.access }));
      }
    } else if (step.kind === "apply") at.push(push(b, { ...step, args: step.args.map((a) => at[a]) }));
    else at.push(push(b, step));
  }
  return plan.results.map((r) => at[r]);
}
