// A study's folder as the study program leaves it, for tests of the view and of the figure program: report.json and
// one run folder per trained model. It removes itself.
import {
  openRun,
  randomStream,
  REPORT_FILE,
  type ReportedRun,
  RESULT_FILE,
  type StudyReport,
  writeClassTable,
} from "../../data_utils/mod.ts";
import { exampleReport } from "./example_report.ts";

export * from "./example_report.ts";

/**
 * Writes the folder, with `not_a_run` in it. With null there is no report yet, and the first of the example's runs is
 * still training: it has half of its steps, its metrics end in a line that is being written, and it has no result.
 */
export async function exampleStudy(
  report: StudyReport | null = exampleReport,
): Promise<{ folder: string } & AsyncDisposable> {
  const folder = await Deno.makeTempDir({ prefix: "study " });
  await Deno.mkdir(`${folder}/not_a_run`);
  const runs = (report ?? exampleReport).arms.filter(({ run, arm }) => run.startsWith(arm));
  for (const [i, run] of runs.entries()) await writeRun(folder, run, report !== null || i > 0);
  if (report) await Deno.writeTextFile(`${folder}/${REPORT_FILE}`, JSON.stringify(report));
  return { folder, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

async function writeRun(folder: string, reported: ReportedRun, finished: boolean): Promise<void> {
  const { run: name, curve, arm, law, seed, steps, collapse: _, ...result } = reported;
  const config = { arm, law, seed, steps, batchSize: reported.images_seen / steps, images: 20_000 };
  const run = await openRun({ dir: `${folder}/${name}`, config });
  const last = finished ? steps : steps / 2, random = randomStream(4, seed);
  for (let step = 10; step <= last; step += 10) {
    const loss = 0.4 + 3 * Math.exp(-3 * step / steps) + 0.1 * random.normal();
    run.log({ step, loss, seconds: reported.seconds * step / steps });
  }
  await run.close();
  const write = (file: string, text: string, append = false) =>
    Deno.writeTextFile(`${run.dir}/${file}`, text, { append });
  const points = curve.filter(({ step }) => step <= last);
  await write("evaluations.jsonl", points.map((point) => evaluation(point, reported)).join(""));
  if (!finished) return await write("metrics.jsonl", `{"step":${last + 10},"lo`, true);
  await write("confusion.tsv", confusionTable(reported));
  await writeClassTable(`${run.dir}/classes.tsv`, reported.per_class);
  await write(RESULT_FILE, JSON.stringify({ steps, ...result }));
}

/** A line of evaluations.jsonl; accuracies grow towards those of the end. */
function evaluation(point: ReportedRun["curve"][number], { per_class, top1 }: ReportedRun): string {
  const acc = per_class.map((row) => row.acc === null ? null : row.acc * Math.min(1, point.top1 / top1));
  return JSON.stringify({ ...point, acc, pred: per_class.map(({ pred }) => pred) }) + "\n";
}

/** confusion.tsv: as many right and as many predicted as the per-class table says; who is taken for whom is chance. */
function confusionTable({ per_class, seed }: ReportedRun): string {
  const tests = per_class.reduce((sum, { pred }) => sum + pred, 0) / per_class.length;
  const right = per_class.map(({ acc }) => Math.round((acc ?? 0) * tests));
  const each = (counts: number[]) => counts.flatMap((count, c) => Array<number>(Math.max(0, count)).fill(c));
  const targets = each(right.map((count) => tests - count));
  const predicted = randomStream(5, seed).shuffle(each(per_class.map(({ pred }, c) => pred - right[c])));
  const counts = new Map<string, number>();
  const add = (target: number, as: number, count: number) =>
    count > 0 && counts.set(`${target}\t${as}`, (counts.get(`${target}\t${as}`) ?? 0) + count);
  right.forEach((count, c) => add(c, c, count));
  targets.forEach((target, i) => {
    // An error is never the class itself: such a pair trades places with one that does not mind.
    if (predicted[i] === target) {
      const other = targets.findIndex((t, j) => t !== target && predicted[j] !== target);
      if (other >= 0) [predicted[i], predicted[other]] = [predicted[other], predicted[i]];
    }
  });
  targets.forEach((target, i) => add(target, predicted[i], 1));
  const rows = [...counts].map(([pair, count]) => [...pair.split("\t").map(Number), count]);
  rows.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return ["target\tpredicted\tcount", ...rows.map((row) => row.join("\t"))].map((line) => line + "\n").join(
    "",
  );
}
