// Runs the cases of golden folders through an evaluator, one after the other, and says of each by which factor the
// tolerances had to be widened.

import type { Precision } from "../../gpu/run/compile.ts";
import type { Check } from "./compare.ts";
import { checkGraph, Unsupported } from "./case_graph.ts";
import type { Evaluator } from "./evaluator.ts";
import { type Fixture, openFixture } from "./fixture.ts";
import { headCases } from "./head_cases.ts";
import { imageCases } from "./image_cases.ts";
import { metricCases } from "./metric_cases.ts";
import { hostCases, moduleCases } from "./module_cases.ts";
import { opCases } from "./op_cases.ts";
import { optimCases } from "./optim_cases.ts";
import { pictureCases } from "./picture_cases.ts";
import { randomCases } from "./random_cases.ts";
import { textCases } from "./text_cases.ts";
import { trajectoryCases } from "./trajectory_cases.ts";

/** The groups the project answers for, with the factor that each may need. */
export const defaultFactors: Readonly<Record<string, number>> = {
  a_ops: 4,
  b_optim: 4,
  c_modules: 8,
  d_trajectories: 8,
  e_metrics: 4,
  f_rng: 1,
  g_text: 8,
  h_images: 1,
  i_heads: 1,
};

/**
 * How a group's contractions are computed on the device. The nets of the trajectories are tiny and chaotic: where a
 * pre-activation lies within rounding of ReLU's kink, the side it falls on decides where the training goes. The less is
 * rounded, the fewer such turns, so these are compensated (gpu/kernels/kahan.ts).
 */
export const defaultPrecisions: Readonly<Record<string, Precision>> = { d_trajectories: "compensated" };

export type Outcome = "passed" | "failed" | "unsupported" | "excepted";

export interface CaseResult {
  readonly group: string;
  readonly name: string;
  readonly op: string;
  readonly outcome: Outcome;
  /** The factor the case needed; null where it was not computed. */
  readonly factor: number | null;
  /** The tensor or list that needed it, or why there is no factor. */
  readonly note: string;
  readonly precision: Precision;
  readonly seconds: number;
}

export interface CaseOptions {
  readonly evaluator: Evaluator;
  readonly factor: number;
  /** Default: that of the group. */
  readonly precision?: Precision;
}

type CaseRunner = (fixture: Fixture, evaluator: Evaluator) => Promise<Check[]> | Check[];

/** How a fixture is checked, by its `op`; undefined where the project has no counterpart. */
function runnerOf(op: string): CaseRunner | undefined {
  const build = opCases[op] ?? moduleCases[op];
  if (build !== undefined) return (fixture, evaluator) => checkGraph(fixture, build, evaluator);
  return optimCases[op] ?? trajectoryCases[op] ?? hostCases[op] ?? metricCases[op] ?? pictureCases[op] ??
    imageCases[op] ?? randomCases[op] ?? headCases[op] ?? textCases[op];
}

/** Runs one case. Whatever goes wrong inside it is its result, not an exception. */
export async function runCase(
  dir: string,
  group: string,
  name: string,
  options: CaseOptions,
): Promise<CaseResult> {
  const began = performance.now(), precision = options.precision ?? defaultPrecisions[group] ?? "plain";
  const evaluator: Evaluator = {
    ...options.evaluator,
    evaluate: (outputs, values) => options.evaluator.evaluate(outputs, values, precision),
  };
  const result = (op: string, outcome: Outcome, factor: number | null, note: string): CaseResult => ({
    group,
    name,
    op,
    outcome,
    factor,
    note,
    precision,
    seconds: (performance.now() - began) / 1000,
  });
  let op = "";
  try {
    const fixture = await openFixture(dir, group, name);
    op = fixture.op;
    const run = runnerOf(op);
    if (run === undefined) return result(op, "unsupported", null, `no counterpart of op ${op}`);
    const checks = await run(fixture, evaluator);
    if (checks.length === 0) return result(op, "failed", null, "nothing was compared");
    const worst = checks.reduce((a, b) => b.factor > a.factor ? b : a);
    return result(op, worst.factor <= options.factor ? "passed" : "failed", worst.factor, worst.what);
  } catch (error) {
    if (error instanceof Unsupported) return result(op, "unsupported", null, error.message);
    return result(op, "failed", null, `${(error as Error).name}: ${(error as Error).message}`);
  }
}

/** Whether a case is named by an --except list, whose entries may hold `*`. */
export function isExcepted(name: string, except: readonly string[]): boolean {
  return except.some((entry) => {
    const pattern = entry.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join(".*");
    return new RegExp(`^${pattern}$`).test(name);
  });
}
