// Every count that can be made in shards gives after `freq merge` the tables of a single run, byte for byte.
import { assertEquals } from "@std/assert";
import { gzip, withFolder } from "../data_utils/made_files.ts";
import { run } from "../exps/processes.ts";
import { captions, tsv } from "./run_made.ts";

const freq = "concept_freq/freq_cli.ts";

/** The tables in a folder by name; what says where they came from differs in times. */
async function tablesIn(folder: string): Promise<[string, string][]> {
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  const tables = names.filter((name) => !name.startsWith(".") && !/_frequency_.*\.json$/.test(name)).sort();
  return await Promise.all(
    tables.map(async (
      name,
    ): Promise<[string, string]> => [name, await Deno.readTextFile(`${folder}/${name}`)]),
  );
}

for (
  const [command, own] of [
    ["class", (folder: string) => ["--concept-set", `${folder}/names.txt`]],
    ["word", () => []],
    ["substring", (folder: string) => ["--entries", `${folder}/names.txt`]],
  ] as const
) {
  Deno.test(`freq ${command}: shards merged are a single run`, async () => {
    await withFolder(async (folder) => {
      await Deno.mkdir(`${folder}/caps`);
      const lists = [1, 2, 3].map((seed) => captions(200, seed));
      await Deno.writeTextFile(`${folder}/caps/a.tsv`, tsv(lists[0]));
      await Deno.writeFile(`${folder}/caps/b.tsv.gz`, gzip(new TextEncoder().encode(tsv(lists[1]))));
      await Deno.writeTextFile(`${folder}/caps/c.tsv`, tsv(lists[2]));
      await Deno.writeTextFile(`${folder}/names.txt`, "bird\nred\na bird\ntie\nStraße\n");
      const args = [command, "--captions", `${folder}/caps`, ...own(folder)];
      const single = await run(freq, [...args, "--out", `${folder}/single`]);
      assertEquals(single.code, 0, single.err);
      for (const part of ["1/2", "2/2"]) {
        const { code, err } = await run(freq, [
          ...args,
          "--out",
          `${folder}/part ${part[0]}`,
          "--shard",
          part,
        ]);
        assertEquals(code, 0, err);
      }
      const parts = [`${folder}/part 2`, `${folder}/part 1`];
      const merged = await run(freq, ["merge", "--out", `${folder}/merged`, ...parts]);
      assertEquals(merged.code, 0, merged.err);
      const tables = await tablesIn(`${folder}/single`);
      assertEquals(await tablesIn(`${folder}/merged`), tables);
      assertEquals(tables.some(([, text]) => /\t[1-9]/.test(text)), true, "something was counted");
    });
  });
}
