/** `freq balance`: captions so chosen that no entry has much more than t of them, as MetaCLIP's curation does. */
import {
  type Command,
  describeFlags,
  progressOn,
  readFlags,
  writeJsonAtomically,
} from "../../data_utils/mod.ts";
import { provenanceOf } from "../run/provenance.ts";
import { partialFolder, runCount } from "../run/run.ts";
import { sumEntryCounts } from "../substring/match_lists.ts";
import { balance, checkOutputFolder, entryProbabilities } from "../substring/balance.ts";
import { readEntryCounts } from "../substring/entry_file.ts";
import { failIfIncomplete, noteSummary } from "./count_command.ts";
import { entryFlags, readEntries } from "./entry_flags.ts";
import { captionFlags, readInputFlags, runFlags } from "./input_flags.ts";

const { out: _out, shard: _shard, json, ...otherRunFlags } = runFlags;

const flagTable = {
  t: {
    kind: "text",
    value: "N",
    help: "captions of an entry to be kept, about; inf keeps all that hold any entry",
  },
  ...entryFlags,
  counts: {
    kind: "text",
    value: "FILE",
    help: "counts of the entries, as freq substring writes them (default: those of the captions themselves)",
  },
  seed: { kind: "whole", least: 0, most: 2 ** 32 - 1, default: 0, help: "of NumPy's RandomState" },
  out: { kind: "text", value: "FOLDER", default: "balanced", help: "folder of the kept rows" },
  ...captionFlags,
  ...otherRunFlags,
  json: { ...json, help: "print balance.json" },
  help: { kind: "switch", help: "this text" },
} as const;

const help = `Keeps captions so that entries are balanced, by the rule of MetaCLIP's curation.

Usage: deno task freq balance --t N --entries FILE --captions FILE|PATTERN|FOLDER --out FOLDER [...]

${describeFlags(flagTable)}

Entries match as in freq substring. An entry in count captions has the chance p = t / max(count, t). For every match
there is one draw of NumPy's RandomState(seed).random_sample: file by file in sorted order, within a file by entry and
then by caption. A caption is kept when one of its draws is below the p of its entry; one without a match never is.
The outcome does not depend on --workers.

Kept rows go whole to the same name below --out, not gzipped: of TSV, CSV, JSONL and text the lines as they are, with
the header; of parquet all columns as they are stored, in row groups of at most 100,000 rows, snappy; of a JSON array a
file .jsonl with each element's own text on a line; of a tar a file .kept.jsonl of {key, row, caption}, with the
sample's key and its number in the archive from 0. balance.json says how many were kept and how many were to be
expected. Matches are kept on disk until then, some 20 bytes a caption; with --keep-partials also behind that, so that
another t or seed needs no matching.
Stopped or killed, the same command goes on where it was.

Exit codes: 0 done, 1 done but files had to be left out, or failed while running, 2 bad input, 130 stopped.

Example: deno task freq balance --t 20000 --entries metadata.json --captions "laion/*.tsv.gz" --out balanced`;

function readT(text: string): number {
  const t = /^inf(inity)?$/i.test(text) ? Infinity : text.trim() === "" ? NaN : Number(text);
  if (!(t > 0)) throw new RangeError(`--t ${text} is no number above 0, nor inf`);
  return t;
}

/** Balances captions; see its help. */
export const balanceCommand: Command = {
  name: "balance",
  summary: "captions kept so that no entry has many more than t, as in MetaCLIP's curation",
  help,
  async run(args, signal) {
    if (args.includes("--help")) return console.log(help);
    const values = readFlags(args, flagTable, ["t", "entries"]), t = readT(values.t!), { seed } = values;
    const choice = await readInputFlags({ ...values, shard: undefined }), progress = progressOn();
    const { inputs, extension, captionOptions, out, workers, restart, name, keepPartials } = choice;
    await checkOutputFolder(out, inputs);
    const { list, compiled } = await readEntries(values.entries!, progress);
    const given = values.counts === undefined ? null : await readEntryCounts(values.counts, list);
    const job = {
      ...{ inputs, extension, captionOptions, out, workers, restart, name, signal, progress },
      command: "balance",
      captionsName: name,
      kind: "matches",
      spec: compiled,
      settings: { entries: compiled.digest },
      about: null,
    };
    const outcome = await runCount(job);
    let keep = true;
    try {
      noteSummary(outcome, progress);
      const counts = given ?? sumEntryCounts(outcome.partials, compiled.entries);
      const files = await balance({
        ...{ outcome, captionOptions, compiled, seed, out, progress, signal },
        probability: entryProbabilities(counts, t),
        scratch: `${partialFolder(job)}/scratch`,
      });
      const sum = (of: (file: typeof files[number]) => number) =>
        files.reduce((total, file) => total + of(file), 0);
      const summary = {
        t: t === Infinity ? "inf" : t,
        seed,
        entries: values.entries,
        counts: values.counts ?? null,
        rows: sum(({ rows }) => rows),
        kept: sum(({ kept }) => kept),
        expected: sum(({ expected }) => expected),
        draws: sum(({ draws }) => draws),
        files,
        matching: provenanceOf(outcome),
      };
      await writeJsonAtomically(`${out}/balance.json`, summary);
      const { rows, kept, expected } = summary;
      progress.note(`kept ${kept} of ${rows} rows; ${expected.toFixed(1)} were to be expected`);
      console.log(values.json ? JSON.stringify(summary, null, 2) : `${out}/balance.json`);
      keep = keepPartials || outcome.leftOut.length > 0;
    } finally {
      await outcome.release(keep);
    }
    failIfIncomplete(outcome);
  },
};
