// `./denow task study`: SL and CLIP arms trained from scratch on the same long-tailed images, their accuracy and their
// predictions beside class frequency, and what becomes of the hypotheses. The program joins the two experiments and the
// figures; what it does stands in study.ts.
import { compileClasses, conceptCounter, writeClassTables } from "../../concept_freq/mod.ts";
import {
  clockTime,
  describeFlags,
  type FlagValues,
  progressOn,
  readFlags,
  readModel,
  readReportTo,
  readRunConfig,
  runProgram,
  type StoredTensor,
  type StudyReport,
  writeTextAtomically,
} from "../../data_utils/mod.ts";
import { recipes as supRecipes, towers, trainSup } from "../../exps_sup/mod.ts";
import { studyFiles } from "../../fig_utils/mod.ts";
import { destroyStore, type Gpu, openGpu } from "../../gpu/mod.ts";
import {
  allCaptions,
  captionsOf,
  clipConfigOf,
  clipStore,
  modelFor,
  recipes as clipRecipes,
  runTokenizer,
  textCoding,
  trainClip,
  zeroShotClassifier,
} from "../mod.ts";
import {
  agreeOnSettings,
  areDescribed,
  checkDataSettings,
  classSetName,
  freqsFolder,
  parseRun,
  type Recipes,
  reportText,
  runFolder,
  type RunName,
  runStudy,
  studyFlags,
  studyFolder,
  type StudyRun,
  type StudySettings,
  studySettings,
  subVocabularyFor,
  trainOneRun,
} from "./mod.ts";

const help =
  `Trains supervised models (SL) and CLIP from scratch on the same long-tailed images, measures every class, and says
what becomes of the hypotheses: how far accuracy and predictions follow class frequency, and what lowers that.

Usage: deno task study [flags]

${describeFlags(studyFlags)}

The folder gets a run folder per model, report.json, report.html and figures. A study that was stopped or killed goes on
when the same command is given again. Exit codes: 0 done, 1 failed while running, 2 bad input, 130 stopped.

Example: ./denow task study --quick
         ./denow task study --preset strong --seeds 3 --out runs/strong
         ./denow task study --train 'cifar10-train-*.tar.gz' --val 'cifar10-test-*.tar.gz' --classes classes.txt`;

/** Longest caption that the text tower reads, in tokens. */
const longestCaption = 77;

/** What all runs share, whatever they train. */
const budget = ({ batchSize, steps, evaluations }: StudySettings) =>
  ({
    batchSize,
    steps,
    accumulate: 1,
    frozen: [],
    storage: "f32",
    evaluateEvery: Math.ceil(steps / evaluations),
  }) as const;

/** How many times as wide the towers are. */
const widening = ({ scale }: StudySettings) => Math.round(Math.sqrt(scale));

/** What config.json says of where the data come from. */
const aboutRun = ({ arm, law, settings, frequencies, headFrom }: StudyRun<{ name: string }>) => ({
  arm: arm.name,
  law,
  data: settings.data,
  frequencies,
  headFrom,
});

/** The two experiments as the study's recipes: their small recipe, with the study's images, batch and steps. */
function recipesOn(gpu: Gpu, reportTo: string): Recipes {
  const report = readReportTo(reportTo);
  return {
    async sl(run) {
      const { arm, seed, settings, train, headFrom } = run;
      const { epochs: _, arch, ...recipe } = supRecipes.small, { size, classNames } = train;
      const wide = widening(settings), tower = towers[arch];
      const own = {
        ...recipe,
        ...budget(settings),
        arch,
        tower: { ...tower, width: tower.width * wide, outputDim: tower.outputDim * wide },
        size,
        classNames,
        vocabulary: arm.vocabulary
          ? { ...subVocabularyFor(classNames.length, settings.batchSize), weighting: arm.vocabulary }
          : null,
        logitAdjustment: arm.adjusted ? 1 : 0,
        frozen: arm.frozenHead ? ["head" as const] : [],
        seed,
      };
      const head = headFrom === null ? undefined : await textHead(gpu, headFrom, classNames);
      return trainSup({ gpu, reportTo: report, ...run, settings: own, about: aboutRun(run), weights: head });
    },
    async clip(run) {
      const { arm, seed, settings, train, described } = run;
      const { epochs: _, model: name, ...recipe } = clipRecipes.small,
        { templates, bpe, steps, batchSize } = settings;
      const { captions } = arm;
      const captionOf = captionsOf(train, { captions, templates, seed, own: described ?? undefined });
      if (!arm.balanced) await countMentions(run, allCaptions(captionOf, train.count, 1));
      const epochs = Math.ceil(steps / Math.floor(train.count / batchSize));
      const every = () => allCaptions(captionOf, train.count, epochs);
      const { tokenizer, contextLength } = await textCoding(every, { bpe, most: longestCaption });
      const { size, classNames } = train, { vocabSize } = tokenizer;
      const model = modelFor(name, { size, vocabSize, contextLength, widening: widening(settings) });
      const own = {
        ...recipe,
        ...budget(settings),
        ...{ name, model, size, classNames, captions, templates, bpe, seed },
        countOnce: arm.countOnce ?? null,
      };
      return trainClip({
        gpu,
        reportTo: report,
        ...run,
        settings: own,
        about: aboutRun(run),
        captionOf,
        tokenizer,
      });
    },
  };
}

/** A classifier's rows from the text tower of a finished CLIP run: its zero-shot head for the run's own prompts. */
async function textHead(
  gpu: Gpu,
  dir: string,
  classNames: readonly string[],
): Promise<Map<string, StoredTensor>> {
  const settings = clipConfigOf(await readRunConfig(dir), dir),
    store = clipStore(gpu, settings, await readModel(dir));
  try {
    const tokenizer = await runTokenizer(dir, settings.bpe), { templates, model } = settings;
    const data = Float32Array.from(
      await zeroShotClassifier(store, settings, tokenizer, { templates, classNames }),
    );
    return new Map([["head", { data, shape: [classNames.length, model.embedDim], dtype: "f32" }]]);
  } finally {
    destroyStore(store);
  }
}

/**
 * Counts how often the captions of a run mention each class, into tables of the study's folder. Where WordNet cannot be
 * had there are none, and the report says so.
 */
async function countMentions(
  { dir, train: { classNames } }: Pick<StudyRun<unknown>, "dir" | "train">,
  captions: Iterable<string>,
): Promise<void> {
  const concepts = await compileClasses(classNames).catch(() => null);
  if (!concepts) return;
  const { counts } = await conceptCounter(concepts).count(captions);
  const cut = dir.lastIndexOf("/");
  const out = `${dir.slice(0, cut)}/${freqsFolder}`;
  await writeClassTables({ classNames, counts, out, name: dir.slice(cut + 1), set: classSetName });
}

/** report.html and the figures, beside report.json. */
async function drawReport(dir: string, report: StudyReport): Promise<void> {
  for (const [name, text] of studyFiles(report)) {
    const path = `${dir}/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await writeTextAtomically(path, text);
  }
}

/** Trains one run in this process; its progress are lines on standard output. */
async function one(name: string, flags: FlagValues<typeof studyFlags>, signal: AbortSignal): Promise<void> {
  const { dir, settings } = await resolve(flags), run: RunName = parseRun(name, settings);
  await agreeOnSettings(dir, settings);
  const gpu = await openGpu();
  const print = (line: unknown) =>
    void Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(line) + "\n"));
  const recipes = recipesOn(gpu, flags["report-to"] ?? "");
  await trainOneRun({ dir, settings, run, recipes, print, saveEvery: flags["save-every"], signal });
  gpu.close();
}

/** The study that flags ask for. Throws RangeError, SyntaxError or Deno.errors.NotFound for what cannot be. */
async function resolve(
  flags: FlagValues<typeof studyFlags>,
): Promise<{ dir: string; settings: StudySettings }> {
  readReportTo(flags["report-to"] ?? "");
  const described = await areDescribed(flags), settings = studySettings(flags, { described });
  await checkDataSettings(settings);
  return { dir: studyFolder(flags), settings };
}

if (import.meta.main) {
  await runProgram(async (args, signal) => {
    if (args.includes("--help")) return console.log(help);
    const flags = readFlags(args, studyFlags);
    if (flags.only !== undefined) return await one(flags.only, flags, signal);
    const { dir, settings } = await resolve(flags);
    const began = performance.now(), progress = progressOn();
    const gpu = await openGpu(); // no need to render images where nothing can train
    progress.note(`Device: ${gpu.description.description || gpu.description.device}; folder: ${dir}`);
    gpu.close();
    const report = await runStudy({
      dir,
      settings,
      childArgs: (run) => ["run", "-A", import.meta.url, ...args, "--only", runFolder(run)],
      jobs: flags.jobs ?? Math.min(2, navigator.hardwareConcurrency),
      progress,
      signal,
    });
    await drawReport(dir, report);
    progress.note(`Done in ${clockTime((performance.now() - began) / 1000)}`);
    if (flags.json) return console.log(JSON.stringify(report));
    console.log(reportText(report));
    console.log(`\nPage: ${dir}/report.html; or ./denow task view --runs ${dir}`);
  });
}
