// The bench: pictures that are told apart, a server that ends with its owner, and the table with its verdicts.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { exitCode } from "../../data_utils/program/outcome.ts";
import { loadSharp } from "../../data_utils/deps.ts";
import { benchCases, casesNamed } from "../../data_utils/download/bench/cases.ts";
import { downloadBenchCommand } from "../../data_utils/download/bench/download_bench_command.ts";
import { type Figure, figureJson, heading, lastLine, line } from "../../data_utils/download/bench/figures.ts";
import { numberedJpeg } from "../../data_utils/download/bench/made_jpegs.ts";
import { measureBare, startServer, writeList } from "../../data_utils/download/bench/measure.ts";
import { inFolder, sha256 } from "../curate/shards_made.ts";

Deno.test("download bench: pictures have their size, are real, and differ by their number", async () => {
  const picture = await numberedJpeg({ width: 96, height: 64, bytes: 6_000, seed: 1 });
  const [one, other] = [picture(1), picture(999_999_999_999_999)];
  assertEquals([one.length, other.length], [6_000, 6_000]);
  assert(await sha256(one) !== await sha256(other));
  assertEquals(await sha256(picture(1)), await sha256(one));
  const sharp = await loadSharp();
  const pixels = await Promise.all([one, other].map((bytes) => sharp(bytes).raw().toBuffer()));
  assertEquals(pixels[0].length, 96 * 64 * 3);
  assertEquals(await sha256(new Uint8Array(pixels[0])), await sha256(new Uint8Array(pixels[1])));
  const { channels } = await sharp(one).stats();
  assert(channels.every(({ stdev }) => stdev > 20), "it is flat");
  const another = await numberedJpeg({ width: 96, height: 64, bytes: 6_000, seed: 2 });
  assert(await sha256(another(1)) !== await sha256(one));
  await assertRejects(
    () => numberedJpeg({ width: 640, height: 480, bytes: 2_000, seed: 1 }),
    RangeError,
    "fit",
  );
});

Deno.test("download bench: the server has as many images as are asked for, and ends with its owner", () =>
  inFolder(async (folder) => {
    let origin: string;
    {
      await using server = await startServer();
      origin = server.origin;
      const seen = new Set<string>(), sharp = await loadSharp();
      for (const [kind, size, width] of [["kept", 20_480, 320], ["photo", 61_440, 640]] as const) {
        for (const id of [0, 1, 8, 9, 16, 123_456]) {
          const answer = await fetch(`${origin}/${kind}/${id}`), bytes = await answer.bytes();
          assertEquals([answer.status, answer.headers.get("content-type")], [200, "image/jpeg"]);
          assertEquals([bytes.length, (await sharp(bytes).metadata()).width], [size, width]);
          seen.add(await sha256(bytes));
        }
      }
      assertEquals(seen.size, 12);
      for (const path of ["/", "/kept/", "/kept/x", "/other/1"]) {
        const answer = await fetch(origin + path);
        await answer.body?.cancel();
        assertEquals(answer.status, 404, path);
      }
      const list = `${folder}/list.tsv`;
      await writeList(list, origin, "kept", 150);
      const { images, seconds, clientCpu, serverCpu, peakBytes } = await measureBare(
        ...[list, 16, server, new AbortController().signal] as const,
      );
      assertEquals(images, 150);
      assert(seconds > 0);
      if (Deno.build.os === "linux") {
        assert(clientCpu! > 0 && serverCpu! >= 0, `${clientCpu}, ${serverCpu}`);
        assert(peakBytes! > 20 * 2 ** 20 && peakBytes! < 2 ** 31, `${peakBytes}`);
      }
      await Deno.writeTextFile(list, `url\tcaption\n${origin}/other/1\tx\n`);
      const failed = await assertRejects(
        () => measureBare(list, 1, server, new AbortController().signal),
        Error,
        "/other/1 gave 404",
      );
      assertEquals(exitCode(failed), 1);
      await assertRejects(() => measureBare(list, 1, server, AbortSignal.abort()), Error);
    }
    await assertRejects(() => fetch(`${origin}/kept/1`), TypeError);
  }));

const figure = (given: Partial<Figure>): Figure => ({
  ...{ name: "kept", title: "20 KB, bytes kept", target: 2_000, images: 10_000, seconds: 4 },
  ...{ clientCpu: 4.2, serverCpu: 1, peakBytes: 300 * 2 ** 20 },
  ...given,
});

Deno.test("download bench: figures as a table and as JSON", () => {
  const figures = [
    figure({ title: "20 KB, bare client", target: null, seconds: 2 }),
    figure({}),
    figure({ seconds: 6, peakBytes: 501 * 2 ** 20 }),
    figure({ clientCpu: null, serverCpu: null, peakBytes: null }),
  ];
  assertEquals(
    [heading(), ...figures.map(line), lastLine(figures)].join("\n"),
    `                                                                CPU s per 1,000
                            images/s    target  met    memory   client   server
-------------------------------------------------------------------------------
20 KB, bare client             5,000                  300 MiB     0.42     0.10
20 KB, bytes kept              2,500  >= 2,000  yes   300 MiB     0.42     0.10
20 KB, bytes kept              1,667  >= 2,000   NO   501 MiB     0.42     0.10
20 KB, bytes kept              2,500  >= 2,000  yes         -        -        -
2 of 3 rates reached; 1 of 2 downloads stayed within 500 MiB`,
  );
  const json = figures.map(figureJson);
  assertEquals(json.map(({ met, memory_met }) => [met, memory_met]), [
    ...[[null, null], [true, true], [false, false], [true, null]],
  ]);
  assertEquals(json[1].client_cpu_seconds_per_1000, 0.42);
  assertEquals(json[1].images_per_second, 2_500);
});

Deno.test("download bench: --only names cases, and what is none is bad input", async () => {
  assertEquals(casesNamed(undefined), benchCases);
  assertEquals(casesNamed("pillow, kept").map(({ name }) => name), ["kept", "pillow"]);
  for (const only of ["slow", "", "kept,slow"]) {
    assertEquals(exitCode(assertThrows(() => casesNamed(only))), 2);
  }
  const error = await assertRejects(
    () => downloadBenchCommand.run(["--seconds", "0"], new AbortController().signal),
    RangeError,
    "--seconds 0 is below",
  );
  assertEquals(exitCode(error), 2);
});

Deno.test("download bench: the program is measured as users call it, and nothing is left behind", () =>
  inFolder(async (folder) => {
    const { log } = console, out: string[] = [], before = Deno.env.get("TMPDIR");
    console.log = (text) => out.push(text);
    Deno.env.set("TMPDIR", folder);
    try {
      await downloadBenchCommand.run(
        ["--seconds", "0.05", "--only", "kept,pillow", "--json"],
        new AbortController().signal,
      );
    } finally {
      console.log = log;
      if (before === undefined) Deno.env.delete("TMPDIR");
      else Deno.env.set("TMPDIR", before);
    }
    const { concurrency, figures, missing } = JSON.parse(out.join("\n"));
    assertEquals([concurrency, missing], [256, []]);
    assertEquals(figures.map(({ name, images }: Figure) => [name, images]), [
      ...[["bare_kept", 100], ["kept", 100], ["bare_photo", 100], ["pillow", 4]],
    ]);
    for (const { images_per_second, peak_bytes, client_cpu_seconds_per_1000 } of figures) {
      assert(images_per_second > 0);
      if (Deno.build.os === "linux") assert(peak_bytes > 2 ** 24 && client_cpu_seconds_per_1000 > 0);
    }
    assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
  }));
