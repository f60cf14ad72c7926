// Philox-4x32-10 and Box-Muller in WGSL, the device's side of base/philox.ts: the same words to the bit, hence the same
// uniform numbers; normal numbers to float32's rounding, with sine and cosine of their own since WGSL promises little
// of its built-ins.

export const PHILOX = `fn mul_high(a: u32, b: u32) -> u32 {
  let al = a & 0xffffu; let ah = a >> 16u; let bl = b & 0xffffu; let bh = b >> 16u;
  let mid1 = ah * bl + ((al * bl) >> 16u);
  let mid2 = al * bh + (mid1 & 0xffffu);
  return ah * bh + (mid1 >> 16u) + (mid2 >> 16u);
}
fn philox(counter: vec4u, first_key: vec2u) -> vec4u {
  var c = counter;
  var key = first_key;
  for (var i = 0u; i < 10u; i++) {
    c = vec4u(mul_high(0xcd9e8d57u, c.z) ^ c.y ^ key.x, 0xcd9e8d57u * c.z, mul_high(0xd2511f53u, c.x) ^ c.w ^ key.y, 0xd2511f53u * c.x);
    key += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}
fn uniform4(block: u32, step: u32, key: vec2u) -> vec4f {
  return vec4f(philox(vec4u(block, step, 0u, 0u), key) >> vec4u(8u)) * 5.9604644775390625e-8;
}`;

/** Pairs of uniform numbers to pairs of normal ones; calls log4 of the helpers. */
export const NORMALS = `fn normal4(u: vec4f) -> vec4f {
  let radius = sqrt(-2.0 * log4(1.0 - u.xxzz));
  let quarter = round(4.0 * u.yyww);
  let x = (4.0 * u.yyww - quarter) * 1.57079632679;
  let z = x * x;
  let sine = fma(x * z, fma(z, fma(z, fma(z, vec4f(2.7557319e-6), vec4f(-1.984127e-4)), vec4f(8.3333333e-3)), vec4f(-0.16666667)), x);
  let cosine = fma(z, fma(z, fma(z, fma(z, vec4f(2.4801587e-5), vec4f(-1.3888889e-3)), vec4f(4.1666667e-2)), vec4f(-0.5)), vec4f(1.0));
  let turn = (vec4u(quarter) + vec4u(0u, 3u, 0u, 3u)) & vec4u(3u);
  let value = select(cosine, sine, (turn & vec4u(1u)) == vec4u(1u));
  return radius * select(value, -value, turn == vec4u(1u) | turn == vec4u(2u));
}`;
