// Measures against the reference values in ../shared/golden/e_metrics (PyTorch, scipy), within the tolerances stored there.
import { assert, assertEquals } from "@std/assert";
import {
  classificationMeter,
  effectiveRobustness,
  fitRobustness,
  meanOfPresent,
  neuralCollapse,
  pearson,
  spearman,
} from "../../data_utils/metrics/mod.ts";
import { readSafetensors } from "../../data_utils/runs/mod.ts";

const FOLDER = new URL("../../../shared/golden/e_metrics/", import.meta.url);

function isPresent(url: URL): boolean {
  try {
    return Deno.statSync(url).isDirectory;
  } catch {
    console.warn("skipped: ../shared/golden/e_metrics is absent");
    return false;
  }
}
const present = isPresent(FOLDER);

interface Tolerance {
  atol: number;
  rtol: number;
}

// deno-lint-ignore no-explicit-any -- a sidecar's fields differ by case
const sidecar = (name: string): any => JSON.parse(Deno.readTextFileSync(new URL(`${name}.json`, FOLDER)));

async function tensors(name: string): Promise<Record<string, Float32Array<ArrayBuffer>>> {
  const read = await readSafetensors(decodeURIComponent(new URL(`${name}.safetensors`, FOLDER).pathname));
  return Object.fromEntries(
    Object.entries(read).map(([key, { data }]) => [key, data as Float32Array<ArrayBuffer>]),
  );
}

function assertWithin(
  got: ArrayLike<number>,
  want: ArrayLike<number | null>,
  tolerance: Tolerance,
  what: string,
) {
  assertEquals(got.length, want.length, what);
  for (let i = 0; i < want.length; i++) {
    const wanted = want[i] ?? NaN;
    const bound = tolerance.atol + tolerance.rtol * Math.abs(wanted);
    const fits = Number.isNaN(wanted) ? Number.isNaN(got[i]) : Math.abs(got[i] - wanted) <= bound;
    assert(fits, `${what}[${i}]: ${got[i]} instead of ${wanted}`);
  }
}

function goldenTest(name: string, body: () => void | Promise<void>) {
  Deno.test({ name: `golden metrics: ${name}`, ignore: !present, fn: body });
}

goldenTest("confusion, top-k and per-class accuracy", async () => {
  for (const name of ["confusion_0", "confusion_1"]) {
    const { attrs, tolerance, ...want } = sidecar(name);
    const t = await tensors(name);
    const meter = classificationMeter(attrs.classes, attrs.topk);
    const half = Math.floor(attrs.samples / 2); // in two batches
    meter.add(t["in/logits"].slice(0, half * attrs.classes), t["in/target"].slice(0, half));
    meter.add(t["in/logits"].slice(half * attrs.classes), t["in/target"].slice(half));
    const got = meter.result();
    assertEquals([...got.confusion], [...t["out/confusion"]]);
    assertEquals([...got.predictionCounts], [...t["out/per_class_pred_count"]]);
    const rates = tolerance["out/per_class_acc"];
    assertWithin(got.perClassAccuracy, t["out/per_class_acc"], rates, "accuracy");
    const percent = attrs.topk.map((k: number) => 100 * got.topK[k]);
    assertWithin(percent, want.topk_percent, rates, "top-k");
    assertWithin(
      [100 * meanOfPresent(got.perClassAccuracy)],
      [want.mean_per_class_accuracy_percent],
      rates,
      "mean accuracy",
    );
  }
});

goldenTest("Spearman and Pearson with p values", () => {
  const { cases, tolerance } = sidecar("correlations");
  for (const { x, y, ...want } of cases) {
    const rank = spearman(x, y), linear = pearson(x, y);
    assertWithin([rank.statistic], [want.spearman], tolerance.statistic, "spearman");
    assertWithin([linear.statistic], [want.pearson], tolerance.statistic, "pearson");
    assertWithin([rank.p], [want.spearman_p], tolerance.p, "spearman p");
    assertWithin([linear.p], [want.pearson_p], tolerance.p, "pearson p");
  }
});

goldenTest("neural collapse with full and deficient rank, balanced or not", async () => {
  for (const name of ["nc_full_rank", "nc_rank_deficient", "nc_unbalanced"]) {
    const { attrs, tolerance } = sidecar(name);
    const t = await tensors(name);
    const got = neuralCollapse({
      features: t["in/features"],
      targets: t["in/target"],
      head: t["in/head"],
      classes: attrs.classes,
      dim: attrs.dim,
    });
    const outputs = {
      Sw_invSb: got.swInvSb,
      cos_M_all: got.cosMAll,
      cos_W_all: got.cosWAll,
      cos_M_nearest: got.cosMNearest,
      cos_W_nearest: got.cosWNearest,
      Sb_pinv: got.sbPinv,
    };
    for (const [key, values] of Object.entries(outputs)) {
      assertWithin(values, t[`out/${key}`], tolerance[`out/${key}`], `${name} ${key}`);
    }
    assertWithin(got.sb, t["out/Sb"], { atol: 1e-7, rtol: 1e-6 }, `${name} Sb`); // float32 rounding
  }
});

goldenTest("effective robustness", () => {
  const { tolerance, ...want } = sidecar("effective_robustness");
  const fit = fitRobustness(want.baseline_id, want.baseline_shift);
  assertWithin(
    [fit.slope, fit.intercept, fit.r2],
    [want.slope, want.intercept, want.r2],
    tolerance.values,
    "fit",
  );
  const got = want.models_id.map((id: number, i: number) =>
    effectiveRobustness(fit, id, want.models_shift[i])
  );
  assertWithin(got, want.effective_robustness, tolerance.values, "robustness");
});
