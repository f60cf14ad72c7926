// Files that the project writes for others to read: PNG pictures and tar archives, read back by the decoder and by the
// tar reader, which know nothing of how they were written.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { decodeImage, encodePng } from "../../data_utils/images/mod.ts";
import { skipTally, tableSamples, TAR_END, tarEntry, tarMembers } from "../../data_utils/loader/mod.ts";
import { randomStream } from "../../data_utils/random/philox.ts";
import { gzip, join, png, withFolder } from "./made_files.ts";

function noise(width: number, height: number): Uint8Array<ArrayBuffer> {
  const stream = randomStream(3, width, height);
  return Uint8Array.from({ length: width * height * 3 }, () => stream.int(256));
}

Deno.test("png: every byte comes back, at any size and effort", async () => {
  for (const [width, height] of [[1, 1], [1, 7], [7, 1], [32, 32], [130, 5]]) {
    const data = noise(width, height);
    for (const effort of [0, 6, 9]) {
      const picture = await decodeImage(encodePng({ data, width, height }, { effort }));
      assertEquals([picture.width, picture.height, picture.mode], [width, height, "RGB"]);
      assertEquals(picture.pixels, data);
    }
  }
});

Deno.test("png: a flat picture is small, and sizes that do not fit are refused", () => {
  const flat = { data: new Uint8Array(300 * 200 * 3).fill(77), width: 300, height: 200 };
  assert(encodePng(flat).length < 2000);
  assertThrows(() => encodePng({ ...flat, width: 301 }), RangeError, "301 x 200");
  assertThrows(() => encodePng({ data: new Uint8Array(0), width: 0, height: 0 }), RangeError, "0 x 0");
});

Deno.test("tar: members come back with their names and bytes, at sizes around the block", () =>
  withFolder(async (folder) => {
    const contents = [0, 1, 511, 512, 513, 5000].map((length) => noise(length, 1).slice(0, length));
    const long = "n".repeat(96) + ".png";
    const name = (i: number) => i === 0 ? long : `folder/${i}.bin`;
    await Deno.writeFile(
      `${folder}/a.tar`,
      join(...contents.map((bytes, i) => tarEntry(name(i), bytes)), TAR_END),
    );
    const read: [string, Uint8Array][] = [];
    for await (const member of tarMembers(`${folder}/a.tar`)) read.push([member.name, await member.read()]);
    assertEquals(read, contents.map((bytes, i) => [name(i), bytes]));
    for (const bad of ["", "n".repeat(101), "ü".repeat(51)]) {
      assertThrows(() => tarEntry(bad, new Uint8Array(1)), RangeError, "1 to 100 bytes");
    }
  }));

Deno.test("tar: the system's tar lists the archive", async () => {
  const found = await new Deno.Command("tar", { args: ["--version"] }).output().catch(() => null);
  if (!found?.success) return console.warn("skipped: no tar on this machine");
  await withFolder(async (folder) => {
    await Deno.writeFile(
      `${folder}/a.tar`,
      join(tarEntry("x-0.txt", new TextEncoder().encode("hello")), TAR_END),
    );
    const { stdout, success } = await new Deno.Command("tar", {
      args: ["-xOf", `${folder}/a.tar`, "x-0.txt"],
    })
      .output();
    assertEquals([success, new TextDecoder().decode(stdout)], [true, "hello"]);
  });
});

Deno.test("a table may name images inside archives; a member that is not there is left out", () =>
  withFolder(async (folder) => {
    const shard = join(
      tarEntry("a.png", png(4, 4, [1, 2, 3])),
      tarEntry("b.png", png(4, 4, [4, 5, 6])),
      TAR_END,
    );
    await Deno.mkdir(`${folder}/sub dir.tar`);
    await Deno.writeFile(`${folder}/s-0.tar`, shard);
    await Deno.writeFile(`${folder}/sub dir.tar/c.png`, png(4, 4, [7, 8, 9]));
    const table = async (...paths: string[]) => {
      await Deno.writeTextFile(
        `${folder}/t.tsv`,
        `filepath\tlabel\n${paths.map((p) => `${p}\t0\n`).join("")}`,
      );
      const skips = skipTally(), samples = await Array.fromAsync(tableSamples(`${folder}/t.tsv`, { skips }));
      return { images: samples.map(({ image }) => image), skipped: skips.list() };
    };
    const { images, skipped } = await table("s-0.tar/b.png", "s-0.tar/none.png", "sub dir.tar/c.png");
    const file = `${folder}/s-0.tar`, length = png(4, 4, [4, 5, 6]).length;
    assertEquals(images, [{ file, part: { offset: shard.length - 1024 - 512, length } }, {
      file: `${folder}/sub dir.tar/c.png`,
    }]);
    assertEquals(skipped, [{ reason: "missing file", count: 1, example: "s-0.tar/none.png" }]);
    await Deno.writeFile(`${folder}/z.tar`, gzip(shard));
    await assertRejects(() => table("z.tar/a.png"), SyntaxError, "z.tar is gzipped");
  }));
