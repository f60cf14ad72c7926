// A report's runs gathered by arm, and how figures name and colour an arm. The colours tell apart with any colour
// vision, and stand out from white and from near-black alike.
import type { Arm } from "../report.ts";

/** The runs of one arm, one per seed. */
export interface ArmRuns {
  readonly title: string;
  readonly colour: string;
  readonly runs: readonly Arm[];
}

const titles: Readonly<Record<string, string>> = {
  sl_full: "SL, full vocabulary",
  sl_sub: "SL, sub-vocabulary",
  clip: "CLIP",
};
const colours = ["#d55e00", "#009e73", "#2f7fd1", "#c0649a", "#a08000", "#7a7a7a"];

/** The arms in the order in which they first appear. */
export function runsByArm(runs: readonly Arm[]): ArmRuns[] {
  return [...new Set(runs.map(({ arm }) => arm))].map((arm, i) => ({
    title: Object.hasOwn(titles, arm) ? titles[arm] : arm.replaceAll("_", " "),
    colour: colours[i % colours.length],
    runs: runs.filter((run) => run.arm === arm),
  }));
}

/** "ρ = 0.55", or over several seeds "ρ = 0.55 ± 0.04" (standard deviation, n - 1); a run without one leaves it undefined. */
export function rhoLabel(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  if (known.length === 0 || known.length < values.length) return "ρ undefined";
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  if (known.length === 1) return `ρ = ${signed(mean)}`;
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return `ρ = ${signed(mean)} ± ${signed(Math.sqrt(squares / (known.length - 1)))}`;
}

/** Two digits and a real minus sign, which is not left before zero. */
function signed(value: number): string {
  const text = value.toFixed(2);
  return Number(text) === 0 ? "0.00" : text.replace("-", "−");
}
