// `./denow task clip train|eval|zero-shot`: one CLIP model on the user's own captioned images, its retrieval on held-out
// pairs, and zero-shot classification with it.
import {
  classCounts,
  classNamesFor,
  describeFlags,
  describeSkipped,
  type ImageSource,
  memoryLine,
  type NeuralCollapse,
  openImageSource,
  parseLaw,
  type Progress,
  progressOn,
  readClassNames,
  readFlags,
  readFrequencies,
  readModel,
  readReportTo,
  readRunConfig,
  readSafetensors,
  runProgram,
  scoreLines,
  skipLimitOf,
  stepLine,
  writeSkippedSamples,
} from "../data_utils/mod.ts";
import { openGpu } from "../gpu/mod.ts";
import {
  allCaptions,
  type CaptionKind,
  captionKind,
  captionsOf,
  clipConfigOf,
  clipEvalFlags,
  clipRunName,
  clipSettings,
  clipStore,
  clipTrainFlags,
  clipZeroShotFlags,
  columnsOf,
  epochsOf,
  type Ranks,
  retrieve,
  runTokenizer,
  templatesOf,
  textCoding,
  trainClip,
  zeroShot,
} from "./mod.ts";

const help = `Trains, evaluates or applies one CLIP model.

Usage: deno task clip train --train-data PATH [flags]
       deno task clip eval --run DIR --val-data PATH [flags]
       deno task clip zero-shot --run DIR --val-data PATH [flags]

train
${describeFlags(clipTrainFlags)}

eval: contrastive loss and retrieval on held-out pairs
${describeFlags(clipEvalFlags)}

zero-shot: classification of labelled images by prompts
${describeFlags(clipZeroShotFlags)}

A training that was stopped goes on when the same command is given again.
Exit codes: 0 done, 1 failed while running, 2 bad input, 130 stopped.

Example: ./denow task clip train --train-data pairs.tsv --val-data val.tsv --classes classes.txt --epochs 10`;

async function train(args: readonly string[], signal: AbortSignal): Promise<void> {
  const flags = readFlags(args, clipTrainFlags, ["train-data"]), reportTo = readReportTo(flags["report-to"]);
  const source = flags["train-data"], tested = flags["val-data"], progress = progressOn();
  const known = flags.classes !== undefined || flags["num-classes"] !== undefined ||
    await isFolder(source[0]);
  if (!known && (tested.length > 0 || flags.law !== undefined)) {
    throw new RangeError("--val-data and --law need the classes: name them with --classes FILE, one a line");
  }
  const naming = { file: flags.classes, count: flags["num-classes"] };
  const classNames = known ? await classNamesFor(source, naming) : [];
  const law = flags.law === undefined ? undefined : parseLaw(flags.law, classNames);
  const opening = {
    ...{ classNames, labelled: known, columns: columnsOf(flags), workers: flags.workers, signal },
    skipLimit: skipLimitOf(flags["max-skipped"]),
    onProgress: ({ done, total }: { done: number; total: number }) =>
      progress.show(`${done} of ${total} images read`),
  };
  const selection = law && { law, seed: flags.seed };
  const transform = "clip_train", { size } = flags;
  const data = await openImageSource(source, { ...opening, size, transform, selection });
  const test = tested.length > 0 ? await openImageSource(tested, { ...opening, size: data.size }) : null;

  const captions = flags.captions as CaptionKind | undefined ?? captionKind(data),
    templates = await templatesOf(flags);
  const captionOf = captionsOf(data, { captions, templates, seed: flags.seed }), epochs = epochsOf(flags);
  const every = () => allCaptions(captionOf, data.count, captions === "own" ? 1 : epochs);
  const coding = await textCoding(every, { bpe: flags.bpe ?? null, most: flags["context-length"] });
  const settings = clipSettings(flags, data, { ...coding, captions, templates });
  const frequencies = flags["frequency-file"]
    ? await readFrequencies(flags["frequency-file"], classNames.length)
    : known
    ? Array.from(classCounts(data))
    : null;
  const dir = `${flags.logs}/${flags.name ?? clipRunName(settings, epochs)}`;
  const gpu = await openGpu();
  const result = await trainClip({
    ...{ gpu, dir, settings, train: data, test, captionOf, tokenizer: coding.tokenizer, frequencies, signal },
    about: { data: source, law: flags.law ?? null, images: data.count, frequencies },
    weights: await startingWeights(flags.pretrained, flags["partial-load"]),
    saveEvery: flags["save-every"],
    reportTo,
    onMemory: (part, { total }) => progress.note(memoryLine(part, total)),
    onReport: (report) => progress.show(stepLine(report, settings.batchSize)),
  });
  gpu.close();
  finish(progress, data, test);
  await writeSkippedSamples(dir, { train: data.skippedSamples(), test: test?.skippedSamples() ?? [] });
  if (flags.json) console.log(JSON.stringify({ run: dir, ...result }));
  else console.log([dir, ...test ? scoreLines(result) : []].join("\n"));
}

async function evaluate(args: readonly string[], signal: AbortSignal): Promise<void> {
  const flags = readFlags(args, clipEvalFlags, ["run", "val-data"]),
    dir = flags.run!,
    progress = progressOn();
  const settings = clipConfigOf(await readRunConfig(dir), dir), { size, classNames, batchSize } = settings;
  const labelled = settings.captions === "templates";
  const source = await openImageSource(flags["val-data"], {
    ...{ classNames, labelled, size, columns: columnsOf(flags), workers: flags.workers, signal },
    skipLimit: skipLimitOf(flags["max-skipped"]),
  });
  const weights = await readModel(dir),
    tokenizer = await runTokenizer(dir, settings.bpe),
    gpu = await openGpu();
  const retrieval = await retrieve(clipStore(gpu, settings, weights), settings, tokenizer, {
    source,
    captionOf: captionsOf(source, settings),
    logitScale: Number(weights.get("logit_scale")!.data[0]),
    batchSize,
    most: flags.pairs,
    signal,
  });
  gpu.close();
  finish(progress, source);
  if (flags.json) return console.log(JSON.stringify({ run: dir, ...retrieval }));
  const line = (name: string, { r1, r5, r10, median_rank }: Ranks) =>
    `${name}  R@1 ${(r1 * 100).toFixed(1)} %, R@5 ${(r5 * 100).toFixed(1)} %, R@10 ${
      (r10 * 100).toFixed(1)
    } %, ` +
    `median rank ${median_rank}`;
  console.log(`${dir}\n${retrieval.pairs} pairs, loss ${retrieval.clip_val_loss.toFixed(3)}`);
  console.log(line("image to text", retrieval.image_to_text));
  console.log(line("text to image", retrieval.text_to_image));
}

async function classify(args: readonly string[], signal: AbortSignal): Promise<void> {
  const flags = readFlags(args, clipZeroShotFlags, ["run", "val-data"]),
    dir = flags.run!,
    progress = progressOn();
  const settings = clipConfigOf(await readRunConfig(dir), dir), { size } = settings;
  const classNames = flags.classes ? await readClassNames(flags.classes) : settings.classNames;
  if (classNames.length === 0) {
    throw new RangeError(`The run knows no classes: name them with --classes FILE`);
  }
  const source = await openImageSource(flags["val-data"], {
    classNames,
    size,
    workers: flags.workers,
    skipLimit: skipLimitOf(flags["max-skipped"]),
    signal,
  });
  const own = flags.classes ? null : settings.frequencies, file = flags["frequency-file"];
  const weights = await readModel(dir),
    tokenizer = await runTokenizer(dir, settings.bpe),
    gpu = await openGpu();
  const { scores, collapse } = await zeroShot(clipStore(gpu, settings, weights), settings, tokenizer, {
    source,
    templates: await templatesOf(flags),
    frequencies: file ? await readFrequencies(file, classNames.length) : own,
    collapse: flags["nc-metrics"],
    onProgress: (done) => progress.show(`${done} of ${source.count} images`),
    signal,
  });
  gpu.close();
  finish(progress, source);
  if (flags.json) {
    console.log(JSON.stringify({ run: dir, ...scores, ...collapse && { collapse: perClass(collapse) } }));
  } else console.log([dir, ...scoreLines(scores)].join("\n"));
}

/** The values per class of the neural-collapse metrics, without the matrices they come from. */
function perClass({ swInvSb, cosMAll, cosMNearest, cosWAll, cosWNearest }: NeuralCollapse) {
  const lists = { swInvSb, cosMAll, cosMNearest, cosWAll, cosWNearest };
  return Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, Array.from(values)]));
}

const isFolder = (path: string) => Deno.stat(path).then((info) => info.isDirectory, () => false);

/** The weights to begin with: of one tower, or all but the temperature. */
async function startingWeights(file: string | undefined, part: string | undefined) {
  if (file === undefined) return undefined;
  const isVisual = (name: string) => name.startsWith("visual.");
  const belongs = (name: string) => part === "visual" ? isVisual(name) : part !== "text" || !isVisual(name);
  const weights = new Map(Object.entries(await readSafetensors(file)));
  for (const name of [...weights.keys()]) if (name === "logit_scale" || !belongs(name)) weights.delete(name);
  if (weights.size === 0) throw new RangeError(`${file} holds none of the weights asked of it`);
  return weights;
}

function finish(progress: Progress, ...sources: (ImageSource | null)[]): void {
  for (const source of sources) {
    const line = source && describeSkipped(source.skipped());
    if (line) progress.note(line);
  }
  progress.end();
}

if (import.meta.main) {
  await runProgram(async (args, signal) => {
    const [command, ...rest] = args;
    const commands: Record<string, typeof train> = { train, eval: evaluate, "zero-shot": classify };
    if (command === "--help" || rest.includes("--help")) return console.log(help);
    if (!command || !Object.hasOwn(commands, command)) {
      const what = command ? `Unknown command ${command}` : "A command is needed";
      throw new RangeError(`${what}: train, eval or zero-shot; see --help`);
    }
    await commands[command](rest, signal);
  });
}
