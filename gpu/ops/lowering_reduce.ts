// How sum and max run: over leading or middle dimensions as a column reduction, over the last one by rows. A reduction
// over several separate groups of dimensions is first split into one op per group.

import { type DeviceClass, lastOf, rowsOf, type Shape, sizeOf, vec4sPerRow } from "../base/mod.ts";
import { emit, type Tensor } from "../graph/mod.ts";
import { columnFinish, type Lowered, lowered } from "../kernels/mod.ts";
import { lowerLastAxis } from "./lowering_rows.ts";

/** Runs of neighbouring axes, the last dimension always on its own, dimensions of size one dropped. */
function groupsOf(axes: readonly number[], shape: Shape): number[][] {
  const groups: number[][] = [];
  let before = -2;
  for (const axis of axes) {
    if (shape[axis] === 1) continue;
    const joins = groups.length > 0 && axis !== shape.length - 1 && between(before, axis, shape);
    if (joins) groups[groups.length - 1].push(axis);
    else groups.push([axis]);
    before = axis;
  }
  return groups;
}

/** Only dimensions of size one lie between two axes. */
function between(a: number, b: number, shape: Shape): boolean {
  for (let d = a + 1; d < b; d++) if (shape[d] !== 1) return false;
  return a >= 0;
}

/** The same reduction as a chain of reductions over one group each; the node itself when it is one already. */
export function splitReduction(node: Tensor): Tensor {
  const [t] = node.inputs, axes = node.attrs.axes as number[];
  const groups = groupsOf(axes, t.shape);
  if (groups.length === 1) return node;
  let result = t;
  for (const group of groups) result = emit(t.graph, node.op, [result], { axes: group, keep: true });
  return emit(t.graph, "reshape", [result], { shape: [...node.shape] });
}

export function lowerReduction(kind: "sum" | "max", node: Tensor, target: DeviceClass): Lowered {
  const [t] = node.inputs;
  const [group] = groupsOf(node.attrs.axes as number[], t.shape);
  if (group[0] === t.shape.length - 1) return lowerLastAxis(kind, node, target);
  const outer = sizeOf(t.shape.slice(0, group[0]));
  const rows = sizeOf(group.map((axis) => t.shape[axis]));
  const below = t.shape.slice(group[group.length - 1] + 1);
  const inner = rowsOf(below), last = inner === 1 ? lastOf(t.shape) : inner * vec4sPerRow(below) * 4;
  return lowered({
    kind: "column",
    program: { steps: [{ kind: "load", operand: "X", access: "full" }] },
    results: [0],
    bind: { X: { input: 0 } },
    main: "X",
    reduction: kind,
    outer,
    rows,
    last,
    plain: inner !== 1,
    finish: (chunks) => ({
      launch: columnFinish(kind, { outer, chunks, parts: 1, perRow: Math.ceil(last / 4) }, target),
      bind: { X: { temp: 0 }, Y: { out: true } },
    }),
  });
}
