// Group e_metrics: the measures of data_utils/metrics, which run on the host in float64.

import {
  argmaxRows,
  classificationMeter,
  effectiveRobustness,
  fitRobustness,
  meanOfPresent,
  neuralCollapse,
  pearson,
  spearman,
} from "../../data_utils/metrics/mod.ts";
import { type Check, closeness } from "./compare.ts";
import { compareTensor } from "./case_graph.ts";
import { type Fixture, tensorOf, toleranceOf } from "./fixture.ts";

/** Numbers that the sidecar keeps in JSON without a tolerance were computed in float64. */
const jsonTolerance = { atol: 1e-9, rtol: 1e-6 };

function confusion(fixture: Fixture): Check[] {
  const logits = tensorOf(fixture, "in/logits"), target = tensorOf(fixture, "in/target");
  const classes = logits.shape[1], ks = fixture.attrs.topk as number[];
  const meter = classificationMeter(classes, ks);
  meter.add(logits.data as Float32Array, target.data);
  const result = meter.result();
  const outputs: Record<string, ArrayLike<number>> = {
    pred: argmaxRows(logits.data as Float32Array, classes),
    confusion: result.confusion,
    per_class_acc: result.perClassAccuracy,
    per_class_pred_count: result.predictionCounts,
  };
  const { topk_percent: topK, mean_per_class_accuracy_percent: mean } = fixture.sidecar;
  return [
    ...fixture.outputs.map((name) =>
      compareTensor(fixture, `out/${name}`, { data: outputs[name], shape: [] })
    ),
    closeness("topk_percent", ks.map((k) => 100 * result.topK[k]), topK, jsonTolerance),
    closeness(
      "mean_per_class_accuracy_percent",
      [100 * meanOfPresent(result.perClassAccuracy)],
      [mean],
      jsonTolerance,
    ),
  ];
}

function correlation(fixture: Fixture): Check[] {
  return fixture.sidecar.cases.flatMap((c: Record<string, number[]>, i: number) => {
    const measures = { spearman: spearman(c.x, c.y), pearson: pearson(c.x, c.y) };
    return Object.entries(measures).flatMap(([name, { statistic, p }]) => [
      closeness(
        `cases[${i}].${name}`,
        [statistic],
        [c[name] as unknown as number],
        toleranceOf(fixture, "statistic"),
      ),
      closeness(
        `cases[${i}].${name}_p`,
        [p],
        [c[`${name}_p`] as unknown as number],
        toleranceOf(fixture, "p"),
      ),
    ]);
  });
}

function robustness(fixture: Fixture): Check[] {
  const s = fixture.sidecar, tolerance = toleranceOf(fixture, "values");
  const fit = fitRobustness(s.baseline_id, s.baseline_shift);
  const effects = s.models_id.map((id: number, i: number) => effectiveRobustness(fit, id, s.models_shift[i]));
  return [
    closeness("fit", [fit.slope, fit.intercept, fit.r2], [s.slope, s.intercept, s.r2], tolerance),
    closeness("effective_robustness", effects, s.effective_robustness, tolerance),
  ];
}

function collapse(fixture: Fixture): Check[] {
  const [classes, dim] = tensorOf(fixture, "in/head").shape;
  const result = neuralCollapse({
    features: tensorOf(fixture, "in/features").data as Float32Array,
    targets: tensorOf(fixture, "in/target").data,
    head: tensorOf(fixture, "in/head").data as Float32Array,
    classes,
    dim,
  });
  const outputs: Record<string, Float64Array> = {
    Sw_invSb: result.swInvSb,
    cos_M_all: result.cosMAll,
    cos_W_all: result.cosWAll,
    cos_M_nearest: result.cosMNearest,
    cos_W_nearest: result.cosWNearest,
    Sb: result.sb,
    Sb_pinv: result.sbPinv,
  };
  return fixture.outputs.map((name) =>
    compareTensor(fixture, `out/${name}`, { data: outputs[name], shape: [] })
  );
}

/** Checks by the sidecar's `op`. */
export const metricCases: Readonly<Record<string, (fixture: Fixture) => Check[]>> = {
  confusion_metrics: confusion,
  correlation,
  effective_robustness: robustness,
  nc_metrics: collapse,
};
