// Elementwise programs: what a fused chain of elementwise ops computes at one vec4 word. Map kernels are nothing
// else; column sums, contractions and row kernels run such a program on what they read and on what they write.

/**
 * How an operand is found from the output word at flat index i, row r, column c:
 * full = the same index, row = the same column of a single row, col and col2 = the row's first or second lane, spread,
 * one = a single number, spread, rows / rowsCol = like full / col after the row went through up to three strided dimensions.
 */
export type Access = "full" | "row" | "col" | "col2" | "one" | "rows" | "rowsCol";

export type Step =
  | { readonly kind: "load"; readonly operand: string; readonly access: Access }
  | { readonly kind: "scalar"; readonly name: string }
  | { readonly kind: "given"; readonly name: string }
  | {
    readonly kind: "apply";
    readonly wgsl: (operands: readonly string[], constants: readonly string[]) => string;
    readonly args: readonly number[];
    readonly constants: readonly string[];
    readonly helpers: readonly string[];
    readonly keepsZero: boolean;
  };

export interface Program {
  readonly steps: readonly Step[];
}

/** Names of the index variables at the place where a program is written out. */
export interface Place {
  readonly i: string;
  readonly r: string;
  readonly c: string;
}

/** Size uniforms that a `rows` operand needs. */
export function rowMapSizes(operand: string): string[] {
  return ["d1", "d2", "s0", "s1", "s2"].map((part) => `${operand}_${part}`);
}

function loadText(operand: string, access: Access, at: Place): string {
  const x = operand, line = `div_u(${at.r}, P.${x}_d2)`;
  const mapped = `div_u(${line}, P.${x}_d1) * P.${x}_s0 + mod_u(${line}, P.${x}_d1) * P.${x}_s1 + ` +
    `mod_u(${at.r}, P.${x}_d2) * P.${x}_s2`;
  switch (access) {
    case "full":
      return `ld_${operand}(${at.i})`;
    case "row":
      return `ld_${operand}(${at.c})`;
    case "col":
      return `vec4f(ld_${operand}(${at.r}).x)`;
    case "col2":
      return `vec4f(ld_${operand}(${at.r}).y)`;
    case "one":
      return `vec4f(ld_${operand}(0u).x)`;
    case "rows":
      return `ld_${operand}(${mapped} + ${at.c})`;
    case "rowsCol":
      return `vec4f(ld_${operand}(${mapped}).x)`;
  }
}

/** True for steps whose value depends on the column alone: they can stand before a loop over rows. */
export function columnOnly(program: Program): boolean[] {
  const result: boolean[] = [];
  for (const step of program.steps) {
    if (step.kind === "apply") result.push(step.args.every((a) => result[a]));
    else if (step.kind === "load") result.push(step.access === "row" || step.access === "one");
    else result.push(step.kind === "scalar");
  }
  return result;
}

/**
 * Statements for the steps chosen by `which`, each a `let`; returns the name of every step's value. `given` steps
 * are names that the caller declared.
 */
export function statements(
  program: Program,
  at: Place,
  prefix: string,
  which: (index: number) => boolean = () => true,
): { code: string; names: string[] } {
  const names: string[] = [];
  const lines: string[] = [];
  program.steps.forEach((step, index) => {
    const name = step.kind === "given" ? step.name : `${prefix}${index}`;
    names.push(name);
    if (step.kind === "given" || !which(index)) return;
    if (step.kind === "load") lines.push(`let ${name} = ${loadText(step.operand, step.access, at)};`);
    else if (step.kind === "scalar") lines.push(`let ${name} = vec4f(scalar_${step.name}());`);
    else {
      const constants = step.constants.map((c) => `P.${c}`);
      lines.push(`let ${name} = ${step.wgsl(step.args.map((a) => names[a]), constants)};`);
    }
  });
  return { code: lines.join("\n"), names };
}

/** For each step, whether its padding lanes are certainly zero. */
export function zeroTails(program: Program): boolean[] {
  const zero: boolean[] = [];
  for (const step of program.steps) {
    if (step.kind === "load") {
      zero.push(step.access === "full" || step.access === "row" || step.access === "rows");
    } else if (step.kind === "apply") zero.push(step.keepsZero && step.args.every((a) => zero[a]));
    else zero.push(step.kind === "given");
  }
  return zero;
}

/** All that a kernel must declare to run a program. */
export function needs(
  program: Program,
): { sizes: string[]; constants: string[]; scalars: string[]; helpers: string[] } {
  const found = {
    sizes: [] as string[],
    constants: [] as string[],
    scalars: [] as string[],
    helpers: [] as string[],
  };
  for (const step of program.steps) {
    if (step.kind === "load" && (step.access === "rows" || step.access === "rowsCol")) {
      found.sizes.push(...rowMapSizes(step.operand));
    }
    if (step.kind === "scalar") found.scalars.push(step.name);
    if (step.kind === "apply") {
      found.constants.push(...step.constants);
      found.helpers.push(...step.helpers);
    }
  }
  for (const key of ["sizes", "constants", "scalars", "helpers"] as const) {
    found[key] = [...new Set(found[key])];
  }
  return found;
}

/** Reads the value of a program at a place (an operand that may be computed on the way in). */
export interface Operand {
  readonly program: Program;
  /** Index of the step that is the operand's value. */
  readonly result: number;
}
