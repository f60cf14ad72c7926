// WGSL functions that elementwise expressions call, vec4f to vec4f, accurate to a few units in the last place for all
// arguments. WGSL lets exp, log and tanh lose digits or overflow, and drivers do (llvmpipe's exp loses 2|x| units); these
// are made of fma, division and bit shifts only. Polynomials are minimax fits (Remez) rounded to float32. No helper
// tells NaN or infinity apart, but limits are drawn by `select`, which passes NaN on where min and max may drop it.

/** Source by function name. A helper that calls others needs these named beside it. */
export const helpers: Readonly<Record<string, string>> = {
  // e^x = 2^n e^r with |r| <= ln 2 / 2; 2^n in two factors, so that it may over- and underflow as it should. ln 2 is
  // 355/512 less a rest, and the large part goes by integers: compilers merge two float products by n into one.
  exp4: `fn exp4(x: vec4f) -> vec4f {
  let low = select(x, vec4f(-110.0), x < vec4f(-110.0));
  let a = select(low, vec4f(90.0), low > vec4f(90.0));
  let n = round(a * 1.44269504);
  let k = vec4i(n);
  let r = fma(n, vec4f(2.12194440e-4), a - vec4f(k * 355) * 0.001953125);
  var p = fma(r, vec4f(0.00138146104), vec4f(0.00836871099));
  p = fma(r, p, vec4f(0.0416683890));
  p = fma(r, p, vec4f(0.166665211));
  p = fma(r, p, vec4f(0.49999994));
  p = fma(r * r, p, r) + vec4f(1.0);
  let half = k >> vec4u(1u);
  return p * bitcast<vec4f>((half + 127) << vec4u(23u)) * bitcast<vec4f>((k - half + 127) << vec4u(23u));
}`,

  // ln(2^k m) = k ln 2 + 2 atanh((m - 1) / (m + 1)) with m in [1/sqrt 2, sqrt 2); the built-in where x is not normal.
  log4: `fn log4(x: vec4f) -> vec4f {
  let bits = bitcast<vec4i>(x) - 0x3f3504f3;
  let k = vec4f(bits >> vec4u(23u));
  let m = bitcast<vec4f>((bits & vec4i(0x007fffff)) + 0x3f3504f3);
  let f = m - 1.0;
  let s = f / (m + 1.0);
  let z = s * s;
  let p = fma(z, fma(z, vec4f(0.298718542), vec4f(0.399775386)), vec4f(0.666667759));
  let square = 0.5 * f * f;
  let part = fma(k, vec4f(-2.12194440e-4), s * fma(z, p, square));
  let result = fma(k, vec4f(0.693359375), f - (square - part));
  return select(log(x), result, (x >= vec4f(1.17549435e-38)) & (x <= vec4f(3.40282347e38)));
}`,

  sigmoid4: `fn sigmoid4(x: vec4f) -> vec4f {
  let e = exp4(-abs(x));
  return select(vec4f(1.0), e, x < vec4f(0.0)) / (1.0 + e);
}`,

  tanh4: `fn tanh4(x: vec4f) -> vec4f {
  let a = select(abs(x), vec4f(15.0), abs(x) > vec4f(15.0));
  let z = a * a;
  var p = fma(z, vec4f(-0.00570498733), vec4f(0.0206390880));
  p = fma(z, p, vec4f(-0.0537397154));
  p = fma(z, p, vec4f(0.133314416));
  p = fma(z, p, vec4f(-0.333332807));
  let near = fma(a * z, p, a);
  let far = 1.0 - 2.0 / (exp4(2.0 * a) + 1.0);
  let y = select(far, near, a < vec4f(0.625));
  return select(y, -y, x < vec4f(0.0));
}`,

  // (density, tail): e^(-x^2/2), and the upper tail 1 - Phi(|x|) of the normal distribution as the density times a
  // polynomial in 1 / (1 + |x|/4). The rounding of x^2 is made good, else the tail would lose digits.
  normalTail4: `struct NormalTail { density: vec4f, tail: vec4f }
fn normalTail4(x: vec4f) -> NormalTail {
  let a = select(abs(x), vec4f(16.0), abs(x) > vec4f(16.0));
  let square = a * a;
  var density = exp4(-0.5 * square);
  let high = bitcast<vec4f>(bitcast<vec4u>(a) & vec4u(0xfffff000u));
  let rest = fma(a - high, a + high, high * high - square);
  density = fma(density, -0.5 * rest, density);
  let t = 1.0 / fma(a, vec4f(0.25), vec4f(1.0));
  var p = fma(t, vec4f(0.0168923941), vec4f(-0.0645371005));
  p = fma(t, p, vec4f(0.0558793023));
  p = fma(t, p, vec4f(0.0226111412));
  p = fma(t, p, vec4f(0.0177345015));
  p = fma(t, p, vec4f(0.0838513449));
  p = fma(t, p, vec4f(0.0730127618));
  p = fma(t, p, vec4f(0.0952878669));
  p = fma(t, p, vec4f(0.0995214581));
  p = fma(t, p, vec4f(0.0997463316));
  return NormalTail(density, density * t * p);
}`,

  gelu4: `fn gelu4(x: vec4f) -> vec4f {
  let tail = normalTail4(x).tail;
  return x * select(1.0 - tail, tail, x < vec4f(0.0));
}`,

  geluSlope4: `fn geluSlope4(x: vec4f) -> vec4f {
  let normal = normalTail4(x);
  let below = select(1.0 - normal.tail, normal.tail, x < vec4f(0.0));
  return fma(x * 0.398942280, normal.density, below);
}`,

  geluTanh4: `fn geluTanh4(x: vec4f) -> vec4f {
  return x * sigmoid4(x * fma(x * x, vec4f(0.0713548163), vec4f(1.59576912)));
}`,

  geluTanhSlope4: `fn geluTanhSlope4(x: vec4f) -> vec4f {
  let low = select(x, vec4f(-32.0), x < vec4f(-32.0));
  let a = select(low, vec4f(32.0), low > vec4f(32.0));
  let z = a * a;
  let u = a * fma(z, vec4f(0.0713548163), vec4f(1.59576912));
  let s = sigmoid4(u);
  return s * fma(a * sigmoid4(-u), fma(z, vec4f(0.214064449), vec4f(1.59576912)), vec4f(1.0));
}`,

  quickGeluSlope4: `fn quickGeluSlope4(x: vec4f) -> vec4f {
  let low = select(x, vec4f(-100.0), x < vec4f(-100.0));
  let a = select(low, vec4f(100.0), low > vec4f(100.0)) * 1.702;
  return sigmoid4(a) * fma(a, sigmoid4(-a), vec4f(1.0));
}`,
};

/** The WGSL of one helper. Throws RangeError for an unknown name. */
export function helperSource(name: string): string {
  const source = helpers[name];
  if (source === undefined) throw new RangeError(`Unknown WGSL helper "${name}"`);
  return source;
}
