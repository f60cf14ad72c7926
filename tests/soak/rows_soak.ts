// A gigabyte of rows in every format, gzipped, is gone over and read in memory that does not grow with it.

import { assert, assertEquals } from "@std/assert";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { createGzip } from "node:zlib";
import { openRowFile } from "../../data_utils/download/rows/open_row_file.ts";
import { randomStream } from "../../data_utils/mod.ts";
import { withFolder } from "../data_utils/made_files.ts";
import { progress } from "./progress.ts";

const ROWS = 8_000_000, RUN = 10_000, MEGABYTE = 2 ** 20;
/** What the process may grow by: windows, a run of rows, garbage not yet collected. */
const ROOM = 200 * MEGABYTE;

const url = (i: number) => `https://live.staticflickr.com/65535/${i}.jpg`;
const caption = (i: number) =>
  `Caption ${i}, "so to say", of a row that is as long as captions are wont to be`;
const formats: Record<string, (i: number) => string> = {
  "rows.tsv.gz": (i) => `${url(i)}\t${caption(i)}\n`,
  "rows.csv.gz": (i) => `${url(i)},"${caption(i).replaceAll('"', '""')}"\n`,
  "rows.jsonl.gz": (i) => JSON.stringify({ "0": url(i), "1": caption(i) }) + "\n",
  "rows.json.gz": (i) =>
    (i === 0 ? '{"info": {}, "annotations": [' : ",") + JSON.stringify({ "0": url(i), "1": caption(i) }) +
    (i === ROWS - 1 ? "]}" : ""),
};

async function write(path: string, make: (i: number) => string): Promise<void> {
  const packer = createGzip({ level: 1 }), file = packer.pipe(createWriteStream(path));
  for (let i = 0; i < ROWS;) {
    let text = "";
    for (const end = i + RUN; i < end; i++) text += make(i);
    if (!packer.write(text)) await once(packer, "drain");
  }
  packer.end();
  await once(file, "close");
}

for (const [name, make] of Object.entries(formats)) {
  Deno.test(`${ROWS} rows of ${name} take no more memory than a few runs`, () =>
    withFolder(async (folder) => {
      const path = `${folder}/${name}`;
      await write(path, make);
      const before = Deno.memoryUsage().rss;
      await using file = await openRowFile(path);
      let most = 0, seen = 0;
      const watch = () => most = Math.max(most, Deno.memoryUsage().rss);
      const { rows, places } = await file.survey(RUN, { look: () => ++seen % 100_000 === 0 && watch() });
      assertEquals([rows, seen, places.length], [ROWS, ROWS, ROWS / RUN]);
      const draw = randomStream(1), began = performance.now();
      for (const [i, place] of places.entries()) {
        const run = await file.read(place, RUN), row = draw.int(RUN);
        assertEquals([run.length, run[row].cells], [RUN, {
          "0": url(place.row + row),
          "1": caption(place.row + row),
        }]);
        watch();
        if (i % 100 === 0) progress(`${name}: ${i} of ${places.length} runs`);
      }
      const seconds = (performance.now() - began) / 1000, grown = (most - before) / MEGABYTE;
      progress(
        `${name}: grown by ${grown.toFixed(0)} MB, ${(ROWS / seconds / 1000).toFixed(0)} thousand rows/s`,
      );
      assert(most - before < ROOM, `${name}: grew by ${grown.toFixed(0)} MB`);
    }));
}
