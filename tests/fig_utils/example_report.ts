// Makes study reports for the tests of figures, report page and view: the layout of a real one, with numbers that agree
// with each other (correlations come from the per-class tables, means from the runs), drawn from a seed.
import {
  type ArmAbout,
  type ArmSummary,
  COLLAPSE_MEASURES,
  type CollapseScores,
  type CurvePoint,
  frequencyCorrelation,
  type ImbalanceScores,
  imbalanceScores,
  type MeanAndSpread,
  nullSpread,
  type RandomStream,
  randomStream,
  type ReportedRun,
  STUDY_FORMAT,
  STUDY_MEASURES,
  type StudyReport,
} from "../../data_utils/mod.ts";
import { exampleHypotheses } from "./example_hypotheses.ts";

interface MadeArm extends ArmAbout {
  /** Logit of the mean accuracy at the end, and what the most frequent class has above the mean. */
  readonly level: number;
  readonly slope: number;
  /** How much frequent classes are preferred in errors, as a logarithm. */
  readonly bias: number;
}

function made(
  ...[arm, title, family, level, slope, bias, balanced = false]: [
    ...[string, string, "sl" | "clip", number, number, number, boolean?],
  ]
): MadeArm {
  return { arm, title, family, balanced, level, slope, bias };
}

const madeArms: readonly MadeArm[] = [
  made("sl_full", "SL, full vocabulary", "sl", 1.1, 0.9, 1.6),
  made("sl_sub", "SL, frequency-weighted sub-vocabulary", "sl", 1.0, 0.6, 0.5),
  made("sl_sub_uniform", "SL, uniform sub-vocabulary", "sl", 1.0, 0.9, 1.5),
  made("sl_adjusted", "SL, logit adjustment", "sl", 1.1, 0.4, -0.2),
  made("sl_frozen", "SL, head frozen from the rich-caption CLIP", "sl", 1.0, 0.9, 1.4),
  made("sl_matched", "SL at the accuracy of CLIP with templates", "sl", 0.4, 1.0, 1.8),
  made("clip_templates", "CLIP, template captions", "clip", 0.4, 0.3, 0.15),
  made("clip_once", "CLIP, templates, repeats in a batch counted once", "clip", 0.4, 0.9, 1.3),
  made("clip_rich", "CLIP, rich captions", "clip", 0.1, 0.5, 0.5),
  made("clip_mix", "CLIP, half templates, half rich captions", "clip", 0.3, 0.3, 0.2),
  made("sl_balanced", "SL, balanced training set", "sl", 1.2, 0, 0, true),
  made("clip_balanced", "CLIP, balanced training set", "clip", 0.5, 0, 0, true),
];

/** Names of all arms that an example can have. */
export const exampleArms: readonly string[] = madeArms.map(({ arm }) => arm);

/** What an example report is made of. */
export interface ExampleOptions {
  readonly laws?: readonly string[];
  readonly arms?: readonly string[];
  readonly seeds?: number;
  readonly classes?: number;
  /** Test images of a class. */
  readonly tests?: number;
  readonly hypotheses?: boolean;
}

const evaluations = 6, steps = 600, batchSize = 64, images = 20_000;

/** A report; the same options make the same one. Throws RangeError for an arm that no example has. */
export function makeExampleReport(options: ExampleOptions = {}): StudyReport {
  const { laws = ["ratio:10", "ratio:50"], arms = exampleArms, seeds = 3, classes = 40 } = options;
  const { tests = 20, hypotheses = true } = options;
  const chosen = arms.map((name) => {
    const found = madeArms.find(({ arm }) => arm === name);
    if (!found) throw new RangeError(`No example arm ${name}`);
    return found;
  });
  const runs = laws.flatMap((law, l) =>
    chosen.flatMap((arm) =>
      Array.from({ length: seeds }, (_, seed) => makeRun(arm, law, [l, seed], classes, tests))
    )
  );
  const legend = chosen.map(({ arm, title, family, balanced }) => ({ arm, title, family, balanced }));
  const summary = summarise(runs), seconds = runs.reduce((sum, run) => sum + run.seconds, 0);
  return {
    format: STUDY_FORMAT,
    settings: {
      ...{ arms, seeds, laws, images, batchSize, steps, templates: ["a photo of a {}", "a {}"] },
      data: { kind: "world", classes, testPerClass: tests },
    },
    classes,
    legend,
    arms: runs,
    summary,
    hypotheses: hypotheses ? laws.flatMap((law) => exampleHypotheses(law, summary, seeds, classes)) : [],
    null_spread: nullSpread(classes),
    notes: [`An example: its ${runs.length} runs were made by a test, not trained.`],
    skipped: { train: [], test: [] },
    seconds,
    images_per_second: runs.length * steps * batchSize / seconds,
  };
}

/** Two laws, every arm, three seeds, forty classes. */
export const exampleReport: StudyReport = makeExampleReport();

/** Nothing repeats and no hypothesis was asked: two arms, one law, one seed, twelve classes. */
export const oneSeedReport: StudyReport = makeExampleReport({
  ...{ laws: ["ratio:10"], arms: ["sl_full", "clip_templates"], seeds: 1, classes: 12, hypotheses: false },
});

/** Two classes, of which thirds and verdicts do not exist. */
export const twoClassReport: StudyReport = makeExampleReport({
  ...{ laws: ["uniform"], arms: ["sl_full", "clip_templates"], seeds: 2, classes: 2 },
});

/** A run whose predictions are the same number for each class, so that their correlation is not defined. */
export function withoutCorrelation(run: ReportedRun): ReportedRun {
  const because = "all classes have the same value";
  return {
    ...run,
    rho_freq_pred: null,
    undefined_because: { rho_freq_pred: because },
    per_class: run.per_class.map((row) => ({ ...row, pred: 20 })),
    curve: run.curve.map((point) => ({ ...point, rho_freq_pred: null })),
  };
}

/** A report whose first arm is {@link withoutCorrelation} in every run. */
export function withNullRho(report: StudyReport): StudyReport {
  const first = report.legend[0].arm;
  const arms = report.arms.map((run) => run.arm === first ? withoutCorrelation(run) : run);
  return { ...report, arms, summary: summarise(arms) };
}

function makeRun(
  arm: MadeArm,
  law: string,
  [l, seed]: [law: number, seed: number],
  classes: number,
  tests: number,
): ReportedRun {
  const path = madeArms.indexOf(arm), ratio = Number(law.split(":")[1] ?? 1);
  const names = Array.from({ length: classes }, (_, c) => `class ${c}`);
  const rank = randomStream(1, seed).shuffle(names.map((_, c) => c));
  const place = rank.map((r) => classes === 1 ? 0 : 1 - 2 * r / (classes - 1));
  const weights = place.map((z) => ratio ** (z / 2));
  const frequencies = apportion(images, weights);
  const scoresAt = (done: number) =>
    score(randomStream(2, path, l, seed), arm, place, done, tests, frequencies, names);
  const imagesOf = (step: number) => step * batchSize;
  const matched = arm.arm === "sl_matched", end = matched ? evaluations / 2 : evaluations;
  const curve = Array.from({ length: end }, (_, i): CurvePoint => {
    const step = steps * (i + 1) / evaluations, { per_class: _rows, ...scores } = scoresAt((i + 1) / end);
    return { step, images_seen: imagesOf(step), ...scores };
  });
  const { step, images_seen } = curve[end - 1], scores = scoresAt(1);
  const seconds = (arm.family === "clip" ? 46 : 37) * step / steps + seed;
  return {
    ...{ arm: arm.arm, law, seed },
    run: `${matched ? "sl_full" : arm.arm}-${law.replace(":", "")}-seed${seed}`,
    ...{ steps: step, images_seen, seconds, images_per_second: images_seen / seconds },
    ...scores,
    // The matched arm is an evaluation of another one's run: it has neither.
    collapse: matched ? null : collapseOf(randomStream(3, path, l, seed), frequencies, scores),
    curve: matched ? [] : curve,
  };
}

/** Scores after a share of the training, as a model with the arm's preferences would have them. */
function score(
  random: RandomStream,
  { level, slope, bias }: MadeArm,
  place: readonly number[],
  done: number,
  tests: number,
  frequencies: readonly number[],
  names: readonly string[],
): ImbalanceScores {
  const correct = place.map((z) => {
    const logit = level - 3 * (1 - done) + slope * z + 0.5 * random.normal();
    return Math.round(tests / (1 + Math.exp(-logit)));
  });
  const wrong = correct.reduce((sum, right) => sum + tests - right, 0);
  const errors = apportion(
    wrong,
    place.map((z) => Math.exp((1.3 - 0.3 * done) * bias * z + 0.6 * random.normal())),
  );
  const top1 = correct.reduce((sum, right) => sum + right, 0) / (tests * names.length);
  return imbalanceScores(
    {
      ...{ samples: tests * names.length, topK: { 1: top1, 5: 1 - (1 - top1) ** 2 } },
      confusion: new Int32Array(),
      perClassAccuracy: Float64Array.from(correct, (right) => right / tests),
      predictionCounts: Int32Array.from(correct, (right, c) => right + errors[c]),
    },
    frequencies,
    names,
  );
}

/** Splits a whole number by weights, remainders to the largest. */
function apportion(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0), exact = weights.map((w) => total * w / sum);
  const parts = exact.map(Math.floor), left = total - parts.reduce((a, b) => a + b, 0);
  const order = exact.map((_, i) => i).sort((a, b) => exact[b] - parts[b] - (exact[a] - parts[a]));
  for (const i of order.slice(0, left)) parts[i]++;
  return parts;
}

function collapseOf(random: RandomStream, frequencies: number[], { per_class }: ImbalanceScores) {
  const accuracy = per_class.map(({ acc }) => acc ?? NaN);
  const scores = COLLAPSE_MEASURES.map((name, i) => {
    const values = frequencies.map((f) => 0.2 + 0.02 * i * Math.log(f + 1) + 0.1 * random.uniform());
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const rho = (other: number[]) => frequencyCorrelation(other, values).rho;
    return [name, { mean, rho_freq: rho(frequencies), rho_acc: rho(accuracy), per_class: values }];
  });
  return Object.fromEntries(scores) as CollapseScores;
}

/** Means and standard deviations over the seeds of each arm under each law, in the order of the runs. */
function summarise(runs: readonly ReportedRun[]): ArmSummary[] {
  const groups = new Map<string, ReportedRun[]>();
  for (const run of runs) {
    const key = `${run.law} ${run.arm}`;
    groups.set(key, [...groups.get(key) ?? [], run]);
  }
  return [...groups.values()].map((own) => ({
    ...{ law: own[0].law, arm: own[0].arm, seeds: own.length },
    means: Object.fromEntries(
      STUDY_MEASURES.map((measure) => [measure, meanAndSpread(own.map((run) => run[measure]))]),
    ) as ArmSummary["means"],
  }));
}

function meanAndSpread(values: readonly (number | null)[]): MeanAndSpread {
  const known = values.filter((value) => value !== null);
  if (known.length === 0 || known.length < values.length) return { mean: null, sd: null };
  const mean = known.reduce((a, b) => a + b, 0) / known.length;
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: known.length < 2 ? null : Math.sqrt(squares / (known.length - 1)) };
}
