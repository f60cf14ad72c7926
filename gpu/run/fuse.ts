// Decides which nodes share a kernel. Three moves, each only when no cycle arises:
//   inline   a cheap elementwise node is recomputed where it is read and never stored;
//   absorb   elementwise followers and column sums of a contraction run on its finished words;
//   host     a stored elementwise node is computed by the map or column kernel that reads it first.
// What is left over becomes a kernel of its own.

import { type DeviceClass, lastOf, rowsOf, sizeOf, vec4sOf } from "../base/mod.ts";
import { opRecord, reachable, type Tensor } from "../graph/mod.ts";
import type { ColumnLowered, ContractLowered, Lowered, Tile } from "../kernels/mod.ts";
import { isLeaf } from "./expand.ts";
import { isView, viewOf } from "./alias.ts";
import { chooseTile } from "./tiles.ts";

export interface Cluster {
  readonly kind: "contract" | "column" | "fixed" | "collect" | "map";
  /** The node the kernel is named after. */
  readonly core: Tensor;
  readonly lowered: Lowered | null;
  readonly tile: Tile | null;
  /** contract: the node whose value the epilogue ends with. */
  result: Tensor;
  readonly members: Set<Tensor>;
  /** Elementwise nodes stored by this kernel. */
  readonly stores: Set<Tensor>;
  /** Column reductions carried by this kernel. */
  readonly reductions: Tensor[];
}

export interface Fused {
  readonly clusters: readonly Cluster[];
  readonly clusterOf: ReadonlyMap<Tensor, Cluster>;
  /** Stored nodes and leaves that a cluster's kernel reads. */
  readonly inputsOf: (cluster: Cluster) => Tensor[];
}

interface Use {
  readonly by: Tensor;
  readonly operand: number;
  readonly via: Tensor;
}

export function sameGeometry(a: Tensor, b: Tensor): boolean {
  return rowsOf(a.shape) === rowsOf(b.shape) && lastOf(a.shape) === lastOf(b.shape);
}

export function isElementwise(node: Tensor): boolean {
  return !isLeaf(node) && opRecord(node.op).elementwise !== undefined;
}

/**
 * On llvmpipe small tensors stay apart: compiling a kernel takes a quarter of a second, which a dispatch saved on them
 * would never pay for, and kernels of one op are shared. Matrix products and plain sums stay bare up to a larger
 * size: of all kernels they are the dearest to compile and, bare, the most alike.
 */
function isSmall(node: Tensor, { target }: State): boolean {
  if (target === "gpu") return false;
  const limit = node.op === "matmul" || node.op === "sum" ? 32768 : 8192;
  const sized = node.op === "sum" || node.op.startsWith("bn") ? node.inputs[0] : node;
  return vec4sOf(sized.shape) < limit;
}

export function fuse(outputs: readonly Tensor[], target: DeviceClass): Fused {
  const nodes = reachable(outputs).filter((node) => !isLeaf(node) && !isView(node));
  const kept = new Set(outputs.map((t) => viewOf(t).root));
  const uses = usesOf(nodes);
  const lowered = new Map<Tensor, Lowered>();
  for (const node of nodes) {
    if (!isElementwise(node)) lowered.set(node, lower(node, target));
  }
  const inlined = new Set<Tensor>();
  const clusterOf = new Map<Tensor, Cluster>();
  for (const node of nodes) {
    const plan = lowered.get(node);
    if (plan === undefined) continue;
    const tile = plan.kind === "contract" ? chooseTile(plan.spec, target) : null;
    clusterOf.set(node, newCluster(plan.kind, node, plan, tile));
  }
  const graph: State = { target, uses, kept, lowered, inlined, clusterOf };
  for (const node of nodes) if (clusterOf.get(node)?.kind === "contract") absorbFollowers(node, graph);
  for (const node of nodes) {
    if (isElementwise(node) && !clusterOf.has(node) && mayInline(node, graph)) inlined.add(node);
  }
  for (const node of nodes) {
    if (isElementwise(node) && !clusterOf.has(node) && !inlined.has(node)) {
      clusterOf.set(node, newCluster("map", node, null, null));
      clusterOf.get(node)!.stores.add(node);
    }
  }
  for (const node of nodes) {
    if (clusterOf.get(node)?.kind === "contract") absorbReductions(clusterOf.get(node)!, graph);
  }
  for (const node of [...nodes].reverse()) {
    if (clusterOf.get(node)?.kind === "map" && clusterOf.get(node)!.core === node) host(node, graph);
  }
  const clusters = inOrder(new Set(clusterOf.values()), graph);
  return { clusters, clusterOf, inputsOf: (cluster) => inputsOf(cluster, graph) };
}

interface State {
  readonly target: DeviceClass;
  readonly uses: Map<Tensor, Use[]>;
  readonly kept: Set<Tensor>;
  readonly lowered: Map<Tensor, Lowered>;
  readonly inlined: Set<Tensor>;
  readonly clusterOf: Map<Tensor, Cluster>;
}

function lower(node: Tensor, target: DeviceClass): Lowered {
  const record = opRecord(node.op);
  if (record.lower === undefined) throw new TypeError(`[${node.op} @ ${node.scope}] The op has no kernel`);
  return record.lower(node, target) as Lowered;
}

function newCluster(kind: Cluster["kind"], core: Tensor, plan: Lowered | null, tile: Tile | null): Cluster {
  const reductions = kind === "column" ? [core] : [];
  return {
    kind,
    core,
    lowered: plan,
    tile,
    result: core,
    members: new Set([core]),
    stores: new Set(),
    reductions,
  };
}

function usesOf(nodes: readonly Tensor[]): Map<Tensor, Use[]> {
  const uses = new Map<Tensor, Use[]>();
  for (const by of nodes) {
    by.inputs.forEach((via, operand) => {
      const { root } = viewOf(via);
      if (!uses.has(root)) uses.set(root, []);
      uses.get(root)!.push({ by, operand, via });
    });
  }
  return uses;
}

/** The value arrives whole and in place: a consumer may compute it on the way in. */
function inPlace(use: Use, node: Tensor): boolean {
  return viewOf(use.via).offset === 0 && sameGeometry(use.via, node) &&
    sizeOf(use.via.shape) === sizeOf(node.shape);
}

function absorbFollowers(core: Tensor, state: State): void {
  const cluster = state.clusterOf.get(core)!;
  if ((cluster.tile?.splits ?? 1) > 1 || isSmall(core, state)) return;
  for (;;) {
    const current = cluster.result;
    const uses = state.uses.get(current) ?? [];
    const next = uses[0]?.by;
    if (state.kept.has(current) || next === undefined || uses.some((use) => use.by !== next)) return;
    if (!isElementwise(next) || !uses.every((use) => inPlace(use, current) && sameGeometry(use.via, next))) {
      return;
    }
    if (state.clusterOf.has(next)) return;
    if (dependsOn(next.inputs.filter((t) => viewOf(t).root !== current), cluster, state)) return;
    cluster.members.add(next);
    cluster.result = next;
    state.clusterOf.set(next, cluster);
  }
}

/** Words read in place and arithmetic when the node is recomputed at each use. */
function weight(node: Tensor, state: State): { loads: number; flops: number } {
  let loads = 0, flops = (opRecord(node.op).flops?.(node) ?? 0) / Math.max(1, sizeOf(node.shape));
  for (const source of node.inputs) {
    const { root } = viewOf(source);
    if (root.op === "scalar" || !sameGeometry(source, node)) continue;
    if (state.inlined.has(root)) {
      const inner = weight(root, state);
      loads += inner.loads;
      flops += inner.flops;
    } else loads++;
  }
  return { loads, flops };
}

function mayInline(node: Tensor, state: State): boolean {
  const uses = state.uses.get(node) ?? [];
  if (state.kept.has(node) || uses.length === 0 || isSmall(node, state)) return false;
  const { loads, flops } = weight(node, state);
  const cheap = loads <= 1 && flops <= 4;
  const users = new Set(uses.map((use) => use.by));
  if (users.size > 1 && !cheap) return false;
  return uses.every((use) => inPlace(use, node) && accepts(use, state, cheap));
}

function accepts(use: Use, state: State, cheap: boolean): boolean {
  if (isElementwise(use.by)) return sameGeometry(use.via, use.by);
  const plan = state.lowered.get(use.by)!;
  if (plan.kind === "contract") return cheap && use.operand === plan.a && plan.spec.oneHot === undefined;
  if (plan.kind === "column") {
    return fullOperands(plan).has(use.operand) && !isSmall(use.by, state);
  }
  return false;
}

/** Inputs that a column reduction reads word by word in place. */
function fullOperands(plan: ColumnLowered): Set<number> {
  if (plan.plain) return new Set();
  const found = new Set<number>();
  for (const step of plan.program.steps) {
    if (step.kind === "load" && step.access === "full") found.add(plan.bind[step.operand].input);
  }
  return found;
}

function absorbReductions(cluster: Cluster, state: State): void {
  const { spec } = cluster.lowered as ContractLowered;
  if (spec.batch[0] * spec.batch[1] > 1 || cluster.tile!.splits > 1 || spec.window?.kind === "convW") return;
  for (const use of state.uses.get(cluster.result) ?? []) {
    const plan = state.lowered.get(use.by);
    if (plan?.kind !== "column" || state.clusterOf.get(use.by)!.core !== use.by) continue;
    if (plan.bind[plan.main].input !== use.operand || !inPlace(use, cluster.result)) continue;
    if (plan.plain || plan.outer !== 1 || plan.rows !== spec.m || plan.last !== spec.n) continue;
    const even = spec.m % cluster.tile!.rows === 0 || cluster.tile!.own !== undefined;
    if (plan.reduction === "moments" && !even) continue;
    if (plan.reduction === "max") continue;
    if (plan.reduction === "sum" && isSmall(cluster.core, state)) continue;
    if (cluster.reductions.includes(use.by)) continue;
    if (dependsOn(use.by.inputs.filter((t) => viewOf(t).root !== cluster.result), cluster, state)) continue;
    cluster.reductions.push(use.by);
    cluster.members.add(use.by);
    state.clusterOf.set(use.by, cluster);
  }
}

/** Moves a stored elementwise node into the kernel of its first reader, and further column sums of it along. */
function host(node: Tensor, state: State): void {
  if (isSmall(node, state)) return;
  const own = state.clusterOf.get(node)!;
  const uses = (state.uses.get(node) ?? []).filter((use) => inPlace(use, node));
  for (const use of uses.sort((a, b) => a.by.id - b.by.id)) {
    const cluster = homeOf(use.by, state);
    if (cluster === null || cluster === own || !(cluster.kind === "map" || cluster.kind === "column")) {
      continue;
    }
    if (!readsInPlace(use, state)) continue;
    const others = inputsOf(cluster, state).filter((t) => t !== node);
    if (dependsOn(others, own, state)) continue;
    for (const member of own.members) {
      cluster.members.add(member);
      state.clusterOf.set(member, cluster);
    }
    for (const stored of own.stores) cluster.stores.add(stored);
    if (cluster.kind === "column") joinColumns(node, cluster, state);
    return;
  }
}

/** The user reads the value at its own word, so the value can be computed there. */
function readsInPlace(use: Use, state: State): boolean {
  if (isElementwise(use.by)) return sameGeometry(use.via, use.by);
  const plan = state.lowered.get(use.by);
  return plan?.kind === "column" && fullOperands(plan).has(use.operand) && !isSmall(use.by, state);
}

/** The cluster in which a node is computed; for an inlined node with one user, its user's. */
function homeOf(node: Tensor, state: State): Cluster | null {
  if (!state.inlined.has(node)) return state.clusterOf.get(node) ?? null;
  const users = new Set((state.uses.get(node) ?? []).map((use) => use.by));
  return users.size === 1 ? homeOf([...users][0], state) : null;
}

function joinColumns(node: Tensor, cluster: Cluster, state: State): void {
  const first = cluster.lowered as ColumnLowered;
  for (const use of state.uses.get(node) ?? []) {
    const other = state.clusterOf.get(use.by);
    if (other === undefined || other === cluster || other.kind !== "column" || other.core !== use.by) {
      continue;
    }
    const plan = other.lowered as ColumnLowered;
    if (plan.outer !== first.outer || plan.rows !== first.rows || plan.last !== first.last) continue;
    if (other.stores.size > 0 || !inPlace(use, node)) continue;
    if (dependsOn(inputsOf(other, state).filter((t) => t !== node), cluster, state)) continue;
    for (const member of other.members) {
      cluster.members.add(member);
      state.clusterOf.set(member, cluster);
    }
    cluster.reductions.push(...other.reductions);
  }
}

/** Stored nodes and leaves that a cluster reads, seen through inlined nodes. */
function inputsOf(cluster: Cluster, state: State): Tensor[] {
  const found = new Set<Tensor>();
  const visit = (tensor: Tensor) => {
    const { root } = viewOf(tensor);
    if (cluster.members.has(root)) return;
    if (state.inlined.has(root)) root.inputs.forEach(visit);
    else found.add(root);
  };
  for (const member of cluster.members) member.inputs.forEach(visit);
  return [...found];
}

/** Whether any of the tensors is computed from something in the cluster. */
function dependsOn(tensors: readonly Tensor[], target: Cluster, state: State): boolean {
  const seen = new Set<Tensor | Cluster>();
  const stack = tensors.map((t) => viewOf(t).root);
  while (stack.length > 0) {
    const root = stack.pop()!;
    if (seen.has(root) || isLeaf(root)) continue;
    seen.add(root);
    const cluster = state.clusterOf.get(root);
    if (cluster === target) return true;
    if (cluster === undefined) stack.push(...root.inputs.map((t) => viewOf(t).root));
    else if (!seen.has(cluster)) {
      seen.add(cluster);
      stack.push(...inputsOf(cluster, state));
    }
  }
  return false;
}

/** Topological order of the clusters, oldest first. */
function inOrder(clusters: Set<Cluster>, state: State): Cluster[] {
  const age = (cluster: Cluster) => Math.max(...[...cluster.members].map((t) => t.id));
  const order: Cluster[] = [];
  const mark = new Map<Cluster, "open" | "done">();
  const visit = (cluster: Cluster) => {
    if (mark.get(cluster) === "done") return;
    if (mark.get(cluster) === "open") throw new Error(`Fusion made a cycle at ${cluster.core.op}`);
    mark.set(cluster, "open");
    for (const input of inputsOf(cluster, state)) {
      if (isLeaf(input)) continue;
      const source = state.clusterOf.get(input);
      if (source !== undefined && source !== cluster) visit(source);
    }
    mark.set(cluster, "done");
    order.push(cluster);
  };
  for (const cluster of [...clusters].sort((a, b) => age(a) - age(b))) visit(cluster);
  return order;
}
