// What the bench reports: one figure per line, with the target it is held against, as a table of 80 columns or as JSON.

export interface Figure {
  /** Stable name for programs, e.g. "gemm_512". */
  readonly name: string;
  readonly title: string;
  readonly value: number;
  readonly unit: string;
  /** The same from the fastest round. */
  readonly best?: number;
  /** What the value is to reach: at least, or at most. */
  readonly target?: { readonly atLeast: number } | { readonly atMost: number };
  /** A word on the figure: what it is a ratio of, what ran. */
  readonly note?: string;
}

export interface Report {
  readonly figures: Figure[];
  /** What could not be measured, each with the reason. */
  readonly missing: { readonly name: string; readonly reason: string }[];
}

/** Whether the figure reaches its target; null where it has none. */
export function isMet({ value, target }: Figure): boolean | null {
  if (target === undefined) return null;
  return "atLeast" in target ? value >= target.atLeast : value <= target.atMost;
}

/** Three significant digits, whole numbers from 100 on. */
export function rounded(value: number): string {
  if (!Number.isFinite(value)) return "-";
  return Math.abs(value) >= 100
    ? value.toFixed(0)
    : Math.abs(value) >= 10
    ? value.toFixed(1)
    : value.toFixed(2);
}

const WIDTH = 80;

/** Heading of the table that `line` writes. */
export function heading(): string {
  return row("", "median", "best", "", "target", "") + "\n" + "-".repeat(WIDTH);
}

/** One figure as one line of at most 80 columns, with its note on a second. */
export function line(figure: Figure): string {
  const { title, value, best, unit, target, note } = figure;
  const wanted = target === undefined
    ? ""
    : "atLeast" in target
    ? `>= ${rounded(target.atLeast)}`
    : `<= ${rounded(target.atMost)}`;
  const met = isMet(figure);
  const verdict = met === null ? "" : met ? "yes" : "NO";
  const first = row(title, rounded(value), best === undefined ? "" : rounded(best), unit, wanted, verdict);
  return note === undefined ? first : `${first}\n    ${note}`;
}

function row(title: string, value: string, best: string, unit: string, target: string, met: string): string {
  const text = `${title.padEnd(36)}${value.padStart(8)}${best.padStart(8)} ${unit.padEnd(11)}${
    target.padEnd(10)
  }${met}`;
  return text.trimEnd().slice(0, WIDTH);
}
