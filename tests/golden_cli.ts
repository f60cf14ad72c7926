// `deno task golden`: runs every fixture of a folder in the golden format through the engine and says by which factor
// each case's tolerances had to be widened. The fixtures are reference values of PyTorch and others; their format is
// described in ../shared/golden/README.md.
import { parseArgs } from "@std/cli";
import { deviceEvaluator } from "./golden/device_evaluator.ts";
import { type Evaluator, referenceEvaluator } from "./golden/evaluator.ts";
import { caseNames, groupNames } from "./golden/fixture.ts";
import { type CaseResult, defaultFactors, defaultPrecisions, isExcepted, runCase } from "./golden/runner.ts";

const help = `Runs golden fixtures through the engine and compares.

Usage: deno task golden [--dir DIR] [--group G,...] [--factor F] [--except CASE,...] [--precision P] [--reference] [--json]

  --dir DIR          folder of groups (default: ../shared/golden beside this checkout)
  --group G,...      only these groups (default: ${Object.keys(defaultFactors).join(", ")}, as far as present)
  --factor F         tolerance factor for all cases (default: 4, and 8 for c_modules and d_trajectories)
  --except CASE,...  cases that need not pass; * stands for any text
  --precision P      plain, or compensated: contractions round their results only (default: plain, and compensated for
                     ${Object.keys(defaultPrecisions).join(", ")}, whose tiny nets training makes chaotic)
  --reference        the float64 interpreter instead of the device
  --json             one JSON object on stdout instead of text
  --help             this text

Exit codes: 0 all asked for passed, 1 some did not, 2 bad flags or folder.

Example: ./denow task golden --dir ../shared/golden --group c_modules --except 'dino_*'`;

class BadInput extends Error {}

interface Job {
  readonly group: string;
  readonly name: string;
  readonly excepted: boolean;
}

async function jobsOf(dir: string, groups: string[], except: readonly string[]): Promise<Job[]> {
  const present = await groupNames(dir).catch(() => {
    throw new BadInput(`${dir} is no folder that can be read; give one with --dir`);
  });
  const missing = groups.filter((group) => !present.includes(group));
  if (missing.length > 0) {
    throw new BadInput(`${dir} has no group ${missing.join(", ")}; it has ${present.join(", ")}`);
  }
  const asked = groups.length > 0 ? groups : present.filter((group) => group in defaultFactors);
  if (asked.length === 0) throw new BadInput(`${dir} holds no group of fixtures for the engine`);
  const rest = present.filter((group) => !asked.includes(group));
  if (groups.length === 0 && rest.length > 0) {
    console.error(`Not for the engine, and left to data_utils' tests: ${rest.join(", ")}`);
  }
  const jobs: Job[] = [];
  for (const group of asked) {
    for (const name of await caseNames(dir, group)) {
      jobs.push({ group, name, excepted: isExcepted(name, except) });
    }
  }
  return jobs;
}

function describe({ outcome, group, name, factor, note, precision, seconds }: CaseResult): string {
  const needed = factor === null ? "" : factor === 0 ? "exact" : factor.toPrecision(3);
  const why = outcome === "passed" || outcome === "excepted" ? "" : `  ${note}`;
  const exact = precision === "plain" ? "" : `  ${precision}`;
  const slow = seconds >= 1 ? `  (${seconds.toFixed(1)} s)` : "";
  return `${outcome.padEnd(11)} ${needed.padStart(8)}  ${group}/${name}${why}${exact}${slow}`;
}

async function main(args: string[]): Promise<number> {
  const unknown: string[] = [];
  const flags = parseArgs(args, {
    string: ["dir", "factor", "group", "except", "precision"],
    boolean: ["reference", "json", "help"],
    collect: ["group", "except"],
    unknown: (arg: string) => {
      unknown.push(arg);
      return false;
    },
  });
  if (flags.help) {
    console.log(help);
    return 0;
  }
  if (unknown.length > 0) throw new BadInput(`Unknown argument ${unknown.join(" ")}; --help lists the flags`);
  const list = (values: unknown[]) =>
    values.flatMap((value) => `${value}`.split(",")).filter((part) => part !== "");
  const factor = flags.factor === undefined ? null : Number(flags.factor);
  if (factor !== null && !(factor > 0)) throw new BadInput(`--factor ${flags.factor} is no number above 0`);
  const asked = (["plain", "compensated"] as const).find((precision) => precision === flags.precision);
  if (flags.precision !== undefined && asked === undefined) {
    throw new BadInput(`--precision ${flags.precision} is neither plain nor compensated`);
  }
  const dir = flags.dir ?? decodeURIComponent(new URL("../../shared/golden", import.meta.url).pathname);
  const jobs = await jobsOf(dir.replace(/\/+$/, ""), list(flags.group), list(flags.except));

  const evaluator: Evaluator = flags.reference ? referenceEvaluator : await deviceEvaluator();
  const results: CaseResult[] = [];
  for (const { group, name, excepted } of jobs) {
    const options = {
      evaluator,
      factor: factor ?? defaultFactors[group] ?? 4,
      precision: flags.reference ? "plain" : asked,
    };
    const left = {
      op: "",
      outcome: "excepted",
      factor: null,
      note: "",
      precision: "plain",
      seconds: 0,
    } as const;
    const result = excepted ? { group, name, ...left } : await runCase(dir, group, name, options);
    results.push(result);
    (flags.json ? console.error : console.log)(describe(result));
  }
  evaluator.close();
  return report(dir, evaluator, results, flags.json);
}

function report(dir: string, evaluator: Evaluator, results: readonly CaseResult[], json: boolean): number {
  const count = (outcome: string) => results.filter((r) => r.outcome === outcome).length;
  const passed = count("passed"), unsupported = count("unsupported"), excepted = count("excepted");
  const failed = count("failed") + unsupported;
  if (json) {
    console.log(
      JSON.stringify({
        dir,
        evaluator: evaluator.name,
        passed,
        failed,
        unsupported,
        excepted,
        cases: results,
      }),
    );
  } else {
    console.log(
      `${evaluator.name}: ${passed} passed, ${failed} failed` +
        (unsupported > 0 ? ` (${unsupported} of them unsupported)` : "") +
        (excepted > 0 ? `, ${excepted} excepted` : ""),
    );
  }
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    console.error(error instanceof Error ? error.message : `${error}`);
    Deno.exit(error instanceof BadInput || error instanceof SyntaxError ? 2 : 1);
  }
}
