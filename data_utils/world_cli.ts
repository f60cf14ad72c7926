// `./denow task world`: the built-in world as pictures and files. `sheet` draws it, `write` puts a set of it on disk as
// any loader reads it, `check` compares such a folder with the generator.
import {
  CAPTION_LEVELS,
  checkGrammar,
  checkWorld,
  contactSheet,
  describeFlags,
  encodePng,
  Failure,
  type FlagValues,
  makeWorld,
  MAX_CLASSES,
  planWorldFolder,
  type Progress,
  progressOn,
  readFlags,
  readLevels,
  runProgram,
  type World,
  worldCounts,
  worldLaw,
  type WorldOrder,
  writeAtomically,
  writeFully,
  writeWorld,
} from "./mod.ts";

const worldFlags = {
  classes: { kind: "whole", least: 2, most: MAX_CLASSES, default: 64, help: "classes of the world" },
  names: {
    kind: "text",
    choices: ["K", "N"],
    default: "K",
    value: "K|N",
    help: "K: by look, N: made-up nouns",
  },
  nuisance: {
    kind: "text",
    help: "pose, background, clutter, photometry, noise: noise=0.5,clutter=0 (1: designed)",
  },
  "world-seed": { kind: "whole", least: 0, default: 1234, help: "classes, their looks and names" },
  seed: { kind: "whole", least: 0, default: 0, help: "run seed: class ranks, pictures, captions" },
  split: { kind: "text", choices: ["train", "val", "test"], value: "NAME", help: "whose pictures" },
  law: {
    kind: "text",
    value: "LAW",
    help: "images per class: ratio:10, zipf:1.0, uniform or FILE of name<TAB>count",
  },
  grammar: { kind: "text", help: "what descriptions mention: FILE.json or scene=0.4,clutter=0,size=1" },
} as const;

const sheetOwn = {
  out: { kind: "text", value: "FILE.png", help: "the picture" },
  "per-class": { kind: "whole", least: 1, most: 100, default: 1, help: "pictures of each class" },
  columns: { kind: "whole", least: 1, most: 100, default: 8, help: "classes in a row" },
  zoom: { kind: "whole", least: 1, most: 16, default: 3, help: "side of a pixel" },
  examples: { kind: "whole", least: 0, most: 100, default: 4, help: "pictures with captions below" },
  images: {
    kind: "whole",
    least: 1,
    default: 20_000,
    help: "with --law: images in all, of which n= is told",
  },
  help: { kind: "switch", help: "this text" },
} as const;

const writeOwn = {
  out: { kind: "text", value: "DIR", help: "the folder; one split each" },
  images: { kind: "whole", least: 1, help: "images in all" },
  captions: {
    kind: "text",
    choices: CAPTION_LEVELS,
    default: "rich",
    value: "LEVEL",
    help: "level of the captions",
  },
  format: {
    kind: "text",
    choices: ["shards", "files"],
    default: "shards",
    value: "KIND",
    help: "how images are kept",
  },
  "shard-size": { kind: "whole", least: 1, default: 1000, help: "images per shard" },
} as const;

const checkFlags = { data: { kind: "text", value: "DIR", help: "a folder that write made" } } as const;

const sheetFlags = { ...sheetOwn, ...worldFlags }, writeFlags = { ...writeOwn, ...worldFlags };

const help = `The built-in world: draws it, writes a set of it to disk, or checks such a set.

Usage: deno task world sheet --out FILE.png [flags]
       deno task world write --out DIR --images N [flags]
       deno task world check --data DIR

sheet: a contact sheet of all classes; with --law the most frequent first
${describeFlags(sheetOwn)}

write: WebDataset shards or PNG files, a table (filepath, label, caption, scene, clutter, large), classes.txt,
frequencies.txt, and world.json, which holds all options. Split train and law ratio:10 unless given; val and test
are uniform. A write that was stopped goes on when the same command is given again.
${describeFlags(writeOwn)}

sheet and write
${describeFlags(worldFlags)}

check: compares images, labels, records and captions with what the generator makes
${describeFlags(checkFlags)}

Exit codes: 0 done, 1 failed while running or the check found a difference, 2 bad input, 130 stopped.

Example: ./denow task world write --out data/world --images 20000 --law ratio:50 --captions mix`;

/** Reads a list of levels; an error names the flag. */
function levelsOf(flag: string, text: string | undefined): Record<string, number> {
  if (text === undefined) return {};
  try {
    return readLevels(text);
  } catch (error) {
    throw error instanceof SyntaxError ? new SyntaxError(`--${flag}: ${error.message}`) : error;
  }
}

type WorldValues = FlagValues<typeof worldFlags>;

function worldOf(flags: WorldValues): World {
  return makeWorld({
    classes: flags.classes,
    names: flags.names as World["names"],
    seed: flags["world-seed"],
    nuisance: levelsOf("nuisance", flags.nuisance),
  });
}

/** The law that the flags give, or the split's own. What it means that a file names other classes is said. */
function lawOf(flags: WorldValues, world: World, split: string, progress: Progress) {
  const law = worldLaw(flags.law ?? (split === "train" ? "ratio:10" : "uniform"), world.classNames);
  if (law.by === "rank" && !/^(uniform$|ratio:|zipf:)/.test(law.text)) {
    progress.note(
      `${law.text} names other classes: the shape of its tail is taken, ranks are drawn from the seed`,
    );
  }
  return law;
}

async function sheet(args: readonly string[]): Promise<void> {
  const flags = readFlags(args, sheetFlags, ["out"]), { out, seed, images } = flags, progress = progressOn();
  if (!out!.endsWith(".png")) throw new RangeError(`--out ${out} does not end in .png: the picture is one`);
  const world = worldOf(flags), grammar = levelsOf("grammar", flags.grammar);
  checkGrammar(grammar, world.names);
  const law = flags.law === undefined ? undefined : lawOf(flags, world, "train", progress);
  const counts = law && worldCounts(world, { law, images, seed });
  const byCount = counts && [...counts.keys()].sort((a, b) => counts[b] - counts[a] || a - b);
  const picture = contactSheet(world, {
    seed,
    split: (flags.split ?? "test") as WorldOrder["split"],
    perClass: flags["per-class"],
    columns: flags.columns,
    zoom: flags.zoom,
    labelled: true,
    examples: flags.examples,
    ...counts && { counts, order: byCount },
    grammar,
  });
  const png = encodePng(picture, { effort: 9 });
  await writeAtomically(out!, (file) => writeFully(file, png));
  console.log(`${out}: ${world.classes.length} classes, ${picture.width} x ${picture.height} pixels`);
}

async function write(args: readonly string[], signal: AbortSignal): Promise<void> {
  const flags = readFlags(args, writeFlags, ["out", "images"]), dir = flags.out!, progress = progressOn();
  const world = worldOf(flags), split = (flags.split ?? "train") as WorldOrder["split"];
  const folder = planWorldFolder({
    world,
    law: lawOf(flags, world, split, progress),
    images: flags.images!,
    seed: flags.seed,
    split,
    captions: flags.captions as WorldOrder["captions"],
    grammar: levelsOf("grammar", flags.grammar),
    layout: flags.format as WorldOrder["layout"],
    shardSize: flags["shard-size"],
  });
  const empty = folder.counts.filter((count) => count === 0).length;
  if (empty > 0) progress.note(`${empty} of ${folder.classes} classes get no image`);
  const written = await writeWorld(dir, folder, { onProgress: shown(progress, "written"), signal });
  progress.end();
  const what = `${flags.images} images of ${folder.classes} classes`;
  console.log(`${dir}: ${what}${written ? "" : ", there already"}`);
}

async function check(args: readonly string[], signal: AbortSignal): Promise<void> {
  const { data } = readFlags(args, checkFlags, ["data"]), progress = progressOn();
  const { images, difference } = await checkWorld(data!, { onProgress: shown(progress, "checked"), signal });
  progress.end();
  if (difference !== null) throw new Failure(`${data}: after ${images} right images: ${difference}`, 1);
  console.log(`${data}: ${images} images, all as the generator makes them`);
}

const shown = (progress: Progress, done: string) => (state: { done: number; total: number }) =>
  progress.show(`${state.done} of ${state.total} images ${done}`);

if (import.meta.main) {
  await runProgram(async (args, signal) => {
    const [command, ...rest] = args;
    const commands: Record<string, typeof write> = { sheet, write, check };
    if (command === "--help" || rest.includes("--help")) return console.log(help);
    if (!command || !Object.hasOwn(commands, command)) {
      const what = command ? `Unknown command ${command}` : "A command is needed";
      throw new RangeError(`${what}: sheet, write or check; see --help`);
    }
    await commands[command](rest, signal);
  });
}
