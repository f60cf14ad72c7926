// Sums as text, with what each addition rounds off carried along (Kahan 1965), and products in full (Dekker 1971): the
// error no longer grows with the number of terms. Compilers take (a + b) - a for b, so a sum goes through `kept`, a bit
// operation with a number that only the uniform block knows to be zero: kernels that use this need the size `zero`.

/** Name and value of the size that `kept` reads. */
export const ZERO: readonly [string, number] = ["zero", 0];

/** Module-scope declaration for kernels with compensated sums. */
export const KEPT =
  `fn kept(v: vec4f) -> vec4f { return bitcast<vec4f>(bitcast<vec4u>(v) ^ vec4u(P.zero)); }`;

/** Declares the variables of a sum: `${sum}_rest` is what `sum` lacks. */
export function newSum(sum: string): string {
  return `var ${sum} = vec4f(0.0); var ${sum}_rest = vec4f(0.0);`;
}

/** Adds a vec4f value to the variable `sum`. */
export function addTo(sum: string, value: string): string {
  return `{ let term = ${value} + ${sum}_rest; let next = kept(${sum} + term);
${sum}_rest = term - (next - ${sum}); ${sum} = next; }`;
}

/**
 * For compensated products: `add_product(&sum, &rest, x, w)`; the sum is sum + rest. The product of the leading 12 bits of x and w is exact, and
 * so is what adding it rounds off (Knuth's two-sum); the rest is small enough for plain sums.
 */
export const COMPENSATED = `${KEPT}
fn leading(v: vec4f) -> vec4f {
return bitcast<vec4f>(bitcast<vec4u>(v) & vec4u(0xfffff000u));
}
fn add_product(sum: ptr<function, vec4f>, rest: ptr<function, vec4f>, x: vec4f, w: vec4f) {
let a = leading(x); let b = leading(w);
let product = a * b;
let before = *sum;
let next = kept(before + product);
let added = next - before;
let lost = (before - (next - added)) + (product - added);
*rest += lost + fma(a, w - b, (x - a) * w);
*sum = next;
}`;
