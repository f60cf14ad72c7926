// How the report is to be read: its terms, and what its numbers can and cannot say.
import type { StudyReport } from "../../data_utils/mod.ts";
import { signed } from "../figures/words.ts";
import { type Markup, markup } from "./markup.ts";

export function readingSection({ null_spread, classes }: StudyReport): Markup {
  const terms: readonly [term: string, meaning: string][] = [
    [
      "Arm",
      "A way of training. All arms train from nothing, with as many images seen and the same image tower.",
    ],
    [
      "Law",
      "How unequal the classes' numbers of training images are: “ratio 10” has ten times as many images of the most " +
      "frequent class as of the rarest. The test set has as many images of each class.",
    ],
    [
      "Seed",
      "Each seed draws anew the model, the order of the images and which class is how frequent, so that a class's " +
      "difficulty and its frequency do not go together.",
    ],
    ["Top-1, top-5", "The share of test images whose class is the first guess, or among the first five."],
    ["Head, middle, tail", "Mean accuracy of the frequent, the middle and the rare third of the classes."],
    [
      "ρ(freq, pred), ρ(freq, acc)",
      "Spearman's rank correlation, over the classes, of the number of training images with how often the class is " +
      "predicted, and with its accuracy. 0: frequency plays no role; 1: the order by frequency is the order by " +
      "predictions. The first is the measure of bias that the hypotheses are about.",
    ],
    [
      "Null spread",
      `The standard deviation of one such correlation where frequency plays no role: 1/√(classes − 1), here ` +
      `${signed(null_spread)} with ${classes} classes. Two of them are the grey bands of the figures.`,
    ],
    [
      "Estimate and interval",
      "A weighted sum of arms' mean ρ that should exceed 0 if the hypothesis is true, and its 95 % bootstrap interval " +
      "over seeds and classes. With two or three seeds the spread over seeds is itself known only roughly.",
    ],
    [
      "Holds, does not hold, not tested here",
      "A comparison holds where its interval lies above 0, and does not where it includes 0 or lies below; “does not " +
      "hold” is therefore no proof of the opposite. A hypothesis holds where all its comparisons do. With fewer than 30 " +
      "classes, a single seed, or an arm missing there is no verdict.",
    ],
    [
      "Matched accuracy",
      "SL at the evaluation during its training that is nearest to the final top-1 of CLIP with template captions, of " +
      "the same seed and law: a model of its own in the tables, though not trained anew.",
    ],
    [
      "Balanced",
      "A control: trained on as many images of each class, and correlated with the frequencies that the unbalanced set " +
      "of the same seed has.",
    ],
  ];
  return markup`<section id="reading"><h2>How to read this</h2><dl class="words">${
    terms.map(([term, meaning]) => markup`<dt>${term}</dt><dd>${meaning}</dd>`)
  }</dl></section>`;
}
