// From clusters to dispatches: writes the elementwise programs of each kernel, names its operands in a canonical order
// (equal work gives equal text, hence one pipeline) and says which values it reads and writes.

import { type DeviceClass, lastOf, rowsOf, vec4sOf, vec4sPerRow } from "../base/mod.ts";
import { opRecord, type Tensor } from "../graph/mod.ts";
import {
  chunkRows,
  columnFinish,
  columnLaunch,
  type ColumnLowered,
  contractFlops,
  contractLaunch,
  type ContractLowered,
  type FixedLowered,
  lowTile,
  mapLaunch,
  rowTiles,
  wordsPerPart,
} from "../kernels/mod.ts";
import { viewOf } from "./alias.ts";
import { arenaNodes, lowerCollect, mayStayInParts, spareWords, wantedWhole } from "./arena.ts";
import { type Context, emitCall, inputOperand, type KernelCall, type Operand, type Value } from "./calls.ts";
import { addReduction, asStored, compute, newBuilder, push } from "./element_program.ts";
import { type Cluster, type Fused, isElementwise } from "./fuse.ts";

export interface LoweredGraph {
  readonly steps: readonly KernelCall[];
  readonly valueOf: (root: Tensor) => Value;
}

export interface LoweringOptions {
  /** The nodes that are stored in halves where they are stored. */
  readonly halves?: ReadonlySet<Tensor>;
  /** Words that one storage can have. */
  readonly most?: number;
  /** Contractions keep what f32 rounds off. */
  readonly compensated?: boolean;
}

export function lowerGraph(
  fused: Fused,
  outputs: readonly Tensor[],
  target: DeviceClass,
  { halves = new Set(), most = Infinity, compensated = false }: LoweringOptions = {},
): LoweredGraph {
  const arena = arenaNodes(fused);
  const values = new Map<Tensor, Value>();
  const partsOf: Context["partsOf"] = new Map();
  const valueOf = (root: Tensor): Value => {
    const known = values.get(root);
    if (known !== undefined) return known;
    const parts = partsOf.get(root)?.count ?? 1;
    const value = { words: vec4sOf(root.shape) * parts, tensor: root, half: halves.has(root) };
    values.set(root, value);
    return value;
  };
  const steps: KernelCall[] = [];
  const arenas = new Map<Tensor, Value>(), spare = spareWords(fused, arena, most);
  const places = { valueOf, partsOf, arena, arenas, spare, whole: wantedWhole(fused, arena, outputs) };
  const context: Context = { fused, target, ...places, halves, compensated, steps };
  for (const cluster of fused.clusters) {
    if (cluster.kind === "map") lowerMap(cluster, context);
    else if (cluster.kind === "column") lowerColumn(cluster, context);
    else if (cluster.kind === "contract") lowerContract(cluster, context);
    else if (cluster.kind === "fixed") lowerFixed(cluster, context);
    else lowerCollect(cluster, context);
  }
  return { steps, valueOf };
}

function lowerMap(cluster: Cluster, c: Context): void {
  const b = newBuilder(cluster, c, "i");
  const stores = [...cluster.stores].sort((x, y) => x.id - y.id).map((node) => ({
    node,
    step: compute(b, node),
  }));
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
  emitCall(c, cluster.core, launch, bound);
}

function lowerColumn(cluster: Cluster, c: Context): void {
  const first = cluster.lowered as ColumnLowered;
  const { outer, rows, last } = first;
  const b = newBuilder(cluster, c, "i");
  const stored = [...cluster.stores].sort((x, y) => x.id - y.id).map((node) => ({
    node,
    step: compute(b, node),
  }));
  const chunk = chunkRows(outer, rows, last, c.target), chunks = Math.ceil(rows / chunk);
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
  }, c.target);
  emitCall(c, cluster.core, launch, bound);
  sums.forEach(({ node, plan }, i) => finishReduction(c, node, plan, bound.get(`p${i}`)!, chunks, chunk));
}

function loweredColumn(node: Tensor, c: Context): ColumnLowered {
  return opRecord(node.op).lower!(node, c.target) as ColumnLowered;
}

function finishReduction(
  c: Context,
  node: Tensor,
  plan: ColumnLowered,
  partials: Operand,
  chunks: number,
  rows: number,
): void {
  const dispatch = plan.finish(chunks, rows);
  const bound = new Map<string, Operand>();
  for (const [name, source] of Object.entries(dispatch.bind)) {
    if ("input" in source) bound.set(name, inputOperand(c, node, source));
    else bound.set(name, "temp" in source ? partials : { value: c.valueOf(node), offset: 0 });
  }
  emitCall(c, node, dispatch.launch, bound);
}

function lowerContract(cluster: Cluster, c: Context): void {
  const plan = cluster.lowered as ContractLowered, { spec } = plan;
  const tile = c.compensated ? lowTile(spec, cluster.tile!) : cluster.tile!;
  const node = cluster.core;
  const wordsA = newBuilder(cluster, c, "A");
  const viewA = viewOf(node.inputs[plan.a]);
  let result = 0;
  if (isElementwise(viewA.root) && c.fused.clusterOf.get(viewA.root) === undefined) {
    result = compute(wordsA, viewA.root);
  } else {
    wordsA.operands.set("A", { value: c.valueOf(viewA.root), offset: viewA.offset });
    push(wordsA, { kind: "load", operand: "A", access: "full" });
  }
  const bound = new Map(wordsA.operands);
  const viewB = viewOf(node.inputs[plan.b]);
  bound.set("B", { value: c.valueOf(viewB.root), offset: viewB.offset });
  const b = newBuilder(cluster, c, "e");
  b.steps.push({ kind: "given", name: "acc" });
  b.stepOf.set(node, 0);
  const inParts = tile.splits > 1;
  const end = cluster.result !== node ? compute(b, cluster.result) : inParts ? 0 : asStored(b, node, 0);
  b.stepOf.set(cluster.result, end);
  const sums = cluster.reductions.map((sum) => ({
    node: sum,
    plan: loweredColumn(sum, c),
    steps: addReduction(b, sum, loweredColumn(sum, c)),
  }));
  for (const [name, operand] of b.operands) bound.set(name, operand);
  const tiles = rowTiles(spec, tile);
  const partials = sums.map(({ plan: column, steps }, i) => {
    const words = tiles * steps.length * wordsPerPart(column.reduction) * vec4sPerRow([spec.n]);
    bound.set(`p${i}`, { value: { words, tensor: null }, offset: 0 });
    return { operand: `p${i}`, reduction: column.reduction, steps };
  });
  const keepParts = inParts && mayStayInParts(node, tile.splits, c);
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
    compensated: c.compensated,
  }, c.target);
  emitCall(c, node, launch, bound, true, contractFlops(spec));
  if (inParts && !keepParts) {
    const join = columnFinish("sum", {
      outer: 1,
      chunks: tile.splits,
      parts: 1,
      perRow: vec4sOf(node.shape),
    }, c.target);
    emitCall(c, node, join, new Map<string, Operand>([["X", split], ["Y", whole]]));
  }
  sums.forEach(({ node: sum, plan: column }, i) =>
    finishReduction(c, sum, column, bound.get(`p${i}`)!, tiles, tile.rows)
  );
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
    emitCall(c, node, launch, bound);
  }
}
