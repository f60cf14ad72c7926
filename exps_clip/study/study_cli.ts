// `./denow task study`: SL with full vocabulary, SL with sub-vocabulary and CLIP, trained from scratch on the same
// long-tailed images, and their accuracy beside class frequency. The program joins the two experiments; what it does
// stands in study.ts.
import { clockTime, describeFlags, progressOn, readFlags, runProgram } from "../../data_utils/mod.ts";
import { recipes as supRecipes, towers, trainSup } from "../../exps_sup/mod.ts";
import { type Gpu, openGpu } from "../../gpu/mod.ts";
import {
  allCaptions,
  captionKind,
  captionsOf,
  modelFor,
  recipes as clipRecipes,
  textCoding,
  trainClip,
} from "../mod.ts";
import {
  agreeOnSettings,
  checkDataSettings,
  parseRun,
  type Recipes,
  reportText,
  type RunName,
  runStudy,
  studyFlags,
  studyFolder,
  type StudySettings,
  studySettings,
  subVocabularyFor,
  trainOneRun,
} from "./mod.ts";

const help =
  `Trains SL (full vocabulary, and frequency-weighted sub-vocabulary) and CLIP on the same long-tailed images and
compares how far their accuracy and their predictions follow class frequency.

Usage: deno task study [flags]

${describeFlags(studyFlags)}

The folder gets a run folder per model and report.json. A study that was stopped or killed goes on when the same command
is given again. Exit codes: 0 done, 1 failed while running, 2 bad input, 130 stopped.

Example: ./denow task study --quick
         ./denow task study --train 'cifar10-train-*.tar.gz' --val 'cifar10-test-*.tar.gz' --classes classes.txt`;

/** Longest caption that the text tower reads, in tokens. */
const longestCaption = 77;

/** The two experiments as the study's recipes: their small recipe, with the study's images, batch and steps. */
function recipesOn(gpu: Gpu): Recipes {
  const budget = ({ batchSize, steps }: StudySettings) =>
    ({ batchSize, steps, accumulate: 1, frozen: [], storage: "f32" }) as const;
  return {
    sl({ arm, seed, settings, train, ...run }) {
      const { epochs: _, arch, ...recipe } = supRecipes.small, { size, classNames } = train;
      const sub = {
        ...subVocabularyFor(classNames.length, settings.batchSize),
        weighting: "linear",
      } as const;
      const vocabulary = arm.vocabulary === "sub" ? sub : null;
      const own = {
        ...recipe,
        ...budget(settings),
        arch,
        tower: towers[arch],
        size,
        classNames,
        vocabulary,
        seed,
      };
      return trainSup({ gpu, settings: own, about: aboutRun(settings, run.frequencies), train, ...run });
    },
    async clip({ arm: _, seed, settings, train, ...run }) {
      const { epochs: __, model: name, ...recipe } = clipRecipes.small,
        { templates, bpe, steps, batchSize } = settings;
      const captions = captionKind(train), captionOf = captionsOf(train, { captions, templates, seed });
      const epochs = Math.ceil(steps / Math.floor(train.count / batchSize));
      const coding = await textCoding(() => allCaptions(captionOf, train.count, epochs), {
        bpe,
        most: longestCaption,
      });
      const { tokenizer, contextLength } = coding, { size, classNames } = train;
      const model = modelFor(name, { size, vocabSize: tokenizer.vocabSize, contextLength });
      const own = {
        ...recipe,
        ...budget(settings),
        name,
        model,
        size,
        classNames,
        captions,
        templates,
        bpe,
        seed,
      };
      const about = aboutRun(settings, run.frequencies);
      return trainClip({ gpu, settings: own, about, train, captionOf, tokenizer, ...run });
    },
  };
}

const aboutRun = ({ data, law }: StudySettings, frequencies: number[]) => ({ data, law, frequencies });

async function one(
  run: RunName,
  study: { dir: string; settings: StudySettings; saveEvery: number; signal: AbortSignal },
): Promise<void> {
  await agreeOnSettings(study.dir, study.settings);
  const gpu = await openGpu();
  const print = (line: unknown) =>
    void Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(line) + "\n"));
  await trainOneRun({ ...study, run, recipes: recipesOn(gpu), print });
  gpu.close();
}

if (import.meta.main) {
  await runProgram(async (args, signal) => {
    if (args.includes("--help")) return console.log(help);
    const flags = readFlags(args, studyFlags), settings = studySettings(flags), dir = studyFolder(flags);
    if (flags.only !== undefined) {
      const study = { dir, settings, saveEvery: flags["save-every"], signal };
      return await one(parseRun(flags.only, settings), study);
    }
    await checkDataSettings(settings);
    const began = performance.now(), progress = progressOn();
    const gpu = await openGpu(); // no need to render images where nothing can train
    progress.note(`Device: ${gpu.description.description || gpu.description.device}; folder: ${dir}`);
    gpu.close();
    const report = await runStudy({
      dir,
      settings,
      childArgs: ({ arm, seed }) => ["run", "-A", import.meta.url, ...args, "--only", `${arm}:${seed}`],
      jobs: flags.jobs ?? Math.min(2, navigator.hardwareConcurrency),
      progress,
      signal,
    });
    progress.note(`Done in ${clockTime((performance.now() - began) / 1000)}`);
    console.log(flags.json ? JSON.stringify(report) : reportText(report));
  });
}
