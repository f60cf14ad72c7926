// `./denow task sup train|eval`: one supervised model on the user's own images, and its evaluation.
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
  progressOn,
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
  type StoredTensor,
  writeSkippedSamples,
} from "../data_utils/mod.ts";
import { openGpu } from "../gpu/mod.ts";
import {
  evaluateSup,
  supEvalFlags,
  supModelOf,
  supRunName,
  supSettings,
  supStore,
  supTrainFlags,
  trainSup,
} from "./mod.ts";

const help = `Trains or evaluates one supervised model.

Usage: deno task sup train --data-path PATH [flags]
       deno task sup eval --run DIR --val-data PATH [flags]

train
${describeFlags(supTrainFlags)}

eval
${describeFlags(supEvalFlags)}

A training that was stopped goes on when the same command is given again.
Exit codes: 0 done, 1 failed while running, 2 bad input, 130 stopped.

Example: ./denow task sup train --data-path train.tsv --val-data val.tsv --classes classes.txt --epochs 10`;

async function train(args: readonly string[], signal: AbortSignal): Promise<void> {
  const flags = readFlags(args, supTrainFlags, ["data-path"]), reportTo = readReportTo(flags["report-to"]);
  const source = flags["data-path"], progress = progressOn();
  const classNames = await classNamesFor(source, { file: flags.classes, count: flags["num-classes"] });
  const law = flags.law === undefined ? undefined : parseLaw(flags.law, classNames);
  const opening = {
    classNames,
    workers: flags["num-workers"],
    skipLimit: skipLimitOf(flags["max-skipped"]),
    signal,
    onProgress: ({ done, total }: { done: number; total: number }) =>
      progress.show(`${done} of ${total} images read`),
  };
  const data = await openImageSource(source, {
    ...opening,
    size: flags.size,
    transform: "sup_train",
    selection: law && { law, seed: flags.seed },
  });
  const tested = flags["val-data"];
  const test = tested.length > 0
    ? await openImageSource(tested, { ...opening, size: data.size, transform: "sup_val" })
    : null;
  const settings = supSettings(flags, { classNames, size: data.size, count: data.count });
  const frequencies = flags["frequency-file"]
    ? await readFrequencies(flags["frequency-file"], classNames.length)
    : Array.from(classCounts(data));
  const weightFiles = { visual: flags["visual-weights"], head: flags["head-weights"] };
  const dir = `${flags["log-dir"]}/${flags.name ?? supRunName(settings, source[0], weightFiles)}`;
  const gpu = await openGpu();
  const result = await trainSup({
    gpu,
    dir,
    settings,
    about: { data: source, law: flags.law ?? null, images: data.count, frequencies },
    train: data,
    test,
    frequencies,
    weights: await startingWeights(weightFiles),
    saveEvery: flags["save-every"],
    reportTo,
    onMemory: (part, { total }) => progress.note(memoryLine(part, total)),
    onReport: (report) => progress.show(stepLine(report, settings.batchSize)),
    signal,
  });
  gpu.close();
  tellSkipped(progress.note, data, test);
  await writeSkippedSamples(dir, { train: data.skippedSamples(), test: test?.skippedSamples() ?? [] });
  progress.end();
  if (flags.json) console.log(JSON.stringify({ run: dir, ...result }));
  else console.log([dir, ...test ? scoreLines(result) : []].join("\n"));
}

async function evaluate(args: readonly string[], signal: AbortSignal): Promise<void> {
  const flags = readFlags(args, supEvalFlags, ["run", "val-data"]), dir = flags.run!, progress = progressOn();
  const model = supModelOf(await readRunConfig(dir), dir), { classNames, size } = model;
  const workers = flags["num-workers"], frequencyFile = flags["frequency-file"];
  const skipLimit = skipLimitOf(flags["max-skipped"]), transform = "sup_val";
  const opening = { classNames, size, workers, skipLimit, transform, signal } as const;
  const source = await openImageSource(flags["val-data"], opening);
  const weights = await readModel(dir), gpu = await openGpu();
  const { scores, collapse } = await evaluateSup(supStore(gpu, model, weights), model, {
    source,
    frequencies: frequencyFile ? await readFrequencies(frequencyFile, classNames.length) : model.frequencies,
    head: flags["nc-metrics"] ? weights.get("head")!.data as Float32Array : undefined,
    onProgress: (done) => progress.show(`${done} of ${source.count} images`),
    signal,
  });
  gpu.close();
  tellSkipped(progress.note, source);
  progress.end();
  if (flags.json) {
    console.log(JSON.stringify({ run: dir, ...scores, ...collapse && { collapse: perClass(collapse) } }));
  } else console.log([dir, ...scoreLines(scores)].join("\n"));
}

/** The values per class of the neural-collapse metrics, without the matrices they come from. */
function perClass({ swInvSb, cosMAll, cosMNearest, cosWAll, cosWNearest }: NeuralCollapse) {
  const lists = { swInvSb, cosMAll, cosMNearest, cosWAll, cosWNearest };
  return Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, Array.from(values)]));
}

/** The weights to begin with: visual.* of one file, head of another. */
async function startingWeights({ visual, head }: { visual?: string; head?: string }) {
  const weights = new Map<string, StoredTensor>();
  const take = async (file: string | undefined, belongs: (name: string) => boolean) => {
    if (file === undefined) return;
    const own = Object.entries(await readSafetensors(file)).filter(([name]) => belongs(name));
    if (own.length === 0) throw new RangeError(`${file} holds none of the weights asked of it`);
    for (const [name, tensor] of own) weights.set(name, tensor);
  };
  await take(visual, (name) => name.startsWith("visual."));
  await take(head, (name) => name === "head");
  return weights.size > 0 ? weights : undefined;
}

function tellSkipped(note: (line: string) => void, ...sources: (ImageSource | null)[]): void {
  for (const source of sources) {
    const line = source && describeSkipped(source.skipped());
    if (line) note(line);
  }
}

if (import.meta.main) {
  await runProgram(async (args, signal) => {
    const [command, ...rest] = args, commands: Record<string, typeof train> = { train, eval: evaluate };
    if (command === "--help" || rest.includes("--help")) return console.log(help);
    if (!command || !Object.hasOwn(commands, command)) {
      throw new RangeError(
        `${command ? `Unknown command ${command}` : "A command is needed"}: train or eval; see --help`,
      );
    }
    await commands[command](rest, signal);
  });
}
