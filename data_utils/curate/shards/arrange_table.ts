/** The metadata of `arrange`: which file every row's image becomes, and the shards that may hold it. */
import { imagenetWnid, isWnid } from "../../metadata/wnids.ts";
import { type Frame, readFrame, textAt, textCodes, type TextColumn } from "../../tables/mod.ts";

/** Metadata of images, a row each. */
export interface ArrangeTable {
  readonly frame: Frame;
  /** Ids of the classes in the order of `codes`, as ImageNet has them: n02110185 for n02112837. */
  readonly wnids: readonly string[];
  /** By row: place in `wnids`. */
  readonly codes: Int32Array;
  /** File of a row below the target. */
  fileOf(row: number): string;
  /** A row's TEXT; null where there is none to compare. */
  captionOf(row: number): string | null;
}

const ID_COLUMNS = ["index", "__index_level_0__"];

/** The column of LAION ids. Throws RangeError when there is none. */
function idColumnOf(frame: Frame, asked: string | undefined): string {
  const found = asked ?? ID_COLUMNS.find((name) => frame.names.includes(name)) ?? frame.index[0];
  if (found !== undefined && frame.names.includes(found)) return found;
  throw new SyntaxError(
    `${frame.source} has no column ${asked ?? "index"} of LAION ids, but ${
      frame.names.join(", ")
    }: name it with --index-col`,
  );
}

/** Refuses ids that are no file names, and two rows that would be one file. */
function checkIds(ids: ArrayLike<number>, codes: Int32Array, wnids: readonly string[], frame: Frame): void {
  const seen: Set<number>[] = wnids.map(() => new Set());
  for (let row = 0; row < ids.length; row++) {
    const id = ids[row], of = seen[codes[row]];
    if (!(Number.isSafeInteger(id) && id >= 0)) {
      throw new SyntaxError(`${frame.source}, row ${row} (from 0): ${id} is no LAION id, a whole number`);
    }
    if (of.has(id)) {
      throw new SyntaxError(
        `${frame.source}, row ${row} (from 0): ${wnids[codes[row]]}/${id} stands above already: drop one`,
      );
    }
    of.add(id);
  }
}

/**
 * Reads the metadata. Throws SyntaxError, naming file and row, without the columns wnid and ids, for a wnid or id that
 * is none, and for one that stands twice.
 */
export async function readArrangeTable(path: string, idColumn: string | undefined): Promise<ArrangeTable> {
  const frame = await readFrame(path), ids = frame.numbers(idColumnOf(frame, idColumn));
  if (frame.rows === 0) throw new SyntaxError(`${path} has no rows`);
  const { codes: written, texts } = textCodes(frame.text("wnid"));
  const odd = written.findIndex((code) => code < 0 || !isWnid(texts[code]));
  if (odd >= 0) {
    const found = written[odd] < 0 ? "nothing" : JSON.stringify(texts[written[odd]]);
    throw new SyntaxError(
      `${path}, row ${odd} (from 0): the wnid ${found} is no WordNet id such as n01440764`,
    );
  }
  const wnids = [...new Set(texts.map(imagenetWnid))].sort();
  const places = texts.map((wnid) => wnids.indexOf(imagenetWnid(wnid))),
    codes = written.map((code) => places[code]);
  checkIds(ids, codes, wnids, frame);
  const texted = frame.names.includes("TEXT") ? frame.column("TEXT") : null;
  const captions: TextColumn | null = texted?.kind === "text" ? texted : null;
  return {
    ...{ frame, wnids, codes },
    fileOf: (row) => `${wnids[codes[row]]}/${ids[row]}.jpg`,
    captionOf: (row) => captions && textAt(captions, row),
  };
}

/** A shard and its number, which its name ends in. */
export interface NumberedShard {
  readonly path: string;
  readonly number: number;
}

/**
 * Numbers of shards, ascending. Throws RangeError for a name without one, and for a number that stands twice or lies
 * behind the table's rows.
 */
export function numberShards(paths: readonly string[], shardSize: number, rows: number): NumberedShard[] {
  const shards = paths.map((path) => {
    const digits = /(\d{1,9})\.(tar|tar\.gz|tgz)$/i.exec(path)?.[1];
    if (digits === undefined) {
      throw new RangeError(
        `${path} has no number at the end of its name, as 00012.tar has: keys depend on it`,
      );
    }
    return { path, number: Number(digits) };
  }).sort((a, b) => a.number - b.number);
  const twice = shards.findIndex(({ number }, i) => i > 0 && number === shards[i - 1].number);
  if (twice > 0) {
    throw new RangeError(
      `${shards[twice - 1].path} and ${shards[twice].path} are both shard ${shards[twice].number}`,
    );
  }
  const behind = shards.find(({ number }) => number * shardSize >= rows);
  if (behind) {
    throw new RangeError(
      `${behind.path} holds rows from ${
        behind.number * shardSize
      } on, and the metadata has ${rows}: other metadata, ` +
        "or another --shard-size",
    );
  }
  return shards;
}
