// How figures and report write numbers and names: two digits, a real minus sign, mean and spread; lines that fit a width.

/** Two digits and a real minus sign, which is not left before zero. */
export function signed(value: number): string {
  const text = value.toFixed(2);
  return Number(text) === 0 ? "0.00" : text.replace("-", "−");
}

/** "0.55", or over several seeds "0.55 ± 0.04" (standard deviation, n - 1); a run without one leaves it undefined. */
export function meanText(values: readonly (number | null)[]): string {
  const mean = meanOf(values);
  if (mean === null) return "undefined";
  if (values.length === 1) return signed(mean);
  const squares = values.reduce<number>((sum, value) => sum + (value! - mean) ** 2, 0);
  return `${signed(mean)} ± ${signed(Math.sqrt(squares / (values.length - 1)))}`;
}

/** The mean; null where a value is missing or there is none. */
export function meanOf(values: readonly (number | null)[]): number | null {
  let sum = 0;
  for (const value of values) {
    if (value === null) return null;
    sum += value;
  }
  return values.length === 0 ? null : sum / values.length;
}

/** "0.47 [0.36, 0.57]"; a dash where there is no estimate. */
export function intervalText(estimate: number | null, interval: readonly [number, number] | null): string {
  if (estimate === null) return "–";
  return interval ? `${signed(estimate)} [${signed(interval[0])}, ${signed(interval[1])}]` : signed(estimate);
}

/** A law as figures name it: "ratio 10", "zipf 1.0", and of a file its name. */
export function lawTitle(law: string): string {
  return law.slice(law.lastIndexOf("/") + 1).replace(":", " ");
}

/** A law as part of a file name: "ratio10". */
export function lawFileName(law: string): string {
  return law.slice(law.lastIndexOf("/") + 1).replace(/[^\w.-]/g, "");
}

/** Width in pixels that text needs at most, on average over words, in the widest of the usual sans-serif fonts. */
export function textWidth(text: string, size: number, bold = false): number {
  return [...text].length * size * (bold ? 0.67 : 0.6);
}

/** Words in lines that are `width` pixels wide; a longer word has a line of its own. */
export function wrapped(text: string, width: number, size: number, bold = false): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = lines.length === 0 ? word : `${lines[lines.length - 1]} ${word}`;
    if (lines.length > 0 && textWidth(longer, size, bold) > width) lines.push(word);
    else lines[Math.max(0, lines.length - 1)] = longer;
  }
  return lines;
}
