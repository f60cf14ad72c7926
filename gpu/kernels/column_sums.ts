// Sums down the rows of a column, as text: what each row adds, and what is stored behind the last one. Column kernels
// and the epilogue of contractions write it where they are; on a GPU the rows are shared out among invocations, which
// are joined through workgroup memory in a fixed order.

import type { Program } from "./expr.ts";
import { addTo, newSum } from "./kahan.ts";

/** sum and max leave one word a column; moments leaves two: mean and sum of squared deviations of the rows. */
export type Reduction = "sum" | "max" | "moments";

/** One result: sums of several steps of a program side by side. */
export interface PartialSums {
  readonly operand: string;
  readonly reduction: Reduction;
  readonly steps: readonly number[];
}

/** A column reduction over rows, with an elementwise program on the way. */
export interface ColumnPlan {
  readonly program: Program;
  readonly reads: readonly string[];
  readonly stores: readonly { readonly operand: string; readonly step: number }[];
  /** Each result: partials of several steps side by side, [outer, chunks, parts, C]. */
  readonly partials: readonly PartialSums[];
  readonly outer: number;
  readonly rows: number;
  readonly last: number;
  readonly chunk: number;
  readonly numbers: ReadonlyMap<string, number>;
}

export interface SumPlace {
  /** Value of a step in the current row. */
  readonly value: (step: number) => string;
  /** Condition of an invocation's first row, and how many rows it has seen in the end. */
  readonly isFirst: string;
  readonly seen: string;
  /** Stores one of a partial's words. */
  readonly store: (partial: PartialSums, part: number, value: string) => string;
  /** Many rows to one invocation: what their additions round off is kept (wants `KEPT` and the size `zero`). */
  readonly long?: boolean;
  /** Rows of all invocations together, where they share a column; wants `over_rows` (see `joinRows`). */
  readonly sharedRows?: string;
}

export interface SumText {
  readonly vars: string;
  readonly row: string;
  readonly after: string;
}

/** Words one partial of a reduction takes per column and step. */
export function wordsPerPart(reduction: Reduction): number {
  return reduction === "moments" ? 2 : 1;
}

export function partsOf({ steps, reduction }: PartialSums): number {
  return steps.length * wordsPerPart(reduction);
}

/** `vars` before the rows, `row` in each of them, `after` behind them (in uniform control flow where they share). */
export function sumText(partials: readonly PartialSums[], at: SumPlace): SumText {
  const vars: string[] = [], row: string[] = [], after: string[] = [];
  const join = (kind: "sum" | "max", value: string) =>
    at.sharedRows === undefined ? value : `over_rows_${kind}(${value}, lane)`;
  const begin = (sum: string) => at.long ? newSum(sum) : `var ${sum} = vec4f(0.0);`;
  const add = (sum: string, value: string) => at.long ? addTo(sum, value) : `${sum} += ${value};`;
  partials.forEach((partial, p) =>
    partial.steps.forEach((step, s) => {
      const a = `a${p}_${s}`, value = at.value(step);
      if (partial.reduction !== "moments") {
        const largest = partial.reduction === "max";
        vars.push(largest ? `var ${a} = vec4f(-3.4028234e38);` : begin(a));
        row.push(largest ? `${a} = max(${a}, ${value});` : add(a, value));
        after.push(`${a} = ${join(partial.reduction, a)};`, at.store(partial, s, a));
        return;
      }
      // Deviations from the first row keep the squares small whatever the offset of the data.
      vars.push(`var f${a} = vec4f(0.0);`, begin(a), begin(`q${a}`));
      row.push(`if (${at.isFirst}) { f${a} = ${value}; }`);
      row.push(`{ let d = ${value} - f${a};`, add(a, "d"), `${add(`q${a}`, "d * d")} }`);
      after.push(`let m${a} = ${a} / max(${at.seen}, 1.0);`);
      after.push(`q${a} = max(q${a} - ${a} * m${a}, vec4f(0.0)); f${a} += m${a};`);
      if (at.sharedRows !== undefined) {
        after.push(`let g${a} = ${join("sum", `${at.seen} * f${a}`)} / ${at.sharedRows};`);
        after.push(
          `{ let d = f${a} - g${a}; q${a} = ${
            join("sum", `fma(${at.seen} * d, d, q${a})`)
          }; f${a} = g${a}; }`,
        );
      }
      after.push(at.store(partial, 2 * s, `f${a}`), at.store(partial, 2 * s + 1, `q${a}`));
    })
  );
  return { vars: vars.join("\n"), row: row.join("\n"), after: after.join("\n") };
}

/** Which of the two functions of `joinRows` partials need. */
export function joinsOf(partials: readonly PartialSums[]): ("sum" | "max")[] {
  const kinds = partials.map((partial) => partial.reduction === "max" ? "max" : "sum");
  return [...new Set(kinds)];
}

/**
 * WGSL of `over_rows_sum` or `over_rows_max`: joins a word over invocations `across` apart, a power of two of them
 * among `threads`; all get the result. Uses the workgroup array `stage`.
 */
export function joinRows(kind: "sum" | "max", threads: number, across: string): string {
  const [a, b] = ["stage[lane]", `stage[lane + step * ${across}]`];
  return `fn over_rows_${kind}(own: vec4f, lane: u32) -> vec4f {
stage[lane] = own;
workgroupBarrier();
for (var step = ${threads / 2}u / ${across}; step > 0u; step /= 2u) {
if (lane / ${across} < step) { stage[lane] = ${kind === "sum" ? `${a} + ${b}` : `max(${a}, ${b})`}; }
workgroupBarrier();
}
let all = stage[lane % ${across}];
workgroupBarrier();
return all;
}`;
}
