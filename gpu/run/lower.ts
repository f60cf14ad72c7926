// From clusters to dispatches: writes the elementwise programs of each kernel, names its operands in a canonical order
// (equal work gives equal text, hence one pipeline) and says which values it reads and writes.

import { lastOf, rowsOf, type Shape, vec4sOf, vec4sPerRow } from "../base/mod.ts";
import { opRecord, type Tensor } from "../graph/mod.ts";
import {
  type Access,
  type CollectLowered,
  collectLaunch,
  collectTable,
  copyLaunch,
  chunkRows,
  columnFinish,
  columnLaunch,
  type ColumnLowered,
  contractFlops,
  type ContractLowered,
  contractLaunch,
  type FixedLowered,
  type Kernel,
  type Launch,
  mapLaunch,
  rowTiles,
  type Step,
  wordsPerPart,
} from "../kernels/mod.ts";
import type { DeviceClass } from "../base/mod.ts";
import { viewOf } from "./alias.ts";
import { isLeaf } from "./expand.ts";
import { type Cluster, type Fused, isElementwise, sameGeometry } from "./fuse.ts";

/** Something that holds words on the device: a leaf of the graph, a stored node, or a kernel's temporary. */
export interface Value {
  words: number;
  /** The leaf or node it stands for; null for a temporary. */
  readonly tensor: Tensor | null;
  /** Fixed contents, uploaded once. */
  readonly data?: Float32Array<ArrayBuffer>;
  /** A place inside another value. */
  home?: { readonly value: Value; readonly offset: number };
}

export interface Operand {
  readonly value: Value;
  readonly offset: number;
}

export interface KernelCall {
  readonly launch: Launch;
  readonly reads: readonly Operand[];
  readonly writes: readonly Operand[];
  readonly core: Tensor;
  readonly flops: number;
  /** A contraction's main loop: counted as GEMM time in profiles. */
  readonly contraction: boolean;
}

/** Words and copies of a value that is left in parts for `collect` to join. */
export interface Parts {
  readonly count: number;
  readonly words: number;
}

export interface LoweredGraph {
  readonly steps: readonly KernelCall[];
  readonly valueOf: (root: Tensor) => Value;
}

export function lowerGraph(fused: Fused, target: DeviceClass): LoweredGraph {
  const arena = arenaNodes(fused);
  const values = new Map<Tensor, Value>();
  const partsOf = new Map<Tensor, Parts>();
  const valueOf = (root: Tensor): Value => {
    const known = values.get(root);
    if (known !== undefined) return known;
    const parts = partsOf.get(root)?.count ?? 1;
    const value = { words: vec4sOf(root.shape) * parts, tensor: root };
    values.set(root, value);
    return value;
  };
  const steps: KernelCall[] = [];
  const context: Context = { fused, target, valueOf, partsOf, arena, arenas: new Map(), steps };
  for (const cluster of fused.clusters) {
    if (cluster.kind === "map") lowerMap(cluster, context);
    else if (cluster.kind === "column") lowerColumn(cluster, context);
    else if (cluster.kind === "contract") lowerContract(cluster, context);
    else if (cluster.kind === "fixed") lowerFixed(cluster, context);
    else lowerCollect(cluster, context);
  }
  return { steps, valueOf };
}

interface Context {
  readonly fused: Fused;
  readonly target: DeviceClass;
  readonly valueOf: (root: Tensor) => Value;
  readonly partsOf: Map<Tensor, Parts>;
  /** Nodes whose value lives inside a collect's arena: node -> collect. */
  readonly arena: ReadonlyMap<Tensor, Tensor>;
  readonly arenas: Map<Tensor, Value>;
  readonly steps: KernelCall[];
}

/** Writes one kernel's program. */
interface Builder {
  readonly steps: Step[];
  readonly stepOf: Map<Tensor, number>;
  readonly operands: Map<string, Operand>;
  readonly numbers: Map<string, number>;
  readonly cluster: Cluster;
  readonly context: Context;
  readonly prefix: string;
}

function newBuilder(cluster: Cluster, context: Context, prefix: string): Builder {
  const maps = { steps: [], stepOf: new Map(), operands: new Map(), numbers: new Map() };
  return { ...maps, cluster, context, prefix };
}

function operandName(b: Builder, value: Value, offset: number): string {
  for (const [name, known] of b.operands) if (known.value === value && known.offset === offset) return name;
  const name = `${b.prefix}${b.operands.size}`;
  b.operands.set(name, { value, offset });
  return name;
}

function push(b: Builder, step: Step): number {
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
    return push(b, { kind: "apply", wgsl: (_, [k]) => `vec4f(${k})`, args: [], constants: [name], helpers: [], keepsZero: false });
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

function compute(b: Builder, node: Tensor): number {
  const known = b.stepOf.get(node);
  if (known !== undefined) return known;
  const { elementwise } = opRecord(node.op);
  const args = node.inputs.map((source) => read(b, source, node));
  const constants = (elementwise!.constants ?? []).map((attr) => {
    const name = `${b.prefix}k${b.numbers.size}`;
    b.numbers.set(name, node.attrs[attr] as number);
    return name;
  });
  const { wgsl, helpers = [], keepsZero } = elementwise!;
  const step = push(b, { kind: "apply", wgsl, args, constants, helpers, keepsZero });
  b.stepOf.set(node, step);
  return step;
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
  if (dims.length > 3) throw new RangeError(`Broadcasting over ${dims.length} separate dimensions has no kernel: expand it first`);
  while (dims.length < 3) dims.unshift({ size: 1, stride: 0 });
  return new Map([["d1", dims[1].size], ["d2", dims[2].size], ["s0", dims[0].stride], ["s1", dims[1].stride], ["s2", dims[2].stride]]);
}

function emitStep(c: Context, core: Tensor, launch: Launch, operands: ReadonlyMap<string, Operand>, contraction = false, flops = 0): void {
  const find = (name: string): Operand => {
    const operand = operands.get(name);
    if (operand === undefined) throw new Error(`Operand ${name} of ${core.op} is not bound`);
    return operand;
  };
  const kernel: Kernel = launch.kernel;
  c.steps.push({ launch, reads: kernel.reads.map(find), writes: kernel.writes.map(find), core, flops, contraction });
}

function lowerMap(cluster: Cluster, c: Context): void {
  const b = newBuilder(cluster, c, "i");
  const stores = [...cluster.stores].sort((x, y) => x.id - y.id).map((node) => ({ node, step: compute(b, node) }));
  const reads = [...b.operands.keys()];
  const bound = new Map(b.operands);
  const named = stores.map(({ node, step }, i) => {
    bound.set(`o${i}`, { value: c.valueOf(node), offset: 0 });
    return { operand: `o${i}`, step };
  });
  const launch = mapLaunch({
    program: { steps: b.steps },
    reads,
    stores: named,
    rows: rowsOf(cluster.core.shape),
    last: lastOf(cluster.core.shape),
    numbers: b.numbers,
  });
  emitStep(c, cluster.core, launch, bound);
}

/** Adds a reduction's program to a builder; returns the steps that are summed. */
function addReduction(b: Builder, node: Tensor, plan: ColumnLowered): number[] {
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
        else at.push(push(b, { kind: "load", operand: operandName(b, b.context.valueOf(view.root), view.offset), access: "full" }));
      } else {
        const operand = operandName(b, b.context.valueOf(view.root), view.offset + offset);
        const same = b.steps.findIndex((s) => s.kind === "load" && s.operand === operand && s.access === step.access);
        at.push(same >= 0 ? same : push(b, { kind: "load", operand, access: step.access }));
      }
    } else if (step.kind === "apply") at.push(push(b, { ...step, args: step.args.map((a) => at[a]) }));
    else at.push(push(b, step));
  }
  return plan.results.map((r) => at[r]);
}

function lowerColumn(cluster: Cluster, c: Context): void {
  const first = cluster.lowered as ColumnLowered;
  const { outer, rows, last } = first;
  const b = newBuilder(cluster, c, "i");
  const stored = [...cluster.stores].sort((x, y) => x.id - y.id).map((node) => ({ node, step: compute(b, node) }));
  const chunk = chunkRows(outer, rows, last), chunks = Math.ceil(rows / chunk);
  const sums = cluster.reductions.map((node) => {
    const plan = node === cluster.core ? first : loweredColumn(node, c);
    return { node, plan, steps: addReduction(b, node, plan) };
  });
  const bound = new Map(b.operands);
  const temps = sums.map(({ plan, steps }, i) => {
    const words = outer * chunks * steps.length * wordsPerPart(plan.reduction) * vec4sPerRow([last]);
    bound.set(`p${i}`, { value: { words, tensor: null }, offset: 0 });
    return { operand: `p${i}`, reduction: plan.reduction, steps };
  });
  const stores = stored.map(({ node, step }, i) => {
    bound.set(`o${i}`, { value: c.valueOf(node), offset: 0 });
    return { operand: `o${i}`, step };
  });
  const launch = columnLaunch({
    program: { steps: b.steps },
    reads: [...b.operands.keys()],
    stores,
    partials: temps,
    outer,
    rows,
    last,
    chunk,
    numbers: b.numbers,
  });
  emitStep(c, cluster.core, launch, bound);
  sums.forEach(({ node, plan }, i) => finishReduction(c, node, plan, bound.get(`p${i}`)!, chunks, chunk));
}

function loweredColumn(node: Tensor, c: Context): ColumnLowered {
  return opRecord(node.op).lower!(node, c.target) as ColumnLowered;
}

function finishReduction(c: Context, node: Tensor, plan: ColumnLowered, partials: Operand, chunks: number, rows: number): void {
  const dispatch = plan.finish(chunks, rows);
  const bound = new Map<string, Operand>();
  for (const [name, source] of Object.entries(dispatch.bind)) {
    if ("input" in source) bound.set(name, inputOperand(c, node, source));
    else bound.set(name, "temp" in source ? partials : { value: c.valueOf(node), offset: 0 });
  }
  emitStep(c, node, dispatch.launch, bound);
}

function inputOperand(c: Context, node: Tensor, source: { input: number; offset?: number }): Operand {
  const { root, offset } = viewOf(node.inputs[source.input]);
  return { value: c.valueOf(root), offset: offset + (source.offset ?? 0) };
}

function lowerContract(cluster: Cluster, c: Context): void {
  const plan = cluster.lowered as ContractLowered, { spec } = plan, tile = cluster.tile!;
  const node = cluster.core;
  const wordsA = newBuilder(cluster, c, "A");
  const viewA = viewOf(node.inputs[plan.a]);
  let result = 0;
  if (isElementwise(viewA.root) && c.fused.clusterOf.get(viewA.root) === undefined) result = compute(wordsA, viewA.root);
  else {
    wordsA.operands.set("A", { value: c.valueOf(viewA.root), offset: viewA.offset });
    push(wordsA, { kind: "load", operand: "A", access: "full" });
  }
  const bound = new Map(wordsA.operands);
  const viewB = viewOf(node.inputs[plan.b]);
  bound.set("B", { value: c.valueOf(viewB.root), offset: viewB.offset });
  const b = newBuilder(cluster, c, "e");
  b.steps.push({ kind: "given", name: "acc" });
  b.stepOf.set(node, 0);
  const end = cluster.result === node ? 0 : compute(b, cluster.result);
  b.stepOf.set(cluster.result, end);
  const sums = cluster.reductions.map((sum) => ({ node: sum, plan: loweredColumn(sum, c), steps: addReduction(b, sum, loweredColumn(sum, c)) }));
  for (const [name, operand] of b.operands) bound.set(name, operand);
  const tiles = rowTiles(spec, tile);
  const partials = sums.map(({ plan: column, steps }, i) => {
    const words = tiles * steps.length * wordsPerPart(column.reduction) * vec4sPerRow([spec.n]);
    bound.set(`p${i}`, { value: { words, tensor: null }, offset: 0 });
    return { operand: `p${i}`, reduction: column.reduction, steps };
  });
  const inParts = tile.splits > 1;
  const keepParts = inParts && c.arena.has(node);
  if (keepParts) c.partsOf.set(node, { count: tile.splits, words: vec4sOf(node.shape) });
  const whole = { value: c.valueOf(cluster.result), offset: 0 };
  const split = { value: { words: vec4sOf(node.shape) * tile.splits, tensor: null }, offset: 0 };
  bound.set("Y", inParts && !keepParts ? split : whole);
  const launch = contractLaunch({
    spec,
    tile,
    loadA: { program: { steps: wordsA.steps }, result },
    readsA: [...wordsA.operands.keys()],
    epilogue: { program: { steps: b.steps }, stores: [{ operand: "Y", step: end }], partials },
    readsEpilogue: [...b.operands.keys()],
    numbers: new Map([...wordsA.numbers, ...b.numbers]),
  }, c.target);
  emitStep(c, node, launch, bound, true, contractFlops(spec));
  if (inParts && !keepParts) {
    const join = columnFinish("sum", { outer: 1, chunks: tile.splits, parts: 1, perRow: vec4sOf(node.shape) });
    emitStep(c, node, join, new Map<string, Operand>([["X", split], ["Y", whole]]));
  }
  sums.forEach(({ node: sum, plan: column }, i) => finishReduction(c, sum, column, bound.get(`p${i}`)!, tiles, tile.rows));
}

function lowerFixed(cluster: Cluster, c: Context): void {
  const plan = cluster.lowered as FixedLowered, node = cluster.core;
  const temps = (plan.temps ?? []).map((words) => ({ words, tensor: null }));
  for (const { launch, bind } of plan.dispatches) {
    const bound = new Map<string, Operand>();
    for (const [name, source] of Object.entries(bind)) {
      if ("input" in source) bound.set(name, inputOperand(c, node, source));
      else if ("temp" in source) bound.set(name, { value: temps[source.temp], offset: 0 });
      else bound.set(name, { value: c.valueOf(node), offset: 0 });
    }
    emitStep(c, node, launch, bound);
  }
}

/** Inputs in the arena are where they should be; the others are copied there first. */
function lowerCollect(cluster: Cluster, c: Context): void {
  const node = cluster.core, blocks = (cluster.lowered as CollectLowered).blocks;
  const arena = arenaOf(node, c);
  const entries = node.inputs.map((source) => {
    const { root, offset } = viewOf(source);
    const words = vec4sOf(source.shape);
    if (c.arena.get(root) === node) {
      const parts = c.partsOf.get(root) ?? { count: 1, words: 0 };
      return { at: place(c.valueOf(root), arena) + offset, words, parts: parts.count, stride: parts.words };
    }
    const at = reserve(arena, words);
    const from = { value: c.valueOf(root), offset };
    emitStep(c, node, copyLaunch(words), new Map([["X", from], ["Y", { value: arena, offset: at }]]));
    return { at, words, parts: 1, stride: 0 };
  });
  const data = collectTable(entries, blocks);
  const bound = new Map<string, Operand>([
    ["X", { value: arena, offset: 0 }],
    ["T", { value: { words: blocks * 2, tensor: null, data }, offset: 0 }],
    ["Y", { value: c.valueOf(node), offset: 0 }],
  ]);
  emitStep(c, node, collectLaunch(blocks), bound);
}

function arenaOf(collect: Tensor, c: Context): Value {
  const known = c.arenas.get(collect);
  if (known !== undefined) return known;
  const arena: Value = { words: 0, tensor: null };
  c.arenas.set(collect, arena);
  return arena;
}

function reserve(arena: Value, words: number): number {
  const at = arena.words;
  arena.words += words;
  return at;
}

/** Word of the arena at which a value begins. */
function place(value: Value, arena: Value): number {
  value.home ??= { value: arena, offset: reserve(arena, value.words) };
  return value.home.offset;
}

/** Nodes that can be written straight into the arena of the collect that gathers them. */
export function arenaNodes(fused: Fused): Map<Tensor, Tensor> {
  const found = new Map<Tensor, Tensor>();
  for (const { kind, core } of fused.clusters) {
    if (kind !== "collect") continue;
    for (const source of core.inputs) {
      const { root } = viewOf(source);
      if (!isLeaf(root) && !found.has(root) && fused.clusterOf.has(root)) found.set(root, core);
    }
  }
  // WebGPU forbids a dispatch that reads and writes one arena: such an input is copied there afterwards.
  for (const cluster of fused.clusters) {
    const written = [...cluster.members].filter((node) => found.has(node) && fused.clusterOf.get(node) === cluster);
    if (written.length === 0 || cluster.kind === "collect") continue;
    for (const input of fused.inputsOf(cluster)) found.delete(input);
  }
  return found;
}
