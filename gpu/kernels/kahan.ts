// Long sums as text, with what each addition rounds off carried along (Kahan 1965): the error no longer grows with the
// number of terms. Compilers take (a + b) - a for b, so the sum goes through `kept`, a bit operation with a number that
// only the uniform block knows to be zero: kernels that use this need the size `zero`.

/** Name and value of the size that `kept` reads. */
export const ZERO: readonly [string, number] = ["zero", 0];

/** Module-scope declaration for kernels with compensated sums. */
export const KEPT =
  `fn kept(v: vec4f) -> vec4f { return bitcast<vec4f>(bitcast<vec4u>(v) ^ vec4u(P.zero)); }`;

/** Adds a vec4f value to the variable `sum`; `${sum}_off`, zero at first, holds what `sum` has too much. */
export function addTo(sum: string, value: string): string {
  return `{ let term = ${value} - ${sum}_off; let next = kept(${sum} + term);
${sum}_off = (next - ${sum}) - term; ${sum} = next; }`;
}

/** Declares the variables of a sum. */
export function newSum(sum: string): string {
  return `var ${sum} = vec4f(0.0); var ${sum}_off = vec4f(0.0);`;
}
