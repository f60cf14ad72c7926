// Shards of a count put together: the counts are those of one run, and what does not go together is refused.
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { CountJob } from "../../concept_freq/run/count_job.ts";
import { mergeParts } from "../../concept_freq/run/merge.ts";
import { readPlan } from "../../concept_freq/run/plan.ts";
import { sumPartials } from "../../concept_freq/run/sum_partials.ts";
import { readSpec, writeSpec } from "../../concept_freq/run/spec_file.ts";
import { sumTables } from "../../concept_freq/tables/sum_tables.ts";
import { withFolder } from "../data_utils/made_files.ts";
import { captions, countOf, expected, jobOf, listener, places, tsv } from "./run_made.ts";
import type { TestSpec } from "./run_kind.ts";

/** Counts each part of `of` into a folder of its own, and returns the folders. */
async function shards(folder: string, of: number, more: Partial<CountJob<TestSpec>> = {}): Promise<string[]> {
  const outs: string[] = [];
  for (let index = 1; index <= of; index++) {
    const out = `${folder}/out ${index}`;
    const { outcome } = await countOf(jobOf([`${folder}/in`], out, { shard: { index, of }, ...more }), true);
    assertEquals(outcome.leftOut, [], "what the merge has to read is no failure");
    outs.push(out);
  }
  return outs;
}

async function merged(parts: readonly string[]) {
  const scratch = await Deno.makeTempDir(), { notes, progress } = listener();
  try {
    const { outcome, missing } = await mergeParts({
      ...{ parts, scratch, progress },
      signal: new AbortController().signal,
    });
    return { counts: await sumPartials(outcome.partials, places), outcome, missing, notes };
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/**
 * Two tables whose quoted captions run over the ends of small blocks. The last caption ends in a line end, so that to a
 * block that begins within it the closing quote looks like an opening one.
 */
async function writeTables(folder: string): Promise<string[]> {
  const lists = [21, 22].map((seed) => [...captions(120, seed, 2), "x".repeat(1500) + "\n"]);
  await Deno.mkdir(`${folder}/in`);
  await Promise.all(lists.map((list, i) => Deno.writeTextFile(`${folder}/in/${i}.tsv`, tsv(list))));
  return lists.flat();
}

Deno.test("shards put together count as one run, also where captions run from one into another", async () => {
  await withFolder(async (folder) => {
    const list = await writeTables(folder);
    let unread = 0;
    for (const [of, blockBytes] of [[3, 150], [2, 1000], [5, 400]]) {
      const parts = await shards(folder, of, { blockBytes }),
        { counts, outcome, missing } = await merged(parts);
      assertEquals([counts, outcome.tally.rows], [expected(list), list.length], `${of} shards`);
      assertEquals([missing, outcome.leftOut, outcome.tally.malformed], [[], [], 0]);
      assert(outcome.partials.every((partial, i, all) => i === 0 || partial.file >= all[i - 1].file));
      for (const [i, part] of parts.entries()) {
        const plan = await readPlan(`${part}/.partial/class_test.shard-${i + 1}-of-${of}`);
        unread += plan!.unread.length;
      }
      await Promise.all(parts.map((part) => Deno.remove(part, { recursive: true })));
    }
    assert(unread > 0, "no unit was left to the merge: these captions test too little");
    const one = jobOf([`${folder}/in`], `${folder}/same`, { shard: { index: 1, of: 2 } });
    await countOf(one, true);
    await countOf({ ...one, shard: { index: 2, of: 2 } }, true);
    assertEquals((await merged([`${folder}/same`])).counts, expected(list), "shards in one folder");
  });
});

Deno.test("a caption that runs from one shard into another needs its file at hand", async () => {
  await withFolder(async (folder) => {
    await writeTables(folder);
    const parts = await shards(folder, 2, { blockBytes: 150 });
    await Deno.rename(`${folder}/in/0.tsv`, `${folder}/0.tsv`);
    const error = await assertRejects(() => merged(parts), RangeError);
    assertMatch(error.message, /\/in\/0\.tsv runs from one part into another.*merge where it is$/);
  });
});

Deno.test("missing and doubled parts, other settings and other files are named", async () => {
  await withFolder(async (folder) => {
    const list = ["a red bird", "of", ...captions(100, 3, 1e9)];
    await Deno.mkdir(`${folder}/in`);
    await Deno.writeTextFile(`${folder}/in/0.tsv`, tsv(list));
    const [a, b] = await shards(folder, 2, { blockBytes: 1000 });
    assertEquals((await merged([a, `${b}/.partial/class_test.shard-2-of-2`])).counts, expected(list));

    const alone = await merged([a]);
    assert(alone.missing.length > 0 && alone.outcome.tally.rows < list.length);
    assertMatch(alone.missing[0], /^unit 1 of \d+ of 0\.tsv is in no part$/);
    assertEquals(alone.outcome.leftOut, alone.missing);
    await assertRejects(
      () => merged([a, b, a]),
      RangeError,
      "both hold unit 0 of 0.tsv: give each part once",
    );
    await assertRejects(() => merged([`${folder}/in`]), RangeError, "holds no partial results");

    const more = { shard: { index: 2, of: 2 }, blockBytes: 1000 };
    await countOf(
      jobOf([`${folder}/in`], `${folder}/c`, { ...more, settings: { concepts: "2", modern: "false" } }),
      true,
    );
    await assertRejects(() => merged([a, `${folder}/c`]), RangeError, "they differ in concepts");
    await Deno.writeTextFile(`${folder}/in/0.tsv`, tsv([...list.slice(1), "another"]));
    await countOf(jobOf([`${folder}/in`], `${folder}/d`, more), true);
    await assertRejects(() => merged([a, `${folder}/d`]), RangeError, "0.tsv differs between them");
    await Deno.writeTextFile(`${folder}/in/1.tsv`, tsv(list));
    await countOf(jobOf([`${folder}/in`], `${folder}/e`, more), true);
    for (const parts of [[`${folder}/e`, a], [a, `${folder}/e`]]) {
      await assertRejects(
        () => merged(parts),
        RangeError,
        "/e/.partial/class_test.shard-2-of-2 counts 1.tsv",
      );
    }
  });
});

Deno.test("a copy of the files with other times goes together with the first", async () => {
  await withFolder(async (folder) => {
    const list = captions(100, 4);
    await Deno.mkdir(`${folder}/in`);
    await Deno.writeTextFile(`${folder}/in/0.tsv`, tsv(list));
    const shard = (index: number, out: string) => jobOf([`${folder}/in`], out, { shard: { index, of: 2 } });
    await countOf(shard(1, `${folder}/a`), true);
    await Deno.utime(`${folder}/in/0.tsv`, 1000, 1000);
    await countOf(shard(2, `${folder}/b`), true);
    assertEquals((await merged([`${folder}/a`, `${folder}/b`])).counts, expected(list));
  });
});

Deno.test("a specification is read as it was written; what has no form is refused", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/spec.bin`, whole = new Float64Array([1, 2.5, NaN]);
    const spec = {
      name: "x\ny",
      image: Uint8Array.from({ length: 300 }, (_, i) => i),
      deep: [{ ends: whole.subarray(1), none: null, on: true }, new Uint32Array(0)],
    };
    await writeSpec(path, spec);
    assertEquals(await readSpec(path), {
      ...spec,
      deep: [{ ...spec.deep[0], ends: whole.slice(1) }, spec.deep[1]],
    });
    await assertRejects(async () => await writeSpec(path, { map: new Map() }), TypeError, "[object Map]");
    await Deno.writeFile(path, (await Deno.readFile(path)).slice(0, -4));
    await assertRejects(() => readSpec(path), SyntaxError, "spec.bin is damaged");
  });
});

Deno.test("frequency tables are added by name; repeated names only in one order", async () => {
  await withFolder(async (folder) => {
    const table = async (name: string, rows: [string, number][]) => {
      await Deno.writeTextFile(
        `${folder}/${name}`,
        rows.map(([name, count]) => `${name}\t${count}\n`).join(""),
      );
      return `${folder}/${name}`;
    };
    const a = await table("a", [["cat", 3], ["dog", 2]]), b = await table("b", [["dog", 10], ["cat", 1]]);
    assertEquals(await sumTables([a, b, a]), "cat\t7\ndog\t14\n");
    const c = await table("c", [["crane", 3], ["cat", 2], ["crane", 1]]);
    const d = await table("d", [["crane", 10], ["crane", 5], ["cat", 1]]);
    assertEquals(await sumTables([c, c]), "crane\t6\ncat\t4\ncrane\t2\n");
    await assertRejects(() => sumTables([c, d]), RangeError, "names that repeat in another order");
    await assertRejects(() => sumTables([a, c]), RangeError, "has 3 rows, not the 2 of");
    await assertRejects(() => sumTables([a, `${folder}/none`]), Deno.errors.NotFound);
    const e = await table("e", [["cat", 1], ["cow", 1]]), f = await table("f", [["cat", 1], ["cat", 1]]);
    await assertRejects(() => sumTables([a, e]), RangeError, `has "cow", unlike`);
    await assertRejects(() => sumTables([a, f]), RangeError, `has "cat" twice`);
  });
});
