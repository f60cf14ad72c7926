// Where a model's layers keep their parameters. A scope is a place in the PyTorch state dict ("visual.layer1.0"); a
// layer asks it for weights by their last name. The scope also gathers what a training step changes beside the
// weights (running statistics) and knows whether batch statistics or running ones are in use.

import type { Shape } from "../base/mod.ts";
import {
  type Graph,
  type Init,
  parameter,
  type ParamSpec,
  type StateUpdates,
  stateUpdates,
  type Tensor,
  withScope,
} from "../graph/mod.ts";

export interface ScopeOptions {
  /** Batch statistics and their updates (default), or running statistics. */
  readonly train?: boolean;
  /** Which parameters are trained, by full name; default all. Buffers never are. */
  readonly trainable?: (name: string) => boolean;
  /** Shared list of state updates, where several scopes make one step. */
  readonly updates?: StateUpdates;
}

export interface ParamScope {
  readonly graph: Graph;
  /** Full name, "" at the root. */
  readonly name: string;
  readonly train: boolean;
  readonly updates: StateUpdates;
  at(child: string | number): ParamScope;
  /** The full state-dict name of something in this scope. */
  path(name: string): string;
  /** A weight. `oihw` marks a convolution: HWIO here, OIHW on disk. */
  param(
    name: string,
    shape: Shape,
    init: Init,
    options?: Partial<Pick<ParamSpec, "layout" | "trainable">>,
  ): Tensor;
  /** A value that is saved with the weights and not trained. */
  buffer(name: string, shape: Shape, init: Init): Tensor;
}

/** A parameter scope of the graph, at `prefix` in the state dict. */
export function scope(graph: Graph, prefix = "", options: ScopeOptions = {}): ParamScope {
  const { train = true, trainable = () => true, updates = stateUpdates() } = options;
  const place = (name: string): ParamScope => {
    const path = (child: string | number) => name === "" ? `${child}` : `${name}.${child}`;
    return {
      graph,
      name,
      train,
      updates,
      path,
      at: (child) => place(path(child)),
      param: (child, shape, init, own = {}) => {
        const full = path(child);
        const trained = (own.trainable ?? true) && trainable(full);
        return parameter(graph, {
          name: full,
          shape,
          init,
          layout: own.layout ?? "plain",
          trainable: trained,
        });
      },
      buffer: (child, shape, init) =>
        parameter(graph, { name: path(child), shape, init, layout: "plain", trainable: false }),
    };
  };
  return place(prefix);
}

/** Builds a part of the model in a child scope; its nodes carry the child's name in error messages. */
export function within<T>(parent: ParamScope, child: string | number, build: (s: ParamScope) => T): T {
  return withScope(parent.graph, `${child}`, () => build(parent.at(child)));
}
