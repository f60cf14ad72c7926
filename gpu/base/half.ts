// IEEE half precision on the host: round to nearest even, for f16 storage and its tests.

const view = new DataView(new ArrayBuffer(4));

/** Bits of the half nearest to x (ties to even); overflow gives infinity. */
export function toHalfBits(x: number): number {
  view.setFloat32(0, x);
  const bits = view.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const fraction = bits & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction ? 0x200 : 0);
  const e = exponent - 112;
  if (e >= 31) return sign | 0x7c00;
  if (e <= 0) {
    if (e < -10) return sign;
    const full = fraction | 0x800000, shift = 14 - e;
    const half = full >>> shift, rest = full & ((1 << shift) - 1), middle = 1 << (shift - 1);
    return sign | (half + (rest > middle || (rest === middle && (half & 1)) ? 1 : 0));
  }
  const half = (e << 10) | (fraction >>> 13), rest = fraction & 0x1fff;
  return sign | (half + (rest > 0x1000 || (rest === 0x1000 && (half & 1)) ? 1 : 0));
}

/** The number a half's bits stand for. */
export function fromHalfBits(h: number): number {
  const sign = h & 0x8000 ? -1 : 1, e = (h >>> 10) & 31, f = h & 0x3ff;
  if (e === 31) return f ? NaN : sign * Infinity;
  return e === 0 ? sign * f * 2 ** -24 : sign * (1024 + f) * 2 ** (e - 25);
}
