// Views: nodes that are the same bytes as another node. Everything after expansion sees through them.

import { vec4sPerRow } from "../base/mod.ts";
import { opRecord, type Tensor } from "../graph/mod.ts";
import { isLeaf } from "./expand.ts";

/** A node that holds bytes, and where in them a view begins, in words. */
export interface View {
  readonly root: Tensor;
  readonly offset: number;
}

export function viewOf(tensor: Tensor): View {
  let root = tensor, offset = 0;
  while (!isLeaf(root)) {
    const alias = opRecord(root.op).alias?.(root) ?? null;
    if (alias === null) break;
    offset += alias.rowOffset * vec4sPerRow(root.inputs[0].shape);
    root = root.inputs[0];
  }
  return { root, offset };
}

export function isView(node: Tensor): boolean {
  return !isLeaf(node) && (opRecord(node.op).alias?.(node) ?? null) !== null;
}
