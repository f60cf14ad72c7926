// Activations and their gradients, as ops of their own where one expression is cheaper than a chain. The WGSL
// helpers (kernels/helpers.ts) stay accurate and finite for all arguments; the formulas here are their meaning.

import { emit, type Tensor } from "../graph/mod.ts";
import { defineElementwise, sameShapeCases, unaryCases } from "./elementwise_op.ts";
import { normalCdf, sigmoid as logistic } from "./special_functions.ts";

const cubic = 0.044715, root = Math.sqrt(2 / Math.PI);
const large = (operands: number) => ({
  name: "large arguments",
  inputs: Array.from({ length: operands }, () => ({
    shape: [8],
    values: [-100, -30, -9, -4, 4, 9, 30, 100],
    gradient: operands === 1,
  })),
});

defineElementwise({
  name: "relu",
  // Not max(x, 0), which a device may answer with 0 for NaN: a fault must come through to the loss.
  wgsl: ([x]) => `select(${x}, vec4f(0.0), ${x} < vec4f(0.0))`,
  value: (x) => Math.max(x, 0),
  vjp: (node, dy) => [emit(node.graph, "reluGrad", [dy, node])],
  keepsZero: true,
  cases: unaryCases(),
});

defineElementwise({
  name: "reluGrad",
  wgsl: ([dy, y]) => `select(vec4f(0.0), ${dy}, ${y} > vec4f(0.0))`,
  value: (dy, y) => y > 0 ? dy : 0,
  keepsZero: true,
  cases: [
    ...sameShapeCases(2),
    { name: "none at zero", inputs: [{ shape: [4] }, { shape: [4], values: [0, 1, 0, 2] }] },
  ],
});

defineElementwise({
  name: "sigmoid",
  wgsl: ([x]) => `sigmoid4(${x})`,
  helpers: ["exp4", "sigmoid4"],
  value: logistic,
  vjp: (node, dy) => [emit(node.graph, "sigmoidGrad", [dy, node])],
  keepsZero: false,
  cost: 16,
  cases: [...unaryCases(), large(1)],
});

defineElementwise({
  name: "sigmoidGrad",
  wgsl: ([dy, y]) => `(${dy} * ${y} * (vec4f(1.0) - ${y}))`,
  value: (dy, y) => dy * y * (1 - y),
  keepsZero: true,
  cost: 3,
  cases: sameShapeCases(2, { low: 0, high: 1 }),
});

defineElementwise({
  name: "tanh",
  wgsl: ([x]) => `tanh4(${x})`,
  helpers: ["exp4", "tanh4"],
  value: Math.tanh,
  vjp: (node, dy) => [emit(node.graph, "tanhGrad", [dy, node])],
  keepsZero: true,
  cost: 24,
  cases: [...unaryCases(), large(1)],
});

defineElementwise({
  name: "tanhGrad",
  wgsl: ([dy, y]) => `(${dy} * fma(-${y}, ${y}, vec4f(1.0)))`,
  value: (dy, y) => dy * (1 - y * y),
  keepsZero: true,
  cost: 3,
  cases: sameShapeCases(2, { low: -1, high: 1 }),
});

defineElementwise({
  name: "gelu",
  wgsl: ([x]) => `gelu4(${x})`,
  helpers: ["exp4", "normalTail4", "gelu4"],
  value: (x) => x * normalCdf(x),
  vjp: ({ graph, inputs: [x] }, dy) => [emit(graph, "geluGrad", [dy, x])],
  keepsZero: true,
  cost: 30,
  cases: [...unaryCases({ low: -4, high: 4 }), large(1)],
});

defineElementwise({
  name: "geluGrad",
  wgsl: ([dy, x]) => `(${dy} * geluSlope4(${x}))`,
  helpers: ["exp4", "normalTail4", "geluSlope4"],
  value: (dy, x) => dy * (normalCdf(x) + x * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI)),
  keepsZero: true,
  cost: 34,
  cases: [...sameShapeCases(2, { low: -4, high: 4 }), large(2)],
});

defineElementwise({
  name: "geluTanh",
  wgsl: ([x]) => `geluTanh4(${x})`,
  helpers: ["exp4", "sigmoid4", "geluTanh4"],
  value: (x) => x * logistic(2 * root * (x + cubic * x ** 3)),
  vjp: ({ graph, inputs: [x] }, dy) => [emit(graph, "geluTanhGrad", [dy, x])],
  keepsZero: true,
  cost: 22,
  cases: [...unaryCases({ low: -4, high: 4 }), large(1)],
});

defineElementwise({
  name: "geluTanhGrad",
  wgsl: ([dy, x]) => `(${dy} * geluTanhSlope4(${x}))`,
  helpers: ["exp4", "sigmoid4", "geluTanhSlope4"],
  value(dy, x) {
    const u = 2 * root * (x + cubic * x ** 3), s = logistic(u);
    return dy * (s + x * s * logistic(-u) * 2 * root * (1 + 3 * cubic * x * x));
  },
  keepsZero: true,
  cost: 30,
  cases: [...sameShapeCases(2, { low: -4, high: 4 }), large(2)],
});

defineElementwise({
  name: "quickGelu",
  wgsl: ([x]) => `(${x} * sigmoid4(1.702 * ${x}))`,
  helpers: ["exp4", "sigmoid4"],
  value: (x) => x * logistic(1.702 * x),
  vjp: ({ graph, inputs: [x] }, dy) => [emit(graph, "quickGeluGrad", [dy, x])],
  keepsZero: true,
  cost: 18,
  cases: [...unaryCases({ low: -4, high: 4 }), large(1)],
});

defineElementwise({
  name: "quickGeluGrad",
  wgsl: ([dy, x]) => `(${dy} * quickGeluSlope4(${x}))`,
  helpers: ["exp4", "sigmoid4", "quickGeluSlope4"],
  value(dy, x) {
    const s = logistic(1.702 * x);
    return dy * s * (1 + 1.702 * x * logistic(-1.702 * x));
  },
  keepsZero: true,
  cost: 24,
  cases: [...sameShapeCases(2, { low: -4, high: 4 }), large(2)],
});

const unary = (op: string) => (t: Tensor): Tensor => emit(t.graph, op, [t]);

/** max(t, 0); any shape. The gradient at 0 is 0. */
export const relu = unary("relu");
/** 1 / (1 + e^-t); any shape. */
export const sigmoid = unary("sigmoid");
/** Hyperbolic tangent; any shape. */
export const tanh = unary("tanh");
/** t * Phi(t) with the normal distribution function Phi (Hendrycks and Gimpel, 2016); any shape. */
export const gelu = unary("gelu");
/** GELU with tanh in place of erf (same paper, section 2); any shape. */
export const geluTanh = unary("geluTanh");
/** t * sigmoid(1.702 t), the GELU of the published CLIP weights; any shape. */
export const quickGelu = unary("quickGelu");

/** dy where y is above 0, else 0: the gradient of y = relu(x), same shapes. */
export function reluGrad(dy: Tensor, y: Tensor): Tensor {
  return emit(dy.graph, "reluGrad", [dy, y]);
}

/** The gradient of gelu(x) for the gradient dy of its result, same shapes. */
export function geluGrad(dy: Tensor, x: Tensor): Tensor {
  return emit(dy.graph, "geluGrad", [dy, x]);
}
