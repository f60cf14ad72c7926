// Optimisers on slabs, in the float64 interpreter, against the same rules written tensor by tensor.

import { assert, assertEquals, assertThrows } from "@std/assert";
import * as optim from "../../gpu/optim/mod.ts";
import { assertClose, drawn, layout, pack, run, shapes, type Tensors, unpack } from "./slab_tools.ts";

/** Steps an optimiser on slabs and by `rule` on each tensor; both see the same gradients and rates. */
function compareSteps(
  optimizer: optim.Optimizer,
  rule: (p: number[], g: number[], memory: number[][], name: string, step: number, lr: number) => void,
  { steps = 4, groups = optim.decayAll }: { steps?: number; groups?: optim.GroupRule } = {},
): void {
  const table = optim.blockTable(layout, groups);
  const wanted = Object.fromEntries(Object.entries(drawn(1)).map(([name, p]) => [name, [...p]]));
  const memories = Object.fromEntries(
    Object.keys(shapes).map((name) => [name, optimizer.slots.map(() => wanted[name].map(() => 0))]),
  );
  let state: Record<string, Tensors> = { p: drawn(1) };
  for (const slot of optimizer.slots) {
    state[slot] = Object.fromEntries(Object.entries(drawn(1)).map(([n, p]) => [n, p.map(() => 0)]));
  }
  for (let step = 0; step < steps; step++) {
    const lr = 0.1 / (step + 1), g = drawn(10 + step);
    const results = run(
      (leaf) => {
        const slots = Object.fromEntries(optimizer.slots.map((name) => [name, leaf(name)]));
        const after = optimizer.update(leaf("p").graph, { p: leaf("p"), g: leaf("g"), slots, table });
        return [after.p, ...optimizer.slots.map((name) => after.slots[name])];
      },
      { ...state, g },
      optimizer.scalars(step, { lr }),
    );
    for (const name in wanted) rule(wanted[name], [...g[name]], memories[name], name, step, lr);
    assertClose(
      unpack(results[0]),
      Object.fromEntries(Object.entries(wanted).map(([n, p]) => [n, Float64Array.from(p)])),
    );
    assertEquals(results[0], pack(unpack(results[0])).data, "padding stays zero");
    state = { p: unpack(results[0]) };
    optimizer.slots.forEach((slot, i) => state[slot] = unpack(results[i + 1]));
  }
}

Deno.test("SGD: momentum, dampening, Nesterov, decay, and a rule with its own learning rate", () => {
  const groups: optim.GroupRule = ({ name }) =>
    name === "table" ? { lr: 0.5, decay: 0 } : name.endsWith("bias") ? { decay: 0 } : {};
  for (
    const options of [
      {},
      { weightDecay: 0.1 },
      { momentum: 0.9 },
      { momentum: 0.9, dampening: 0.3, weightDecay: 0.1 },
      { momentum: 0.9, nesterov: true, weightDecay: 0.1 },
    ]
  ) {
    const { momentum = 0, dampening = 0, nesterov = false, weightDecay = 0 }: optim.SgdOptions = options;
    compareSteps(optim.sgd(options), (p, g, [buffer], name, step, lr) => {
      const { decay = 1, lr: scale = 1 } = groups({ name, shape: shapes[name] });
      p.forEach((value, i) => {
        const d = g[i] + weightDecay * decay * value;
        let move = d;
        if (momentum > 0) {
          buffer[i] = step === 0 ? d : momentum * buffer[i] + (1 - dampening) * d;
          move = nesterov ? d + momentum * buffer[i] : buffer[i];
        }
        p[i] = value - lr * scale * move;
      });
    }, { groups });
  }
  assertThrows(() => optim.sgd({ nesterov: true }), RangeError, "momentum above 0");
  assertThrows(() => optim.sgd({ nesterov: true, momentum: 0.9, dampening: 0.1 }), RangeError);
});

Deno.test("Adam and AdamW: bias corrections, decay in the gradient or in the weights", () => {
  for (const kind of ["adam", "adamw"] as const) {
    const options = { betas: [0.8, 0.95] as const, eps: 1e-3, weightDecay: 0.2 };
    compareSteps(optim[kind](options), (p, g, [m, v], name, step, lr) => {
      const decay = shapes[name].length < 2 ? 0 : 0.2, t = step + 1;
      p.forEach((value, i) => {
        const gradient = kind === "adam" ? g[i] + decay * value : g[i];
        m[i] = 0.8 * m[i] + 0.2 * gradient;
        v[i] = 0.95 * v[i] + 0.05 * gradient ** 2;
        const move = (m[i] / (1 - 0.8 ** t)) / (Math.sqrt(v[i] / (1 - 0.95 ** t)) + 1e-3);
        p[i] = (kind === "adam" ? value : value * (1 - lr * decay)) - lr * move;
      });
    }, { groups: optim.decayMatrices });
  }
  assertThrows(() => optim.adamw({ betas: [0.9, 1] }), RangeError, "outside [0, 1)");
});

Deno.test("LARS: adapts all but vectors, and leaves tensors of norm 0 alone", () => {
  compareSteps(optim.lars({ momentum: 0.9, weightDecay: 0.3, eta: 0.02 }), (p, g, [mu], name, _step, lr) => {
    const vector = shapes[name].length === 1, norm = (x: number[]) => Math.hypot(...x);
    let d = g;
    if (!vector) {
      d = g.map((value, i) => value + 0.3 * p[i]);
      const ratio = norm(p) > 0 && norm(d) > 0 ? 0.02 * norm(p) / norm(d) : 1;
      d = d.map((value) => value * ratio);
    }
    p.forEach((value, i) => {
      mu[i] = 0.9 * mu[i] + d[i];
      p[i] = value - lr * mu[i];
    });
  });
  const optimizer = optim.lars({ weightDecay: 0, eta: 0.5 }), table = optim.blockTable(layout);
  const zero = Object.fromEntries(Object.entries(drawn(1)).map(([name, p]) => [name, p.map(() => 0)]));
  const g = drawn(2);
  const [still] = run(
    (
      leaf,
    ) => [
      optimizer.update(leaf("p").graph, { p: leaf("p"), g: leaf("g"), slots: { mu: leaf("mu") }, table }).p,
    ],
    { p: zero, g, mu: zero },
    optimizer.scalars(0, { lr: 1 }),
  );
  assertClose(
    unpack(still),
    Object.fromEntries(Object.entries(g).map(([name, x]) => [name, x.map((v) => -v)])),
  );
});

Deno.test("every optimiser settles on the minimum of a quadratic", () => {
  const target = drawn(7), rates: Record<string, number> = { sgd: 0.2, adam: 0.1, adamw: 0.1, lars: 0.5 };
  for (
    const optimizer of [
      optim.sgd({ momentum: 0.5 }),
      optim.adam(),
      optim.adamw({ weightDecay: 0 }),
      optim.lars({ momentum: 0.5, eta: 0.5 }),
    ]
  ) {
    const table = optim.blockTable(layout);
    let state: Record<string, Tensors> = { p: drawn(1) };
    for (const slot of optimizer.slots) {
      state[slot] = Object.fromEntries(Object.entries(target).map(([n, p]) => [n, p.map(() => 0)]));
    }
    const gap = () =>
      Math.max(
        ...Object.keys(target).map((n) => Math.max(...state.p[n].map((v, i) => Math.abs(v - target[n][i])))),
      );
    const before = gap();
    for (let step = 0; step < 120; step++) {
      const g = Object.fromEntries(
        Object.entries(state.p).map(([n, p]) => [n, p.map((v, i) => v - target[n][i])]),
      );
      const results = run(
        (leaf) => {
          const slots = Object.fromEntries(optimizer.slots.map((name) => [name, leaf(name)]));
          const after = optimizer.update(leaf("p").graph, { p: leaf("p"), g: leaf("g"), slots, table });
          return [after.p, ...optimizer.slots.map((name) => after.slots[name])];
        },
        { ...state, g },
        optimizer.scalars(step, { lr: rates[optimizer.name] * (1 - step / 120) }),
      );
      state = { p: unpack(results[0]) };
      optimizer.slots.forEach((slot, i) => state[slot] = unpack(results[i + 1]));
    }
    assert(gap() < 0.05 * before, `${optimizer.name}: ${before} to ${gap()}`);
  }
});
