// Arithmetic on tensors, element by element, with NumPy broadcasting. Each op is one vec4f expression on the device
// and one number formula in float64. Activations (relu, gelu, ...) stand in activation.ts.

import { broadcastShapes } from "../base/mod.ts";
import { constant, emit, type Tensor } from "../graph/mod.ts";
import { binaryCases, defineElementwise, unaryCases } from "./elementwise_op.ts";

const positive = { low: 0.3, high: 3 };
const notZero = { low: 0.4, high: 2.5 };
const largest = 3.4028234663852886e38;

defineElementwise({
  name: "neg",
  wgsl: ([a]) => `(-${a})`,
  value: (a) => -a,
  vjp: (_, dy) => [neg(dy)],
  keepsZero: true,
  cases: unaryCases(),
});

defineElementwise({
  name: "exp",
  wgsl: ([a]) => `exp4(${a})`,
  helpers: ["exp4"],
  value: (a) => Math.exp(a),
  vjp: (node, dy) => [mul(dy, node)],
  keepsZero: false,
  cost: 12,
  cases: unaryCases(),
});

defineElementwise({
  name: "log",
  wgsl: ([a]) => `log4(${a})`,
  helpers: ["log4"],
  value: (a) => Math.log(a),
  vjp: ({ inputs: [x] }, dy) => [div(dy, x)],
  keepsZero: false,
  cost: 15,
  cases: unaryCases(positive),
});

defineElementwise({
  name: "sqrt",
  wgsl: ([a]) => `sqrt(${a})`,
  value: (a) => Math.sqrt(a),
  vjp: (node, dy) => [div(mulScalar(dy, 0.5), node)],
  keepsZero: true,
  cases: unaryCases(positive),
});

defineElementwise({
  name: "rsqrt",
  wgsl: ([a]) => `inverseSqrt(${a})`,
  value: (a) => 1 / Math.sqrt(a),
  vjp: (node, dy) => [mul(mulScalar(dy, -0.5), mul(node, square(node)))],
  keepsZero: false,
  cost: 2,
  cases: unaryCases(positive),
});

defineElementwise({
  name: "reciprocal",
  wgsl: ([a]) => `(vec4f(1.0) / ${a})`,
  value: (a) => 1 / a,
  vjp: (node, dy) => [neg(mul(dy, square(node)))],
  keepsZero: false,
  cases: [...unaryCases(notZero), ...unaryCases({ low: -2.5, high: -0.4, label: "negative" }).slice(0, 1)],
});

defineElementwise({
  name: "square",
  wgsl: ([a]) => `(${a} * ${a})`,
  value: (a) => a * a,
  vjp: ({ inputs: [x] }, dy) => [mul(mulScalar(dy, 2), x)],
  keepsZero: true,
  cases: unaryCases(),
});

defineElementwise({
  name: "addScalar",
  wgsl: ([a], [value]) => `(${a} + vec4f(${value}))`,
  constants: ["value"],
  value: (a, _b, _c, k) => a + k.value,
  vjp: (_, dy) => [dy],
  keepsZero: false,
  cases: unaryCases({ attrs: { value: -1.25 } }),
});

defineElementwise({
  name: "mulScalar",
  wgsl: ([a], [value]) => `(${a} * vec4f(${value}))`,
  constants: ["value"],
  value: (a, _b, _c, k) => a * k.value,
  vjp: (node, dy) => [mulScalar(dy, node.attrs.value as number)],
  keepsZero: true,
  cases: unaryCases({ attrs: { value: -0.7 } }),
});

defineElementwise({
  name: "clamp",
  wgsl: ([a], [min, max]) => `clamp(${a}, vec4f(${min}), vec4f(${max}))`,
  constants: ["min", "max"],
  value: (a, _b, _c, k) => Math.min(Math.max(a, k.min), k.max),
  vjp: (node, dy) => [emit(node.graph, "clampGrad", [dy, node.inputs[0]], node.attrs)],
  keepsZero: false,
  cost: 2,
  cases: [
    ...unaryCases({ attrs: { min: -0.8, max: 1.1 } }),
    ...unaryCases({ attrs: { min: 0.5, max: largest }, label: "from below" }).slice(0, 2),
    ...unaryCases({ attrs: { min: -largest, max: 0 }, label: "from above" }).slice(0, 2),
  ],
});

defineElementwise({
  name: "clampGrad",
  wgsl: ([dy, x], [min, max]) =>
    `select(vec4f(0.0), ${dy}, (${x} >= vec4f(${min})) & (${x} <= vec4f(${max})))`,
  constants: ["min", "max"],
  value: (dy, x, _, k) => x >= k.min && x <= k.max ? dy : 0,
  keepsZero: true,
  cases: [{
    name: "both ends pass",
    inputs: [{ shape: [5] }, { shape: [5], values: [-2, -0.5, 0, 1.5, 3] }],
    attrs: { min: -0.5, max: 1.5 },
  }],
});

defineElementwise({
  name: "add",
  wgsl: ([a, b]) => `(${a} + ${b})`,
  value: (a, b) => a + b,
  vjp: (_, dy) => [dy, dy],
  keepsZero: true,
  cases: binaryCases(),
});

defineElementwise({
  name: "sub",
  wgsl: ([a, b]) => `(${a} - ${b})`,
  value: (a, b) => a - b,
  vjp: (_, dy) => [dy, neg(dy)],
  keepsZero: true,
  cases: binaryCases(),
});

defineElementwise({
  name: "mul",
  wgsl: ([a, b]) => `(${a} * ${b})`,
  value: (a, b) => a * b,
  vjp: ({ inputs: [a, b] }, dy) => [mul(dy, b), mul(dy, a)],
  keepsZero: true,
  cases: binaryCases(),
});

defineElementwise({
  name: "div",
  wgsl: ([a, b]) => `(${a} / ${b})`,
  value: (a, b) => a / b,
  vjp(node, dy) {
    const da = div(dy, node.inputs[1]);
    return [da, neg(mul(da, node))];
  },
  keepsZero: false,
  cases: [
    ...binaryCases({}, notZero),
    { name: "negative divisor", inputs: [{ shape: [3, 5] }, { shape: [5], low: -3, high: -0.5 }] },
  ],
});

defineElementwise({
  name: "affine",
  wgsl: ([x, scale, shift]) => `fma(${x}, ${scale}, ${shift})`,
  value: (x, scale, shift) => x * scale + shift,
  vjp: ({ inputs: [x, scale] }, dy) => [mul(dy, scale), mul(dy, x), dy],
  keepsZero: true,
  cost: 2,
  cases: [
    { name: "per channel", inputs: [{ shape: [2, 3, 3, 5] }, { shape: [5] }, { shape: [5] }] },
    { name: "same shape", inputs: [{ shape: [3, 4] }, { shape: [3, 4] }, { shape: [3, 4] }] },
    { name: "scalars", inputs: [{ shape: [2, 17] }, { shape: [] }, { shape: [] }] },
    { name: "mixed", inputs: [{ shape: [3, 1] }, { shape: [1, 4] }, { shape: [2, 1, 1] }] },
  ],
});

const comparison = {
  infer: (inputs: readonly Tensor[]) => ({
    shape: broadcastShapes(...inputs.map((t) => t.shape)),
    dtype: "f32" as const,
  }),
  vjp: () => [null, null],
};

defineElementwise({
  ...comparison,
  name: "greater",
  wgsl: ([a, b]) => `select(vec4f(0.0), vec4f(1.0), ${a} > ${b})`,
  value: (a, b) => a > b ? 1 : 0,
  keepsZero: true,
  cases: [
    ...binaryCases({ gradient: false }),
    {
      name: "ties",
      inputs: [{ shape: [3], values: [1, 2, 3], gradient: false }, {
        shape: [],
        values: [2],
        gradient: false,
      }],
    },
  ],
});

defineElementwise({
  ...comparison,
  name: "equal",
  wgsl: ([a, b]) => `select(vec4f(0.0), vec4f(1.0), ${a} == ${b})`,
  value: (a, b) => a === b ? 1 : 0,
  keepsZero: false,
  cases: [
    {
      name: "indices",
      inputs: [{ shape: [3, 7], dtype: "i32", low: 0, high: 3 }, {
        shape: [3, 7],
        dtype: "i32",
        low: 0,
        high: 3,
      }],
    },
    {
      name: "column",
      inputs: [{ shape: [4, 5], dtype: "i32", low: 0, high: 2 }, {
        shape: [4, 1],
        dtype: "i32",
        low: 0,
        high: 2,
      }],
    },
    {
      name: "row and scalar",
      inputs: [{ shape: [6], values: [0, 1, 2, 0.5, -1, 1], gradient: false }, {
        shape: [],
        values: [1],
        gradient: false,
      }],
    },
  ],
});

defineElementwise({
  name: "where",
  wgsl: ([mask, a, b]) => `select(${b}, ${a}, ${mask} > vec4f(0.0))`,
  value: (mask, a, b) => mask > 0 ? a : b,
  vjp({ graph, inputs: [mask] }, dy) {
    const zero = constant(graph, [0], []);
    return [null, where(mask, dy, zero), where(mask, zero, dy)];
  },
  keepsZero: true,
  cases: [
    {
      name: "same shape",
      inputs: [{ shape: [2, 3], values: [1, 0, 0, 1, 1, 0], gradient: false }, { shape: [2, 3] }, {
        shape: [2, 3],
      }],
    },
    {
      name: "mask per row, scalar otherwise",
      inputs: [{ shape: [3, 1], values: [0, 1, 0], gradient: false }, { shape: [3, 5] }, { shape: [] }],
    },
    {
      name: "row masks a matrix",
      inputs: [{ shape: [5], values: [1, 0, 1, 0, 1], gradient: false }, { shape: [] }, { shape: [2, 3, 5] }],
    },
  ],
});

defineElementwise({
  name: "nonFinite",
  wgsl: ([x]) =>
    `select(vec4f(0.0), vec4f(1.0), (bitcast<vec4u>(${x}) & vec4u(0x7f800000u)) == vec4u(0x7f800000u))`,
  value: (x) => Number.isFinite(x) ? 0 : 1,
  vjp: () => [null],
  keepsZero: true,
  cases: [
    { name: "finite", inputs: [{ shape: [3, 5], gradient: false }] },
    {
      name: "some not",
      inputs: [{ shape: [5], values: [0, NaN, -1, Infinity, -Infinity], gradient: false }],
    },
  ],
});

const unary = (op: string) => (t: Tensor): Tensor => emit(t.graph, op, [t]);
const binary = (op: string) => (a: Tensor, b: Tensor): Tensor => emit(a.graph, op, [a, b]);

/** -t; any shape. */
export const neg = unary("neg");
/** e^t; any shape. */
export const exp = unary("exp");
/** Natural logarithm; any shape, values above 0. */
export const log = unary("log");
/** Square root; any shape, values of 0 or more (its gradient is infinite at 0). */
export const sqrt = unary("sqrt");
/** 1 / sqrt(t); any shape, values above 0. */
export const rsqrt = unary("rsqrt");
/** 1 / t; any shape. */
export const reciprocal = unary("reciprocal");
/** t * t; any shape. */
export const square = unary("square");
/** 1 where t is NaN or infinite, else 0; any shape. Read from the bits, since WGSL may assume finite maths. */
export const nonFinite = unary("nonFinite");

/** a + b with NumPy broadcasting. Throws TypeError when the shapes do not broadcast. */
export const add = binary("add");
/** a - b with NumPy broadcasting. Throws TypeError when the shapes do not broadcast. */
export const sub = binary("sub");
/** a * b with NumPy broadcasting. Throws TypeError when the shapes do not broadcast. */
export const mul = binary("mul");
/** a / b with NumPy broadcasting. Throws TypeError when the shapes do not broadcast. */
export const div = binary("div");
/** 1 where a > b, else 0, with NumPy broadcasting, floats or indices; no gradient. */
export const greater = binary("greater");
/** 1 where a equals b, else 0, with NumPy broadcasting, floats or indices; no gradient. */
export const equal = binary("equal");

/** t + value; any shape. */
export function addScalar(t: Tensor, value: number): Tensor {
  return value === 0 ? t : emit(t.graph, "addScalar", [t], { value });
}

/** t * value; any shape. */
export function mulScalar(t: Tensor, value: number): Tensor {
  return value === 1 ? t : emit(t.graph, "mulScalar", [t], { value });
}

/**
 * t limited to [min, max], null = no limit on that side; any shape. The gradient passes inside and at both limits.
 * Throws RangeError when min is above max.
 */
export function clamp(t: Tensor, { min, max }: { min: number | null; max: number | null }): Tensor {
  const limits = { min: min ?? -largest, max: max ?? largest };
  if (!(limits.min <= limits.max)) throw new RangeError(`clamp to [${min}, ${max}] is empty`);
  return emit(t.graph, "clamp", [t], limits);
}

/** The larger of t and value; any shape. The gradient passes where t is at least value. */
export function maximumScalar(t: Tensor, value: number): Tensor {
  return clamp(t, { min: value, max: null });
}

/** x * scale + shift with broadcasting, in one step; scale and shift are often [C] or rows of statistics. */
export function affine(x: Tensor, scale: Tensor, shift: Tensor): Tensor {
  return emit(x.graph, "affine", [x, scale, shift]);
}

/** a where mask is above 0, else b, with broadcasting of all three; no gradient to the mask. */
export function where(mask: Tensor, a: Tensor, b: Tensor): Tensor {
  return emit(mask.graph, "where", [mask, a, b]);
}
