// LAIONet at its size: a subset of a table of 3.3 million rows in the time and memory that were promised, line by line
// what the rule on plain arrays gives.
import { assert, assertEquals } from "@std/assert";
import {
  madeMetadata,
  madeRows,
  slowCounts,
  slowSubset,
  slowTsv,
  writeRows,
} from "../curate/laionet_made.ts";
import { withFolder } from "../data_utils/made_files.ts";

const ROWS = 3_300_000,
  program = decodeURIComponent(new URL("../../data_utils/data_cli.ts", import.meta.url).pathname);

/** Runs the program; its wall time in seconds and the most memory it had in MiB (0 where the system does not say). */
async function measured(args: readonly string[]): Promise<{ seconds: number; mebibytes: number }> {
  const began = performance.now();
  const child = new Deno.Command(Deno.execPath(), { args: ["run", "-A", "--no-check", program, ...args] })
    .spawn();
  let mebibytes = 0;
  const watch = setInterval(() => {
    try {
      const status = Deno.readTextFileSync(`/proc/${child.pid}/status`);
      mebibytes = Math.max(mebibytes, Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? 0) / 1024);
    } catch {
      // It has ended, or this system has no such file.
    }
  }, 50);
  const { code } = await child.status;
  clearInterval(watch);
  assertEquals(code, 0);
  return { seconds: (performance.now() - began) / 1000, mebibytes };
}

Deno.test("laionet-subset: 3.3 million rows in less than 20 s and 2 GiB", async () => {
  await withFolder(async (folder) => {
    const metadata = await madeMetadata(folder), out = `${folder}/out`, made = await madeRows(ROWS, 1);
    const path = await writeRows(`${folder}/laionet.parquet`, made);
    for (const n of [undefined, 448_896]) {
      const flags = n === undefined ? [] : ["--n", String(n), "--thresh", "0.75"];
      const { seconds, mebibytes } = await measured([
        ...["laionet-subset", "--df-path", path, "--metadata", metadata, "--out", out, "--freq-out", out],
        ...flags,
      ]);
      console.log(
        `soak: laionet-subset ${flags.join(" ")}: ${seconds.toFixed(1)} s, ${mebibytes.toFixed(0)} MiB`,
      );
      const thresh = n === undefined ? 0.7 : 0.75, rows = slowSubset(made, { thresh, n });
      const tsv = await Deno.readTextFile(`${out}/laionet_thresh${thresh}_${rows.length}.tsv`);
      assert(tsv === slowTsv(rows), "another table than the rule's");
      const part = n === undefined ? "" : `_n${n}`;
      const counts = await Deno.readTextFile(`${out}/class_frequency_laionet_thresh${thresh}${part}_ori.txt`);
      assertEquals(counts, slowCounts(rows));
      assert(seconds < 20 && mebibytes < 2048, `${seconds} s, ${mebibytes} MiB`);
    }
  });
});
