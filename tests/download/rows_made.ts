// What the tests of tables share: a feed out of memory, files made on the spot, and reading in every order.
import { assert, assertEquals } from "@std/assert";
import type { ByteFeed } from "../../data_utils/download/rows/byte_feed.ts";
import { openRowFile } from "../../data_utils/download/rows/open_row_file.ts";
import { recordCursor, type RecordRule } from "../../data_utils/download/rows/records.ts";
import type { RowFile, RowFileOptions, RowPlace } from "../../data_utils/download/rows/row_file.ts";
import type { TableRow } from "../../data_utils/download/row.ts";
import { randomStream } from "../../data_utils/mod.ts";
import { bytesOf, gzip } from "../data_utils/made_files.ts";

/** A feed of bytes from one of them on. */
export function memoryFeed(bytes: Uint8Array, from = 0): ByteFeed {
  let at = from;
  return {
    read(into) {
      const part = bytes.subarray(at, at + into.length);
      into.set(part);
      at += part.length;
      return Promise.resolve(part.length);
    },
    close: () => Promise.resolve(),
  };
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Texts of a rule's records from a byte on, read through a small window, and the place of each; null for a fault. */
export async function recordsOf(
  bytes: Uint8Array,
  rule: RecordRule,
  window: number,
  from = 0,
): Promise<{ texts: (string | null)[]; places: number[] }> {
  const texts: (string | null)[] = [], places: number[] = [];
  const cursor = recordCursor(memoryFeed(bytes, from), rule, from, 0, window);
  for (;;) {
    places.push(cursor.position());
    const got = await cursor.pass(1, (bytes, from, to, fault) => {
      texts.push(fault === null ? decoder.decode(bytes.subarray(from, to)) : null);
    });
    if (got === 0) break;
  }
  assertEquals(cursor.row(), texts.length);
  await cursor.finish();
  return { texts, places };
}

/** Writes a file and, beside it, the same gzipped; gives both paths. */
export async function writeBoth(path: string, content: string | Uint8Array): Promise<string[]> {
  await Deno.writeFile(path, bytesOf(content));
  await Deno.writeFile(`${path}.gz`, gzip(bytesOf(content)));
  return [path, `${path}.gz`];
}

async function readRuns(file: RowFile, places: readonly RowPlace[], count: number): Promise<TableRow[][]> {
  const runs: TableRow[][] = [];
  for (const place of places) runs.push(await file.read(place, count));
  return runs;
}

/** A table's rows, after checking that every way to read it gives the same. */
export async function rowsInEveryOrder(
  path: string,
  options?: RowFileOptions,
  runs = [1, 3, 1000],
): Promise<{ rows: TableRow[] } & Pick<RowFile, "format" | "columns" | "named">> {
  await using file = await openRowFile(path, options);
  const rows: TableRow[] = [];
  for (const rowsPerRun of runs) {
    const seen: TableRow[] = [];
    let bytes = 0;
    const survey = await file.survey(rowsPerRun, {
      look: (row) => seen.push(row),
      passed: (more) => bytes += more,
    });
    assertEquals(await file.survey(rowsPerRun), survey);
    assertEquals(Math.round(bytes), Deno.statSync(path).size);
    assertEquals(seen.map(({ row }) => row), seen.map((_, i) => i));
    const { places } = survey, kept: RowPlace[] = JSON.parse(JSON.stringify(places));
    assertEquals([survey.rows, places.length], [seen.length, Math.ceil(seen.length / rowsPerRun)]);
    const expected = places.map(({ row }) => seen.slice(row, row + rowsPerRun));
    assertEquals(await readRuns(file, kept, rowsPerRun), expected);
    const last = kept.slice(-20).toReversed();
    assertEquals(await readRuns(file, last, rowsPerRun), expected.slice(-20).toReversed());
    const shuffled = randomStream(seen.length).shuffle(places.map((_, i) => i)).slice(0, 20);
    assertEquals(
      await Promise.all(shuffled.map((i) => file.read(kept[i], rowsPerRun))),
      shuffled.map((i) => expected[i]),
    );
    if (rows.length === 0) rows.push(...seen);
    assertEquals(seen, rows);
  }
  const { format, columns, named } = file;
  return { rows, format, columns, named };
}

/** As {@link rowsInEveryOrder} of a text's file and of the same gzipped, which have to agree. */
export async function rowsOfText(
  folder: string,
  name: string,
  content: string | Uint8Array,
  options?: RowFileOptions,
) {
  const [plain, packed] = await Promise.all(
    (await writeBoth(`${folder}/${name}`, content)).map((path) => rowsInEveryOrder(path, options)),
  );
  assertEquals(packed, plain);
  return plain;
}

/** Cells or faults of rows. */
export const cellsOf = (rows: readonly TableRow[]) => rows.map(({ cells, fault }) => fault ?? cells);

/** What `work` throws, which is one line of a SyntaxError that names `path`. */
export async function refusal(path: string, work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
  } catch (error) {
    assert(error instanceof SyntaxError, String(error));
    assert(error.message.includes(path) && !error.message.includes("\n"), error.message);
    return error.message.replaceAll(path, "FILE");
  }
  throw new Error(`${path} was not refused`);
}
