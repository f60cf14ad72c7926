// What a study makes of bad input that shows late, in a shard's last images or when a run meets the device: one line, code
// 2, and a folder as it was before, so that the corrected command can use it.
import { assertEquals, assertMatch } from "@std/assert";
import { tar, withFolder } from "../data_utils/made_files.ts";
import { picture, run, study } from "./processes.ts";

const names = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
const exists = (path: string) => Deno.stat(path).then(() => true, () => false);

Deno.test("study: a shard that is cut short behind its first images leaves no trace, and the whole one may follow", async () => {
  await withFolder(async (folder) => {
    const members: Record<string, string | Uint8Array> = {};
    for (let i = 0; i < 330; i++) {
      members[`${i}.png`] = picture(i % 3, i % 20);
      members[`${i}.cls`] = String(i % 3);
    }
    const whole = tar(members), shard = `${folder}/all.tar`;
    await Deno.writeFile(shard, whole.subarray(0, whole.length - 4000));
    await Deno.writeTextFile(`${folder}/classes.txt`, "red\ngreen\nblue\n");
    await Deno.mkdir(`${folder}/mine`);
    await Deno.writeTextFile(`${folder}/mine/notes.txt`, "kept");
    const data = ["--train", shard, "--val", shard, "--classes", `${folder}/classes.txt`, "--law", "ratio:2"];
    const args = (seen: number, out: string) => [
      ...[...data, "--seen", String(seen), "--batch-size", "16", "--seeds", "1", "--arms", "sl_full"],
      ...["--out", `${folder}/${out}`],
    ];
    for (const out of ["new", "mine"]) {
      const { code, err } = await run(study, args(160, out));
      assertEquals(code, 2, err);
      assertMatch(
        err.split("\n").at(-1)!,
        /all\.tar is cut short .*: fetch or write it again, or leave it out of the list$/,
      );
    }
    assertEquals(await exists(`${folder}/new`), false);
    assertEquals(names(`${folder}/mine`), ["notes.txt"]);

    await Deno.writeFile(shard, whole);
    const ended = await run(study, args(192, "mine")); // other settings, which nothing there contradicts
    assertEquals(ended.code, 0, ended.err);
    assertEquals(names(`${folder}/mine`).includes("report.json"), true);
  });
});

Deno.test("study: a batch over the device's limits is told with its run, and leaves no trace", async () => {
  await withFolder(async (folder) => {
    const out = `${folder}/study`, size = ["--images", "32768", "--batch-size", "32768", "--seen", "32768"];
    const { code, err } = await run(study, [
      ...size,
      "--arms",
      "sl_full",
      "--seeds",
      "1",
      "--test-per-class",
      "1",
      "--out",
      out,
    ]);
    assertEquals(code, 2, err);
    const advice =
      /^sl_full-ratio10-seed0: \[\S+\] .* needs \d+ MiB and this device binds at most \d+ MiB at once: take a smaller/;
    assertMatch(err.split("\n").at(-1)!, advice);
    assertEquals(await exists(out), false);
  });
});
