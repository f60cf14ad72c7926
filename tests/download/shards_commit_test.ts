// Shards appear whole or not at all: at every step at which a process can be killed, with a full disk, and when many are
// killed at random; what they leave is finished or taken away, and nothing else is touched.
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { clearLeftovers } from "../../data_utils/download/shards/commit.ts";
import { dropFromShard } from "../../data_utils/download/shards/drop.ts";
import {
  type ShardFiles,
  shardFiles,
  type ShardId,
  shardName,
} from "../../data_utils/download/shards/names.ts";
import type { Layout } from "../../data_utils/download/shards/shard.ts";
import { finishedShard } from "../../data_utils/download/shards/shard_stats.ts";
import { verifyShard } from "../../data_utils/download/shards/verify.ts";
import { hashesBelow, inFolder } from "../curate/shards_made.ts";
import { killIfAlive } from "../startup/kill.ts";
import { failure, filesBelow, ROWS_PER_SHARD, success, writeShard } from "./shards_made.ts";

const rows = [success(0), failure(1, "dns"), success(2)];
const everything = () => true;
const clear = (out: string, layout: Layout, mine: (shard: ShardId) => boolean = everything) =>
  clearLeftovers({ out, layout, scratch: `${out}/.scratch`, mine });

/** In the order in which they take their places. */
const inOrder = ({ stats, size, parquet, tar }: ShardFiles) =>
  [stats, size, parquet, tar].filter((path) => path !== null);

/** Hashes of a folder's files but sizes.json, which `rebuildSizes` brings up to date. */
async function hashesOf(folder: string): Promise<Record<string, string>> {
  const hashes = Object.entries(await hashesBelow(folder));
  return Object.fromEntries(hashes.filter(([path]) => !path.endsWith("sizes.json")));
}

for (const layout of ["webdataset", "qnq"] as const) {
  Deno.test(`commit: killed between any two steps, a new shard is finished or gone (${layout})`, () =>
    inFolder(async (folder) => {
      await writeShard(`${folder}/whole`, rows, { layout });
      const whole = await hashesOf(`${folder}/whole`);
      const steps = inOrder(shardFiles("", layout, shardName(0, layout))).length;
      for (let step = 0; step <= steps; step++) {
        const out = `${folder}/${step}`, { files } = await writeShard(out, rows, { layout });
        for (const path of inOrder(files).slice(step)) await Deno.rename(path, `${path}.tmp`);
        assertEquals(await finishedShard(files) !== null, step === steps);
        await clear(out, layout);
        const left = await hashesOf(out);
        assertEquals(left, step === 0 ? {} : whole, `step ${step}`);
        assertEquals(await finishedShard(files) !== null, step > 0);
      }
    }));

  Deno.test(`commit: killed between any two steps, a shard that is rewritten is as before or as after (${layout})`, () =>
    inFolder(async (folder) => {
      const drops = new Map([[rows[2].key, "as 0000000"]]), name = shardName(0, layout);
      await writeShard(`${folder}/before`, rows, { layout });
      await writeShard(`${folder}/after`, rows, { layout });
      await dropFromShard(shardFiles(`${folder}/after`, layout, name), drops);
      const before = await hashesOf(`${folder}/before`);
      const after = await hashesOf(`${folder}/after`);
      assert(Object.keys(before).every((file) => before[file] !== after[file]));
      const old = inOrder(shardFiles(`${folder}/before`, layout, name));
      const renewed = inOrder(shardFiles(`${folder}/after`, layout, name));
      for (let step = 0; step <= old.length; step++) {
        const out = `${folder}/${step}`, files = shardFiles(out, layout, name);
        await Deno.mkdir(files.folder, { recursive: true });
        for (const [i, path] of inOrder(files).entries()) {
          await Deno.copyFile(i < step ? renewed[i] : old[i], path);
          if (i >= step) await Deno.copyFile(renewed[i], `${path}.tmp`);
        }
        await clear(out, layout);
        assertEquals(await hashesBelow(out), step === 0 ? before : after, `step ${step}`);
      }
    }));
}

Deno.test("commit: a file that cannot take its place: nothing changed before the first, and is finished later after it", () =>
  inFolder(async (folder) => {
    const first = shardFiles(`${folder}/first`, "webdataset", "00000");
    await Deno.mkdir(`${first.stats}/in the way`, { recursive: true });
    await assertRejects(() => writeShard(`${folder}/first`, rows));
    assertEquals(await filesBelow(`${folder}/first`), []);

    const last = shardFiles(`${folder}/last`, "webdataset", "00000");
    await Deno.mkdir(`${last.tar}/in the way`, { recursive: true });
    await assertRejects(() => writeShard(`${folder}/last`, rows));
    assertEquals(await filesBelow(`${folder}/last`), ["00000.parquet", "00000.tar.tmp", "00000_stats.json"]);
    assertEquals(await finishedShard(last), null);
    await Deno.remove(last.tar, { recursive: true });
    assertEquals(await clear(`${folder}/last`, "webdataset"), ["00000"]);
    assertEquals((await verifyShard(last)).faults, []);
  }));

Deno.test("commit: half-written leftovers go, spools too; other shards' and other files stay", () =>
  inFolder(async (folder) => {
    const { files } = await writeShard(folder, rows), hashes = await hashesBelow(folder);
    const stays = ["00001.tar.tmp", "notes.tmp", "00000.txt.tmp", "letter.spool", ".scratch/00001.spool"];
    const goes = ["00000.tar.tmp", "00000.parquet.tmp", "00000_stats.json.tmp", "00002.tar.tmp"];
    goes.push(".scratch/00002.spool", ".scratch/retry1_00004.spool");
    for (const name of [...stays, ...goes]) await Deno.writeTextFile(`${folder}/${name}`, "half");
    const cleared = await clear(folder, "webdataset", ({ shard }) => shard % 2 === 0);
    assertEquals(cleared.sort(), ["00000", "00002", "retry1_00004"]);
    assertEquals(await filesBelow(folder), [...Object.keys(hashes), ...stays].sort());
    assertEquals((await verifyShard(files)).faults, []);
    assertEquals(await clear(`${folder}/nowhere`, "qnq"), []);
  }));

const shards = (file: string) => new URL(`../../data_utils/download/shards/${file}`, import.meta.url).href;
const made = new URL("./shards_made.ts", import.meta.url).href;

Deno.test({
  name: "commit: without room on the disk nothing is left, and the shard that was there stays",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      await writeShard(`${folder}/there`, rows);
      const there = await hashesBelow(`${folder}/there`);
      // 8 blocks of 512 bytes: room for the spool's first write only, for nothing, or for all but the archive
      const script = `import { success, failure, writeShard } from "${made}";
        const rows = Deno.args[1] === "large" ? [success(0), success(1), success(2), success(3), success(4), success(5)] : [failure(0, "dns"), success(1)];
        await writeShard(Deno.args[0], rows).then(() => console.log("written"), (error) => console.log(error.message));`;
      for (
        const [blocks, what, out] of [[8, "large", "new"], [8, "large", "there"], [8, "small", "new"], [
          1,
          "small",
          "there",
        ]]
      ) {
        const { stdout, stderr } = await new Deno.Command("sh", {
          args: [
            ...[
              "-c",
              `trap '' XFSZ; ulimit -f ${blocks}; exec "$@"`,
              "sh",
              Deno.execPath(),
              "eval",
              "--no-check",
            ],
            ...[script, `${folder}/${out}`, String(what)],
          ],
          env: { DENO_NO_UPDATE_CHECK: "1" },
        }).output();
        const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
        assertMatch(
          said,
          /^\S+(\.tar|\.parquet|\.spool|_stats\.json) could not be written, .*\(os error \d+\): make room there\n$/,
        );
      }
      assertEquals(await filesBelow(`${folder}/new`), []);
      assertEquals(await hashesBelow(`${folder}/there`), there);
    }),
});

Deno.test("commit: killed at random moments again and again, each shard is whole or not there", () =>
  inFolder(async (folder) => {
    const script = `import { madeImage, success, writeShard } from "${made}";
      import { shardFiles, shardName } from "${shards("names.ts")}";
      import { finishedShard } from "${shards("shard_stats.ts")}";
      for (let shard = 0; shard < Number(Deno.args[1]); shard++) {
        if (await finishedShard(shardFiles(Deno.args[0], "qnq", shardName(shard, "qnq")))) continue;
        const rows = Array.from({ length: 20 }, (_, i) => success(i, "x", {}, { shard, image: madeImage(shard * 20 + i, 20000) }));
        await writeShard(Deno.args[0], rows, { shard, layout: "qnq" });
        console.log(shard);
      }`;
    const whole = new Map<string, string>();
    for (let round = 0;; round++) {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["eval", "--no-check", script, folder, round < 4 ? "Infinity" : "40"],
        ...{ stdout: "piped", stderr: "inherit" },
      }).spawn();
      if (round < 4) {
        const reader = child.stdout.getReader();
        for (let i = 0; i <= round; i++) await reader.read();
        await new Promise((resolve) => setTimeout(resolve, 3 * round));
        killIfAlive(child);
        reader.releaseLock();
      }
      await child.stdout.cancel();
      const { code } = await child.status;
      assertEquals(code === 0, round === 4);
      await clear(folder, "qnq");
      const files = await filesBelow(folder);
      assertEquals(files.filter((file) => /\.tmp$|spool$/.test(file)), []);
      for (const file of files.filter((file) => file.endsWith(".tar"))) {
        const name = file.slice("shards/".length, -".tar".length);
        const found = shardFiles(folder, "qnq", name), stats = await finishedShard(found);
        assertEquals((await verifyShard(found, { rowsPerShard: ROWS_PER_SHARD, rows: 20 })).faults, []);
        assertEquals(
          stats!.tar.sha256,
          whole.get(name) ?? stats!.tar.sha256,
          "a finished shard was written again",
        );
        whole.set(name, stats!.tar.sha256);
      }
      if (code === 0) break;
    }
    assert(whole.size >= 40);
  }));
