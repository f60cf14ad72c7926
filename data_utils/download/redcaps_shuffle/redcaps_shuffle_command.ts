/** `data redcaps-shuffle`: RedCaps' annotations, which stand by subreddit and year, in a random order. */
import { factsOf, type FileFacts } from "../../curate/file_hash.ts";
import type { Command } from "../../program/command.ts";
import { describeFlags, readFlags } from "../../program/flags.ts";
import { progressOn } from "../../program/progress.ts";
import { checkedOutCommit, VERSION } from "../../program/version.ts";
import { writeJsonAtomically } from "../../runs/atomic.ts";
import { annotationFiles, readAnnotations } from "./annotation_files.ts";
import { externalShuffle } from "./external_shuffle.ts";
import { shardName, writeShard } from "./shard_writer.ts";

const flagTable = {
  input: { kind: "text", value: "DIR", help: "folder of annotations: *.json or *.json.gz" },
  out: { kind: "text", value: "DIR", help: "folder of the shards, new or empty: shard_000000.json ..." },
  seed: { kind: "whole", default: 42, least: 0, most: 2 ** 32 - 1, help: "seed of the shuffle" },
  "dry-run": { kind: "switch", help: "read everything, print what would be written, write nothing" },
  json: { kind: "switch", help: "print that as JSON" },
  help: { kind: "switch", help: "this text" },
} as const;

/** What is written, or would be. */
interface Plan {
  readonly annotations: number;
  readonly shards: number;
  /** Annotations of every shard but the last. */
  readonly perShard: number;
}

/** As many to a shard as files have in the mean; the rest goes into shards behind these. */
function planOf(annotations: number, files: number): Plan {
  const perShard = Math.max(1, Math.floor(annotations / files));
  return { annotations, shards: Math.ceil(annotations / perShard), perShard };
}

const isOwn = (name: string) => name === "shards" || /^bucket-[\d-]+$/.test(name);

/** Names in a folder; none when it is not there. Throws Deno.errors.NotADirectory for a file. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Refuses what would be lost. */
async function refuseFilled(out: string, work: string): Promise<void> {
  const [filled] = await namesIn(out), foreign = (await namesIn(work)).find((name) => !isOwn(name));
  if (filled !== undefined) {
    throw new RangeError(`${out} holds files already (${filled}): choose another --out, or remove them`);
  }
  if (foreign !== undefined) {
    throw new RangeError(
      `${work} is needed and holds ${foreign}, which is not of this program: move it away`,
    );
  }
}

type Take = (annotation: Uint8Array) => void;

/** Reads all files in order and returns the number of annotations. Throws RangeError when there is none. */
async function readAll(files: readonly string[], take: Take, signal: AbortSignal): Promise<number> {
  const progress = progressOn();
  let annotations = 0;
  try {
    for (const [i, file] of files.entries()) {
      annotations += await readAnnotations(file, take, signal);
      progress.show(`${i + 1} of ${files.length} files read, ${annotations} annotations`);
    }
  } finally {
    progress.end();
  }
  if (annotations === 0) throw new RangeError("The files of --input hold no annotation");
  return annotations;
}

/** Writes all shards into `folder`. */
async function writeShards(
  folder: string,
  { shards, perShard }: Plan,
  records: Iterator<Uint8Array>,
  signal: AbortSignal,
): Promise<FileFacts[]> {
  const progress = progressOn(), written: FileFacts[] = [];
  await Deno.mkdir(folder);
  try {
    while (written.length < shards) {
      written.push(await writeShard(`${folder}/${shardName(written.length)}`, records, perShard, signal));
      progress.show(`${written.length} of ${shards} shards written`);
    }
  } finally {
    progress.end();
  }
  return written;
}

async function run(args: readonly string[], signal: AbortSignal): Promise<void> {
  const flags = readFlags(args, flagTable, ["input", "out"]), { seed, json, "dry-run": dryRun } = flags;
  const [input, out] = [flags.input!, flags.out!].map((path) => path.replace(/(?<=.)\/+$/, ""));
  const files = await annotationFiles(input), work = `${out}.unfinished`;
  await refuseFilled(out, work);

  function report(plan: Plan, outputs: readonly Partial<FileFacts>[]) {
    const { annotations, shards, perShard } = plan, count = (n: number) => n.toLocaleString("en-US");
    const last = annotations - (shards - 1) * perShard;
    if (json) {
      const facts = { command: "redcaps-shuffle", input, out, seed, ...plan, written: !dryRun, outputs };
      return console.log(JSON.stringify(facts, null, 2));
    }
    console.log(`${dryRun ? "Would be written" : "Written"}, ${count(annotations)} annotations:`);
    console.log(`  ${out}/${shardName(0)}${shards > 1 ? ` to ${shardName(shards - 1)}` : ""}`);
    console.log(`  ${out}.provenance.json`);
    console.log(`${count(perShard)} annotations to a shard, ${count(last)} in the last one`);
  }

  if (dryRun) {
    const plan = planOf(await readAll(files, () => {}, signal), files.length);
    return report(plan, Array.from({ length: plan.shards }, (_, i) => ({ path: `${out}/${shardName(i)}` })));
  }
  await Deno.remove(work, { recursive: true }).catch(() => {});
  await Deno.mkdir(work, { recursive: true });
  try {
    using shuffle = externalShuffle(work, seed);
    const plan = planOf(await readAll(files, shuffle.add, signal), files.length);
    const shards = await writeShards(`${work}/shards`, plan, shuffle.shuffled(), signal);
    const outputs = shards.map((facts, i) => ({ ...facts, path: `${out}/${shardName(i)}` }));
    const inputs: FileFacts[] = [];
    for (const file of files) inputs.push(await factsOf(file, signal));
    await writeJsonAtomically(`${out}.provenance.json`, {
      program: "beyond-tail data redcaps-shuffle",
      version: VERSION,
      commit: await checkedOutCommit(),
      deno: Deno.version.deno,
      ...{ flags: { input, out }, seed, ...plan, inputs, outputs },
    });
    await Deno.remove(out).catch(() => {}); // an empty folder
    await Deno.rename(`${work}/shards`, out);
    report(plan, outputs);
  } finally {
    await Deno.remove(work, { recursive: true }).catch(() => {});
  }
}

/** The command. */
export const redcapsShuffleCommand: Command = {
  name: "redcaps-shuffle",
  summary: "RedCaps' annotations in a random order, in shards that the downloader reads",
  help:
    `Puts the annotations of RedCaps, which stand by subreddit and year, into a random order, so that requests to a host
are spread over the whole download. Every order is equally likely; the same seed and annotations give the same bytes on
every machine. Memory does not grow with the number of annotations; on the disk it takes twice their size until the end.

Usage: deno task data redcaps-shuffle --input DIR --out DIR [--seed N]

${describeFlags(flagTable)}

Input: files in order of their names, each an array of objects or an object with one under "annotations". Output:
{"annotations": [...]} in shard_000000.json ..., as many annotations to each as files have in the mean, and the rest
behind these; each annotation keeps its bytes. Beside the folder: DIR.provenance.json. The folder appears when it is
whole; what is not an object is refused, and nothing is written.

Example: deno task data redcaps-shuffle --input annotations --out annotations_shuffled`,
  run,
};
