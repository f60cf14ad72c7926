/** What the bench reports: a figure a line, with the target it is held against and the memory it took; or JSON. */

/** A measured rate or ratio. */
export interface Figure {
  /** Stable name for programs, such as "class_tsv". */
  readonly name: string;
  readonly title: string;
  readonly value: number;
  readonly unit: "captions/s" | "times";
  /** What the value is to reach at least. */
  readonly target?: number;
  /** Captions that were counted, and how many seconds the whole command took, its own start left out. */
  readonly captions: number;
  readonly seconds: number;
  /** The most memory the process had at any time; null where the system does not say. */
  readonly peakBytes: number | null;
  /** Of a ratio: what plain counting got through. */
  readonly plain?: { readonly captions: number; readonly seconds: number };
  readonly note?: string;
}

/** What was measured, and what could not be. */
export interface Report {
  readonly figures: Figure[];
  readonly missing: { readonly name: string; readonly reason: string }[];
}

/** Memory that no count may exceed. */
export const MOST_BYTES = 2 ** 30;

/** Whether the value reaches its target; null where it has none. */
export const reaches = ({ value, target }: Figure) => target === undefined ? null : value >= target;

/** Whether the memory stays below the limit; null where it is not known. */
export const fits = ({ peakBytes }: Figure) => peakBytes === null ? null : peakBytes < MOST_BYTES;

const grouped = (value: number) => Math.round(value).toLocaleString("en-US");
const verdict = (met: boolean | null) => met === null ? "" : met ? "yes" : "NO";

function valueText(value: number, unit: Figure["unit"]): string {
  return unit === "captions/s" ? grouped(value) : value.toFixed(value < 100 ? 1 : 0);
}

function row(
  title: string,
  value: string,
  unit: string,
  target: string,
  met: string,
  memory: string,
): string {
  return (title.padEnd(31) + value.padStart(10) + ` ${unit}`.padEnd(12) + target.padEnd(13) + met.padEnd(5) +
    memory.padStart(8)).trimEnd();
}

/** Heading of the table of {@link line}. */
export function heading(): string {
  return row("", "measured", "", "target", "", "memory") + "\n" + "-".repeat(79);
}

/** A figure as one line of at most 80 columns, with its note on a second. */
export function line(figure: Figure): string {
  const { title, value, unit, target, peakBytes, note } = figure;
  const wanted = target === undefined ? "" : `>= ${valueText(target, unit)}`.replace(/\.0$/, "");
  const memory = peakBytes === null ? "-" : `${Math.ceil(peakBytes / 2 ** 20)} MiB`;
  const first = row(title, valueText(value, unit), unit, wanted, verdict(reaches(figure)), memory);
  return note === undefined ? first : `${first}\n    ${note}`;
}

/** How many targets are reached, memory among them. */
export function lastLine(figures: readonly Figure[]): string {
  const rates = figures.map(reaches).filter((met) => met !== null);
  const sizes = figures.map(fits).filter((met) => met !== null);
  return `${rates.filter(Boolean).length} of ${rates.length} targets reached; ` +
    `${sizes.filter(Boolean).length} of ${sizes.length} processes stayed below 1 GiB`;
}

/** A figure as `--json` gives it. */
export function figureJson(figure: Figure): Record<string, unknown> {
  const { peakBytes, ...rest } = figure;
  return { ...rest, met: reaches(figure), peak_bytes: peakBytes, memory_met: fits(figure) };
}
