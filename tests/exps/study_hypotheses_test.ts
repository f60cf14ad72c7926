// The study's answers on made runs whose truth is known: what holds, what does not, what cannot be said, and why.
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { ReportedHypothesis, ReportedRun } from "../../data_utils/mod.ts";
import { hypotheses, judge } from "../../exps_clip/study/mod.ts";
import { arms as studyArms } from "../../exps_clip/study/arms.ts";
import { madePairs, madeRun, madeRuns } from "./made_studies.ts";

/** Slopes of the world that the hypotheses describe. */
const asSaid = {
  ...{ sl_full: 1.5, sl_sub: 0.4, sl_sub_uniform: 1.5, sl_adjusted: 0.3, sl_frozen: 1.5, sl_matched: 1.5 },
  ...{
    clip_templates: 0.3,
    clip_once: 1.2,
    clip_class_once: 1.2,
    clip_rich: -0.4,
    sl_balanced: 0,
    clip_balanced: 0,
  },
};
type Slopes = Readonly<Record<string, number>>;

/** The study's slopes with others in place of some of them; arms of null are left out. */
function slopes(others: Readonly<Record<string, number | null>> = {}): Slopes {
  const all = Object.entries({ ...asSaid, ...others });
  return Object.fromEntries(all.filter((entry): entry is [string, number] => entry[1] !== null));
}

function answers(arms: Slopes, { classes = 64, seeds = 3, draw = 0 } = {}) {
  return byId(judge(madeRuns({ arms, classes, seeds, draw }), classes));
}

const byId = (list: readonly ReportedHypothesis[]): Readonly<Record<string, ReportedHypothesis>> =>
  Object.fromEntries(list.map((hypothesis) => [hypothesis.id, hypothesis]));

const verdictsOf = ({ verdict, contrasts }: ReportedHypothesis) => [
  verdict,
  ...contrasts.map((contrast) => contrast.verdict),
];

Deno.test("hypotheses: each has a source, an own name, and contrasts between arms of the study", () => {
  assertEquals(new Set(hypotheses.map(({ id }) => id)).size, hypotheses.length);
  const known = new Set([...studyArms.map(({ name }) => name), "sl_matched"]);
  for (const { statement, source, contrasts } of hypotheses) {
    assert(statement.length > 20 && source.length > 10 && contrasts.length > 0);
    for (const { weights } of contrasts) {
      assertEquals(Object.keys(weights).filter((arm) => !known.has(arm)), []);
    }
  }
});

Deno.test("verdicts: all hold where they are true, with estimate and interval of the sums", () => {
  const found = answers(asSaid);
  assertEquals(
    Object.values(found).map(({ id, verdict }) => [id, verdict]),
    hypotheses.map(({ id }) => [id, "holds"]),
  );
  const { contrasts: [less], because, law } = found.clip_follows_frequency_less;
  assertEquals([because, law], ["All intervals lie above 0.", "ratio:10"]);
  const means = (arm: string) =>
    madeRuns({ arms: asSaid, classes: 64, seeds: 3 }).filter((run) => run.arm === arm)
      .reduce((sum, run) => sum + run.rho_freq_pred! / 3, 0);
  assertAlmostEquals(less.values.sl_full!, means("sl_full"));
  assertAlmostEquals(less.estimate!, means("sl_full") - means("clip_templates"));
  assert(less.interval![0] > 0 && less.interval![0] < less.estimate! && less.interval![1] > less.estimate!);
  const [, uniform] = found.sub_vocabulary_lowers_bias.contrasts;
  assertAlmostEquals(
    uniform.estimate!,
    means("sl_sub_uniform") - 0.5 * means("sl_full") - 0.5 * means("sl_sub"),
  );
  assert(uniform.accuracy.estimate !== null && uniform.accuracy.interval !== null);
});

Deno.test("verdicts: none holds where frequency plays no role", () => {
  const nothing = Object.fromEntries(Object.keys(asSaid).map((arm) => [arm, 0]));
  for (const { id, verdict, because } of Object.values(answers(nothing))) {
    assertEquals(verdict, "does not hold", id);
    assert(/the interval (includes 0|lies below 0, the opposite)/.test(because), because);
  }
});

Deno.test("verdicts: an opposite effect is named as one, and a remedy that fails in part does not hold", () => {
  const opposite = answers(slopes({ clip_rich: 1.5 })).rich_captions_lower_bias;
  assertEquals(opposite.verdict, "does not hold");
  assertEquals(opposite.because, "Rich less than templates: the interval lies below 0, the opposite.");
  assert(opposite.contrasts[0].interval![1] < 0);
  // Uniform sub-vocabularies that work as well as weighted ones refute "uniform does not".
  const both = answers(slopes({ sl_sub_uniform: 0.4 })).sub_vocabulary_lowers_bias;
  assertEquals(verdictsOf(both), ["does not hold", "holds", "does not hold"]);
  // A frozen head cannot fail to close a gap that is not there.
  const noGap = answers(slopes({ clip_rich: 1.5 })).frozen_head_does_not;
  assertEquals(noGap.contrasts[0].verdict, "does not hold");
  assertEquals(noGap.verdict, "does not hold");
  // Balanced training with a bias against frequent classes is not "none" either.
  const against = answers(slopes({ clip_balanced: -1 })).balanced_training_shows_none;
  assertEquals(verdictsOf(against), ["does not hold", "holds", "holds", "holds", "does not hold"]);
});

Deno.test("verdicts: an arm that was not trained leaves its hypotheses open, and the other contrasts answered", () => {
  const found = answers(
    slopes({
      sl_sub_uniform: null,
      clip_once: null,
      clip_class_once: null,
      sl_adjusted: null,
      sl_matched: null,
    }),
  );
  const sub = found.sub_vocabulary_lowers_bias, repeats = found.repeats_act_as_logit_adjustment;
  assertEquals(verdictsOf(sub), ["not tested here", "holds", "not tested here"]);
  assertEquals(sub.because, "sl_sub_uniform has no run.");
  assertEquals([sub.contrasts[1].estimate, sub.contrasts[1].interval], [null, null]);
  assertEquals(sub.contrasts[1].values.sl_sub_uniform, null);
  assert(sub.contrasts[1].values.sl_full! > 0.5);
  assertEquals(repeats.because, "clip_once has no run; sl_adjusted has no run.");
  assertEquals(verdictsOf(found.clip_follows_frequency_less), [
    "not tested here",
    "holds",
    "not tested here",
  ]);
});

Deno.test("verdicts: without rich captions the frozen head is the template CLIP's", () => {
  const { frozen_head_does_not: frozen, rich_captions_lower_bias: rich } = answers(
    slopes({ clip_rich: null }),
  );
  assertEquals(verdictsOf(frozen), ["holds", "holds", "holds"]);
  assertEquals(frozen.contrasts.map(({ weights }) => weights), [
    { sl_full: 1, clip_templates: -1 },
    { sl_full: -0.5, clip_templates: -0.5, sl_frozen: 1 },
  ]);
  assertEquals(rich.because, "clip_rich has no run.");
});

Deno.test("verdicts: below 30 classes, and with one seed, there are intervals and no verdicts", () => {
  for (
    const [found, because] of [
      [answers(asSaid, { classes: 29 }), "29 classes are too few for a verdict, which takes 30."],
      [answers(asSaid, { seeds: 1 }), "With one seed the intervals are over classes only."],
    ] as const
  ) {
    for (const hypothesis of Object.values(found)) {
      assertEquals([...new Set(verdictsOf(hypothesis))], ["not tested here"]);
      assertEquals(hypothesis.because, because);
      assert(hypothesis.contrasts.every(({ interval }) => interval !== null));
    }
  }
  assertEquals(answers(asSaid, { classes: 30 }).sl_follows_frequency.verdict, "holds");
});

Deno.test("verdicts: a sum is over the seeds that all its arms have", () => {
  const runs = madeRuns({ arms: { sl_full: 1.5, clip_rich: 0 }, classes: 64, seeds: 3 });
  const without = runs.filter(({ arm, seed }) => arm !== "clip_rich" || seed !== 1);
  const { rich_clip_follows_frequency_less: { contrasts: [less] } } = byId(judge(without, 64));
  const of = (arm: string, seed: number) =>
    runs.find((run) => run.arm === arm && run.seed === seed)!.rho_freq_pred!;
  assertAlmostEquals(less.values.sl_full!, (of("sl_full", 0) + of("sl_full", 2)) / 2);
  assertEquals(less.verdict, "holds");
  const apart = runs.filter(({ arm, seed }) => (arm === "sl_full") === (seed === 0));
  assertEquals(byId(judge(apart, 64)).rich_clip_follows_frequency_less.because, "No seed has all arms.");
});

Deno.test("verdicts: a correlation that is not defined is passed on with its reason", () => {
  const [[pairs]] = madePairs({ arms: { any: 1 }, classes: 40, seeds: 1 });
  const runs = madeRuns({ arms: { sl_full: 1.5, clip_rich: 0 }, classes: 40, seeds: 2 });
  const constant: ReportedRun = madeRun("clip_rich", 1, { ...pairs, values: Array(40).fill(5) });
  const found = byId(
    judge([...runs.filter(({ arm, seed }) => arm !== "clip_rich" || seed !== 1), constant], 40),
  );
  const { verdict, because, contrasts: [less] } = found.rich_clip_follows_frequency_less;
  assertEquals(verdict, "not tested here");
  assertEquals(because, "clip_rich has no correlation in seed 1: all classes have the same value.");
  assertEquals([less.estimate, less.values.clip_rich, less.accuracy.estimate], [null, null, null]);
  assertEquals(found.sl_follows_frequency.verdict, "holds");
});

Deno.test("verdicts: law by law, and the same numbers each time", () => {
  const arms = { sl_full: 1.5, clip_rich: 0 };
  const runs = [
    ...madeRuns({ arms, classes: 40, seeds: 2 }, "ratio:50"),
    ...madeRuns({ arms: { sl_full: 0, clip_rich: 0 }, classes: 40, seeds: 2 }, "ratio:10"),
  ];
  const found = judge(runs, 40);
  assertEquals(found.length, 2 * hypotheses.length);
  const premises = found.filter(({ id }) => id === "sl_follows_frequency");
  assertEquals(premises.map(({ law, verdict }) => [law, verdict]), [
    ["ratio:50", "holds"],
    ["ratio:10", "does not hold"],
  ]);
  assertEquals(judge(runs, 40), found);
  assertEquals(judge([], 40), []);
});
