// What was run, as the report says it: in a sentence, in what was noted or left out, and in all settings.
import type { Skipped, StudyReport } from "../../data_utils/mod.ts";
import { lawsOf } from "../figures/arms.ts";
import { lawTitle } from "../figures/words.ts";
import { type Markup, markup } from "./markup.ts";

const count = (value: number) => Math.round(value).toLocaleString("en-GB");

export function runSection(report: StudyReport): Markup {
  const { settings, notes, skipped, seconds, images_per_second } = report;
  const left = [
    ...skippedLines("training", skipped.train ?? []),
    ...skippedLines("test", skipped.test ?? []),
  ];
  const remarks = [...notes, ...left];
  return markup`<section id="run"><h2>What was run</h2>
<p>${inOneSentence(report)} Training steps took ${duration(seconds)} in all, at ${
    count(images_per_second)
  } images a second.</p>
${remarks.length === 0 ? null : markup`<ul>${remarks.map((note) => markup`<li>${note}</li>`)}</ul>`}
<details><summary>All settings</summary><dl class="settings">${
    settingLines(settings).map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)
  }</dl></details></section>`;
}

/** How many models of which kinds saw how many images. */
export function inOneSentence(report: StudyReport): string {
  const { arms: runs, classes } = report, laws = lawsOf(report);
  const arms = new Set(runs.map(({ arm }) => arm)).size, seeds = new Set(runs.map(({ seed }) => seed)).size;
  const models = new Set(runs.map(({ run }) => run)).size;
  const seen = Math.max(0, ...runs.map(({ images_seen }) => images_seen));
  return `${plural(models, "model")} of ${plural(classes, "class", "classes")}: ${plural(arms, "arm")}, ` +
    `${plural(laws.length, "law")} of imbalance (${laws.map(lawTitle).join(", ")}), ${
      plural(seeds, "seed")
    }; ` +
    `each saw ${count(seen)} images in training.`;
}

function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds.toFixed(0)} s`;
  return seconds < 7200 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function skippedLines(set: string, skipped: readonly Skipped[]): string[] {
  return skipped.map(({ reason, count, example }) =>
    `${plural(count, `${set} sample`)} left out: ${reason} (such as ${example}).`
  );
}

/** Settings line by line, of nested ones the path: "data.classes". */
function settingLines(value: unknown, path = ""): [name: string, value: string][] {
  if (Array.isArray(value) && value.every((item) => typeof item !== "object")) {
    return [[path, value.join(", ")]];
  }
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([name, inner]) =>
      settingLines(inner, path === "" ? name : `${path}.${name}`)
    );
  }
  return [[path, value === null || value === undefined ? "none" : String(value)]];
}
