// Counting in units: whatever the block size, the number of workers and the moment of a kill, the counts are those of
// reading everything once; and what is wrong with one file is said and costs that file only.
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { Failure, Stopped } from "../../data_utils/mod.ts";
import { progressText } from "../../concept_freq/run/count_progress.ts";
import { addCounts, encodeCounts } from "../../concept_freq/run/sparse_counts.ts";
import { gzip, withFolder } from "../data_utils/made_files.ts";
import { captions, countOf, expected, jobOf, listener, numbers, places, tsv } from "./run_made.ts";

/** Three files of captions: two tables and a gzipped one. */
async function writeInputs(folder: string, each = 300): Promise<string[][]> {
  const lists = [1, 2, 3].map((seed) => captions(each, seed));
  await Deno.mkdir(`${folder}/in`);
  await Deno.writeTextFile(`${folder}/in/a.tsv`, tsv(lists[0]));
  await Deno.writeTextFile(`${folder}/in/b.tsv`, tsv(lists[1]));
  await Deno.writeFile(`${folder}/in/c.tsv.gz`, gzip(new TextEncoder().encode(tsv(lists[2]))));
  return lists;
}

const partsIn = (folder: string) =>
  Array.from(Deno.readDirSync(folder), ({ name }) => name).filter((name) => name.endsWith(".part")).sort();

Deno.test("sparse counts: what is encoded adds up again", () => {
  const draw = numbers(5);
  for (let round = 0; round < 50; round++) {
    const counts = Float64Array.from(
      { length: 1 + draw(3000) },
      () => draw(3) > 0 ? 0 : draw(2 ** 31) ** (draw(2) + 0.7),
    );
    counts.forEach((count, i) => counts[i] = Math.min(Math.floor(count), Number.MAX_SAFE_INTEGER));
    const sum = new Float64Array(counts.length), body = encodeCounts(counts);
    addCounts(sum, body);
    assertEquals(sum, counts);
    if (body.length === 0) continue;
    assertThrows(() => addCounts(sum, body.subarray(0, -1)), SyntaxError, "amid a number");
    assertThrows(() => addCounts(new Float64Array(0), body), SyntaxError, "beyond 0 places");
  }
  assertThrows(() => encodeCounts([1, 0.5]), RangeError, "0.5 at 1 is no count");
  const most = new Float64Array(3);
  addCounts(most, encodeCounts([0, Number.MAX_SAFE_INTEGER, 0]));
  assertEquals(most[1], Number.MAX_SAFE_INTEGER);
});

Deno.test("progress: captions, rates, units and the time left once it is known", () => {
  const state = {
    captions: 1_234_567,
    bytes: 50e6,
    totalBytes: 200e6,
    units: 4,
    totalUnits: 16,
    seconds: 10,
  };
  assertEquals(progressText(state), "1,234,567 captions, 123,457/s, 5 MB/s, 4 of 16 units, 0:30 left");
  assertEquals(
    progressText({ ...state, bytes: 0, units: 0 }),
    "1,234,567 captions, 123,457/s, 0 of 16 units",
  );
});

Deno.test("a table in blocks of any size counts as read once, also where quoted line ends cross blocks", async () => {
  await withFolder(async (folder) => {
    const list = [...captions(150, 11, 2), "x".repeat(1500) + "\n"], text = tsv(list);
    await Deno.writeTextFile(`${folder}/a.tsv`, text);
    for (const [blockBytes, workers] of [[64, 3], [137, 2], [1000, 1], [4096, 3], [1 << 20, 2]]) {
      const job = jobOf([`${folder}/a.tsv`], `${folder}/out`, { blockBytes, workers });
      const { counts, outcome } = await countOf(job);
      assertEquals(counts, expected(list), `blocks of ${blockBytes}`);
      assertEquals([outcome.tally.rows, outcome.tally.malformed, outcome.leftOut.length], [
        list.length,
        0,
        0,
      ]);
      assertEquals(outcome.units, Math.ceil(new TextEncoder().encode(text).length / blockBytes));
      assertEquals(await Array.fromAsync(Deno.readDir(folder), ({ name }) => name), ["a.tsv"]);
    }
  });
});

Deno.test("killed three times at random moments, a count goes on and ends as without a break", async () => {
  await withFolder(async (folder) => {
    const lists = await writeInputs(folder, 600), out = `${folder}/out`, draw = numbers(Date.now());
    const script = new URL("./run_count_cli.ts", import.meta.url).href;
    const start = (delay: number) =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", script, `${folder}/in`, out, String(delay)],
        stdout: "piped",
        stderr: "piped",
      }).spawn();
    const done = () => {
      try {
        return partsIn(`${out}/.partial/class_test`).length;
      } catch {
        return 0;
      }
    };
    let before = 0;
    for (let kill = 0; kill < 3; kill++) {
      const child = start(40), goal = before + 1 + draw(6);
      while (done() < goal) await new Promise((resolve) => setTimeout(resolve, 5));
      await new Promise((resolve) => setTimeout(resolve, draw(60)));
      child.kill("SIGKILL");
      const { signal } = await child.output();
      assertEquals(signal, "SIGKILL");
      assert(done() >= before, "partial results are never lost");
      before = done();
    }
    const { code, stdout, stderr } = await start(0).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const { counts, resumed } = JSON.parse(new TextDecoder().decode(stdout));
    assertEquals(counts, Array.from(expected(lists.flat())));
    assertEquals(resumed, before);
  });
});

Deno.test("what is done is taken over; a changed file and a spoilt result are counted anew; a missing file is named", async () => {
  await withFolder(async (folder) => {
    const lists = await writeInputs(folder), out = `${folder}/out`, partial = `${out}/.partial/class_test`;
    const first = await countOf(jobOf([`${folder}/in`], out), true);
    assertEquals(first.counts, expected(lists.flat()));
    const names = partsIn(partial);

    const again = listener();
    const second = await countOf(jobOf([`${folder}/in`], out, { progress: again.progress }), true);
    assertEquals([second.outcome.resumed, second.counts], [names.length, first.counts]);
    assertEquals(again.notes, [`resumed: ${names.length} of ${names.length} units are done`]);

    const spoilt = await Deno.readFile(`${partial}/${names[3]}`);
    spoilt[spoilt.length - 1] ^= 1;
    await Deno.writeFile(`${partial}/${names[3]}`, spoilt);
    await Deno.writeFile(
      `${partial}/${names[4]}`,
      (await Deno.readFile(`${partial}/${names[4]}`)).slice(0, -2),
    );
    const third = await countOf(jobOf([`${folder}/in`], out), true);
    assertEquals([third.outcome.resumed, third.counts], [names.length - 2, first.counts]);

    lists[1] = captions(200, 77);
    await Deno.writeTextFile(`${folder}/in/b.tsv`, tsv(lists[1]));
    const changed = listener();
    const fourth = await countOf(jobOf([`${folder}/in`], out, { progress: changed.progress }), true);
    assertEquals(fourth.counts, expected(lists.flat()));
    assertMatch(changed.notes[0], /\/in\/b\.tsv has changed since: it is counted anew$/);

    const other = jobOf([`${folder}/in`], out, { settings: { concepts: "2", modern: "false" } });
    await assertRejects(
      () => countOf(other),
      RangeError,
      "another setting of concepts: go on with the same flags",
    );
    await assertRejects(
      () => countOf(jobOf([`${folder}/in`], out, { captionOptions: { column: "URL" } })),
      RangeError,
      "another setting of caption column",
    );
    await Deno.rename(`${folder}/in/a.tsv`, `${folder}/a.tsv`);
    await assertRejects(
      () => countOf(jobOf([`${folder}/in`], out)),
      RangeError,
      "/in/a.tsv was part of the unfinished",
    );
    assertEquals(partsIn(partial).length > 0, true);

    const fresh = await countOf(jobOf([`${folder}/in`], out, { restart: true }));
    assertEquals([fresh.outcome.resumed, fresh.counts], [0, expected(lists.slice(1).flat())]);
    // The folder was there when this run began; of an output it has nothing left.
    assertEquals(await Array.fromAsync(Deno.readDir(out), ({ name }) => name), []);
  });
});

Deno.test("a damaged file, one without the column and one that breaks the counter are left out and named; mended, only they are counted", async () => {
  await withFolder(async (folder) => {
    const lists = await writeInputs(folder),
      out = `${folder}/out`,
      whole = await Deno.readFile(`${folder}/in/c.tsv.gz`);
    await Deno.writeFile(`${folder}/in/c.tsv.gz`, whole.subarray(0, -300));
    await Deno.writeTextFile(`${folder}/in/d.tsv`, "URL\tOTHER\nx\ty\n");
    await Deno.writeTextFile(`${folder}/in/e.tsv`, tsv(["fine", "break here", ...captions(100, 9)]));
    const job = (more = {}) =>
      jobOf([`${folder}/in`], out, { spec: { places, breakAt: "break here" }, ...more });
    const { counts, outcome } = await countOf(job(), true);
    assertEquals(counts, expected([...lists[0], ...lists[1]]));
    assertEquals(outcome.leftOut.length, 3, outcome.leftOut.join("\n"));
    assertMatch(outcome.leftOut[0], /c\.tsv\.gz/);
    assertMatch(outcome.leftOut[1], /d\.tsv.*(OTHER|--caption-col)/);
    assertMatch(outcome.leftOut[2], /unreachable/);
    assertEquals(outcome.files.map(({ failure }) => failure !== undefined), [false, false, true, true, true]);

    await Deno.writeFile(`${folder}/in/c.tsv.gz`, whole);
    await Deno.writeTextFile(`${folder}/in/d.tsv`, tsv(["a bird"]));
    const mended = await countOf(job({ spec: { places } }));
    const all = [...lists.flat(), "a bird", "fine", "break here", ...captions(100, 9)];
    assertEquals([mended.counts, mended.outcome.leftOut], [expected(all), []]);
    assert(mended.outcome.resumed >= outcome.partials.length);
  });
});

Deno.test("a file that is written to while it is read is left out, and counted when it is still", async () => {
  await withFolder(async (folder) => {
    const lists = await writeInputs(folder), out = `${folder}/out`, path = `${folder}/in/b.tsv`;
    const running = countOf(jobOf([`${folder}/in`], out, { spec: { places, delay: 20 } }), true);
    while (!await Deno.stat(`${out}/.partial/class_test/plan.json`).catch(() => null)) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await Deno.writeTextFile(path, tsv(["one more"]).split("\n").slice(1).join("\n"), { append: true });
    const { counts, outcome } = await running;
    assertEquals(outcome.leftOut, [`${path} changed while it was read: count it again`]);
    assertEquals(counts, expected([...lists[0], ...lists[2]]));
    const again = await countOf(jobOf([`${folder}/in`], out, { spec: { places } }));
    assertEquals([again.counts, again.outcome.leftOut], [expected([...lists.flat(), "one more"]), []]);
  });
});

Deno.test("where no file can be read nothing is left behind", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/d.tsv`, "URL\tOTHER\nx\ty\n");
    const error = await assertRejects(() => countOf(jobOf([`${folder}/d.tsv`], `${folder}/out`)), Failure);
    assertEquals(error.exitCode, 2);
    await assertRejects(
      () => countOf(jobOf([`${folder}/nothing*`], `${folder}/out`)),
      RangeError,
      "nothing*",
    );
    assertEquals(await Array.fromAsync(Deno.readDir(folder), ({ name }) => name), ["d.tsv"]);
  });
});

Deno.test("stopped, a count keeps what is done; one at a time works in a folder", async () => {
  await withFolder(async (folder) => {
    const lists = await writeInputs(folder, 600), out = `${folder}/out`, stop = new AbortController();
    const spec = { places, delay: 20 };
    const running = countOf(jobOf([`${folder}/in`], out, { spec, signal: stop.signal }), true);
    running.catch(() => {});
    const partial = `${out}/.partial/class_test`;
    const some = () => {
      try {
        return partsIn(partial).length > 3;
      } catch {
        return false;
      }
    };
    while (!some()) await new Promise((resolve) => setTimeout(resolve, 5));
    await assertRejects(
      () => countOf(jobOf([`${folder}/in`], out)),
      Deno.errors.Busy,
      `held by another count (process ${Deno.pid})`,
    );
    stop.abort(new Stopped("Stopped"));
    const error = await assertRejects(() => running, Stopped);
    assertMatch(error.message, /^Stopped after \d+ of \d+ units; the same command goes on from there$/);
    const done = partsIn(partial).length, { counts, outcome } = await countOf(jobOf([`${folder}/in`], out));
    assertEquals([counts, outcome.resumed], [expected(lists.flat()), done]);
    assert(done < outcome.units);
  });
});
