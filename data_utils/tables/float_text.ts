/** Numbers as Python and NumPy print them: the fewest digits that read back as the same number. */

/** A double as Python's repr has it: 1.0, 0.1, 1e-05, 1e+16, nan, inf. */
export function pythonFloat(value: number): string {
  return arranged(value, Math.abs(value).toExponential());
}

/**
 * A single as NumPy's str has it (before 2.4, which turns to exponents at 1e6): the fewest digits that single precision
 * tells apart. The single nearest to 1e-4 lies below it and so is 1e-04.
 */
export function numpyFloat32(value: number): string {
  for (let digits = 1; digits < 10 && Number.isFinite(value); digits++) {
    const text = Math.abs(value).toExponential(digits - 1);
    if (Math.fround(Number(text)) !== Math.abs(value)) continue;
    const even = evenOfTie(Math.abs(value), digits, text);
    const chosen = Math.fround(Number(even)) === Math.abs(value) ? even : text;
    return arranged(value, chosen, Math.abs(value) < 1e-4);
  }
  return pythonFloat(value);
}

/** Of two roundings to so many digits that are equally near, the one with an even last digit; JavaScript gives the larger. */
function evenOfTie(value: number, digits: number, text: string): string {
  const [rounded, exponent] = text.split("e"), exact = value.toExponential(100).replace(".", "");
  if (!/^50*e/.test(exact.slice(digits)) || "02468".includes(rounded.at(-1)!)) return text;
  return `${exact[0]}${digits > 1 ? "." : ""}${exact.slice(1, digits)}e${exponent}`;
}

/** Digits and exponent in the form that Python chooses: as an exponent below 1e-4 and from 1e16 on. */
function arranged(value: number, exponential: string, small = false): string {
  if (Number.isNaN(value)) return "nan";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  if (!Number.isFinite(value)) return `${sign}inf`;
  const [mantissa, power] = exponential.split("e"),
    digits = mantissa.replace(".", "").replace(/(?<=.)0+$/, "");
  const exponent = Number(power);
  if (value !== 0 && (small || exponent < -4 || exponent >= 16)) {
    const rest = digits.length > 1 ? `.${digits.slice(1)}` : "";
    const written = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${digits[0]}${rest}e${exponent < 0 ? "-" : "+"}${written}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`;
}
