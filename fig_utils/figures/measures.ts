// What the study's panels draw against class frequency: accuracy, and how often the class is predicted.
import type { Measure } from "./class_panel.ts";

/** Accuracy of each class in percent. */
export const accuracy: Measure = {
  name: "accuracy",
  short: "acc",
  label: "accuracy, %",
  rho: "rho_freq_acc",
  even: false,
  of: ({ acc }) => acc === null || Number.isNaN(acc) ? null : acc * 100,
  text: (value) => `${value.toFixed(1)} % right`,
  axis: () => ({ domain: [0, 100], ticks: [0, 25, 50, 75, 100] }),
};

/** Number of test images that are taken for each class. The axis is that of a root: rare predictions keep room. */
export const predictions: Measure = {
  name: "predictions",
  short: "pred",
  label: "times predicted (root scale)",
  rho: "rho_freq_pred",
  even: true,
  of: ({ pred }) => pred,
  text: (value) => `predicted ${value} times`,
  axis: (most) => {
    const ticks = rootTicks(most);
    return { type: "sqrt", domain: [0, ticks[ticks.length - 1]], ticks };
  },
};

/** Whole round numbers from 0 to `most` or a little above, which stand well apart under a root. */
function rootTicks(most: number): number[] {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, most))) - 1);
  const end = [10, 15, 20, 30, 40, 60, 80, 100].find((step) => step * unit >= most)!;
  return [0, 1, 5, 10, 20, 40, 60, 80, 100].filter((step) => step < end).concat(end).map((step) =>
    step * unit
  );
}
