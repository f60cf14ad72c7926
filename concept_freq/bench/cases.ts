/** What `freq bench` measures, each with the target it was built to. */
import { writeFully } from "../../data_utils/mod.ts";
import { readFrequencyTable } from "../tables/frequency_table.ts";
import type { CorpusFile, CorpusFormat } from "./corpus.ts";
import type { Figure } from "./figures.ts";
import { type CommandTask, measure, type Measured, type PlainMeasured } from "./measure.ts";
import { classPhrases, substringEntries } from "./phrases.ts";
import { type Setting, writeConcepts } from "./setting.ts";

/** Measures one case; figures are handed on as they come. */
export type Case = (setting: Setting, onFigure: (figure: Figure) => void) => Promise<void>;

const ENTRIES = 500_000, LARGE_SET = 100_000;
/** Captions a second of the reference's program in Python on one core: quoted, not measured here. */
export const PYTHON_RATE = 520;

type Captions = Pick<CorpusFile, "path" | "captions">;

const grouped = (n: number) => Math.round(n).toLocaleString("en-US");

/** A command's flags: the captions, a folder of its own for the tables, and what the user said. */
function flagsFor(
  { workers, wordnet }: Setting,
  captions: string,
  out: string,
  own: readonly string[],
): string[] {
  return [
    ...["--captions", captions, "--out", out, "--name", "bench", "--json", ...own],
    ...workers === undefined ? [] : ["--workers", String(workers)],
    ...wordnet === undefined ? [] : ["--wordnet", wordnet],
  ];
}

/**
 * Runs a command over so many captions, and what `look` does with its tables, which are removed then. Throws Error when
 * it counted more or fewer.
 */
async function timed(
  setting: Setting,
  command: CommandTask["command"],
  captions: Captions,
  own: readonly string[],
  look?: (out: string) => Promise<void>,
): Promise<Measured> {
  const out = await Deno.makeTempDir({ dir: setting.folder, prefix: "tables_" });
  try {
    const args = flagsFor(setting, captions.path, out, own);
    const measured = await measure({ kind: "command", command, args }, setting.folder, setting.signal);
    if (measured.rows !== captions.captions) {
      throw new Error(`${measured.rows} captions were counted, and there are ${captions.captions}`);
    }
    await look?.(out);
    return measured;
  } finally {
    // A command that fails takes an empty folder away itself.
    await Deno.remove(out, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}

function rate(name: string, title: string, file: CorpusFile, measured: Measured, target?: number): Figure {
  const { seconds, peakBytes } = measured, { captions } = file;
  return { name, title, value: captions / seconds, unit: "captions/s", target, captions, seconds, peakBytes };
}

function conceptFlags({ metadata }: Setting, conceptSet: string): string[] {
  return ["--concept-set", conceptSet, ...metadata === undefined ? [] : ["--metadata", metadata]];
}

function classCase(format: CorpusFormat, title: string, target: number): Case {
  return async (setting, onFigure) => {
    const file = await setting.corpus(format);
    const measured = await timed(setting, "class", file, conceptFlags(setting, setting.conceptSet));
    onFigure(rate(`class_${format}`, title, file, measured, target));
  };
}

async function substringCase(setting: Setting, onFigure: (figure: Figure) => void): Promise<void> {
  const file = await setting.corpus("tsv"), entries = `${setting.folder}/entries.json`;
  await Deno.writeTextFile(entries, JSON.stringify(substringEntries(setting.vocabulary, ENTRIES)));
  const withoutWordNet = { ...setting, wordnet: undefined };
  const measured = await timed(withoutWordNet, "substring", file, ["--entries", entries]);
  onFigure(rate("substring", `substring, ${grouped(ENTRIES)} entries`, file, measured, 350_000));
}

async function scalingCase(setting: Setting, onFigure: (figure: Figure) => void): Promise<void> {
  const file = await setting.corpus("tsv");
  for (const phrases of [100, 1000, 10_000, LARGE_SET]) {
    const set = await writeConcepts(setting.folder, classPhrases(setting.vocabulary, phrases));
    const measured = await timed(setting, "class", file, ["--concept-set", set]);
    onFigure(rate(`class_${phrases}`, `class, ${grouped(phrases)} phrases`, file, measured));
  }
}

async function wordCase(setting: Setting, onFigure: (figure: Figure) => void): Promise<void> {
  const file = await setting.corpus("tsv"), measured = await timed(setting, "word", file, []);
  onFigure(rate("word", "word", file, measured));
}

/** Copies a file's first bytes. */
async function copyHead(from: string, to: string, bytes: number): Promise<void> {
  using source = await Deno.open(from);
  using target = await Deno.create(to);
  const chunk = new Uint8Array(2 ** 20);
  for (let left = bytes; left > 0;) {
    const got = await source.read(chunk.subarray(0, Math.min(left, chunk.length)));
    if (got === null) throw new Error(`${from} is shorter than ${bytes} bytes`);
    await writeFully(target, chunk.subarray(0, got));
    left -= got;
  }
}

/** The counts of the table in class order that a command left. */
async function countsIn(out: string): Promise<number[]> {
  const name = [...Deno.readDirSync(out)].find(({ name }) => name.endsWith("_ori.txt"))!.name;
  return (await readFrequencyTable(`${out}/${name}`)).rows.map(({ count }) => count);
}

/** Plain counting beside ours with one worker; both have to give the same counts for the captions that plain took. */
async function besidePlain(
  setting: Setting,
  conceptSet: string,
  named: Pick<Figure, "name" | "title" | "target">,
): Promise<Figure> {
  const { folder, metadata, wordnet, plainFor = 10_000, signal } = setting,
    file = await setting.corpus("tsv");
  const one = { ...setting, workers: 1 }, flags = conceptFlags(setting, conceptSet);
  const plain = await measure<PlainMeasured>(
    { kind: "plain", conceptSet, metadata, wordnet, tsv: file.path, milliseconds: plainFor },
    folder,
    signal,
  );
  const head = `${folder}/head.tsv`;
  await copyHead(file.path, head, plain.bytes);
  await timed(one, "class", { path: head, captions: plain.rows }, flags, async (out) => {
    const counts = await countsIn(out), differing = counts.findIndex((count, c) => count !== plain.counts[c]);
    if (counts.length === plain.counts.length && differing < 0) return;
    throw new Error(
      `class ${differing} has ${counts[differing]} of ${plain.rows} captions, ` +
        `and ${plain.counts[differing]} where they are counted plainly`,
    );
  });
  await Deno.remove(head);
  const ours = await timed(one, "class", file, flags);
  const plainRate = plain.rows / plain.seconds, ownRate = file.captions / ours.seconds;
  return {
    ...named,
    value: ownRate / plainRate,
    unit: "times",
    captions: file.captions,
    seconds: ours.seconds,
    peakBytes: ours.peakBytes,
    plain: { captions: plain.rows, seconds: plain.seconds },
    note: `${grouped(ownRate)}/s with one worker, plainly ${grouped(plainRate)}/s ` +
      `(${grouped(plain.rows)} captions, equal counts)`,
  };
}

async function plainCase(setting: Setting, onFigure: (figure: Figure) => void): Promise<void> {
  const small = { name: "plain_ratio", title: "beside plain counting", target: 40 };
  onFigure(await besidePlain(setting, setting.conceptSet, small));
  const names = classPhrases(setting.vocabulary, LARGE_SET), set = await writeConcepts(setting.folder, names);
  const large = {
    name: `plain_ratio_${LARGE_SET}`,
    title: `the same, ${grouped(LARGE_SET)} phrases`,
    target: 1000,
  };
  onFigure(await besidePlain(setting, set, large));
}

/** All cases in the order of the table. */
export const cases: Readonly<Record<string, Case>> = {
  class: classCase("tsv", "class, TSV", 1_000_000),
  parquet: classCase("parquet", "class, snappy parquet", 700_000),
  substring: substringCase,
  scaling: scalingCase,
  word: wordCase,
  plain: plainCase,
};
