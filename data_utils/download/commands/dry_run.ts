/** `--dry-run`: what a download would ask for, from one pass over its input. Nothing is fetched or written. */
import type { Progress } from "../../program/progress.ts";
import { listInputs, makePlan } from "../plan/plan.ts";
import { rowReaders } from "../plan/row_readers.ts";
import { grouped } from "../report/amounts.ts";
import type { DownloadConfig } from "../run/download_config.ts";
import { isOurs } from "../run/part.ts";
import { shardName } from "../shards/names.ts";

/** Prints the rows by what would become of them, the shards and the first URLs. */
export async function dryRun(
  config: DownloadConfig,
  { json, progress, signal }: { json: boolean; progress: Progress; signal: AbortSignal },
): Promise<void> {
  const { rows, rowsPerShard, layout, part, out } = config, inputs = await listInputs(config.inputs);
  const readers = await rowReaders(inputs, config);
  const fates = new Map<string, number>(), first: { url: string; caption: string }[] = [];
  const state = await Deno.makeTempDir();
  try {
    const plan = await makePlan({
      ...{ inputs, rows, rowsPerShard, state, progress, signal },
      look(row, _number, path) {
        const { url, caption, skip } = readers.get(path)!(row), fate = skip?.reason ?? "to be fetched";
        fates.set(fate, (fates.get(fate) ?? 0) + 1);
        if (!skip && first.length < 3) first.push({ url, caption });
      },
    });
    const shards = plan.shards.filter(({ number }) => isOurs(number, part)).map(({ number }) => number);
    const names = [shards[0], shards.at(-1)].flatMap((n) => n === undefined ? [] : [shardName(n, layout)]);
    if (json) {
      const files = plan.files.map(({ path, rows }) => ({ path, rows }));
      const all = {
        rows: plan.rows,
        fates: Object.fromEntries(fates),
        shards: shards.length,
        names,
        files,
        first,
        config,
      };
      return console.log(JSON.stringify(all, null, 2));
    }
    console.log(`${grouped(plan.rows)} rows in ${plan.files.length} files`);
    for (const [fate, count] of [...fates].sort((a, b) => b[1] - a[1])) {
      console.log(`  ${grouped(count).padStart(13)}  ${fate}`);
    }
    console.log(`${shards.length} shards in ${out}${names.length > 0 ? `: ${names.join(" to ")}` : ""}`);
    for (const { url, caption } of first) {
      console.log(`  ${url}\t${caption.replaceAll(/\s+/g, " ").slice(0, 80)}`);
    }
  } finally {
    await Deno.remove(state, { recursive: true });
  }
}
