// Two forms that the lowerings of ops with kernels of their own share.

import { lastOf, rowsOf } from "../base/mod.ts";
import type { Tensor } from "../graph/mod.ts";
import { type Bound, type Launch, type Lowered, lowered, packRows } from "../kernels/mod.ts";

/** One kernel; its operands are the op's inputs in order, its result is Y. */
export function single(launch: Launch): Lowered {
  return lowered({ kind: "fixed", dispatches: [{ launch, bind: bindInputs(launch, { out: true }) }] });
}

/** A kernel that leaves one number a word, `rows` of them, then the packing into the result's rows. */
export function packed(launch: Launch, node: Tensor, rows: number): Lowered {
  if (lastOf(node.shape) === 1) return single(launch);
  const pack = packRows(rowsOf(node.shape), lastOf(node.shape));
  return lowered({
    kind: "fixed",
    temps: [rows],
    dispatches: [
      { launch, bind: bindInputs(launch, { temp: 0 }) },
      { launch: pack, bind: { X: { temp: 0 }, Y: { out: true } } },
    ],
  });
}

function bindInputs(launch: Launch, result: Bound): Record<string, Bound> {
  const reads = launch.kernel.reads.map((name, input): [string, Bound] => [name, { input }]);
  return Object.fromEntries([...reads, ["Y", result]]);
}
