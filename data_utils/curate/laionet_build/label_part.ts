/** Labels the captions of one file: which rows each lemma matches. Run by a worker, or by anyone who has a file. */
import { captionArena, NULL_LENGTH } from "../../captions/arena.ts";
import { addTally, type CaptionOptions, type CaptionTally, emptyTally } from "../../captions/caption_file.ts";
import { openCaptionFile, readCaptions } from "../../captions/open.ts";
import { lemmaMatcher } from "./lemma_matcher.ts";

/** What was found in a file. */
export interface LabelledPart {
  /** Rows of the file, with or without a caption. */
  readonly rows: number;
  /** Rows that any lemma matches. */
  readonly matched: number;
  /** For each lemma the rows that it matches, ascending, each once. */
  readonly rowsOf: readonly Uint32Array[];
  readonly tally: CaptionTally;
}

/** Row numbers that grow in number. */
interface RowList {
  rows: Uint32Array;
  count: number;
}

function push(list: RowList, row: number): void {
  if (list.count > 0 && list.rows[list.count - 1] === row) return;
  if (list.count === list.rows.length) {
    const larger = new Uint32Array(2 * list.count);
    larger.set(list.rows);
    list.rows = larger;
  }
  list.rows[list.count++] = row;
}

/**
 * Reads a file of captions in any format from its beginning to its end. A row whose caption is missing or too long matches
 * nothing. Throws as openCaptionFile and readCaptions do, and SyntaxError for a table with a row of too many fields or a
 * broken record: rows behind it could not be numbered as pandas numbers them.
 */
export async function labelPart(
  path: string,
  lemmas: readonly string[],
  options: CaptionOptions,
  { onRows, signal }: { onRows?: (rows: number) => void; signal?: AbortSignal } = {},
): Promise<LabelledPart> {
  const file = await openCaptionFile(path, options), arena = captionArena(), tally = emptyTally();
  const matcher = lemmaMatcher(lemmas),
    lists = lemmas.map((): RowList => ({ rows: new Uint32Array(4), count: 0 }));
  let row = 0, matched = 0, hit = false;
  const found = (lemma: number) => {
    push(lists[lemma], row);
    hit = true;
  };
  const sink = (count: number) => {
    const bytes = arena.bytes(), spans = arena.spans();
    for (let i = 0; i < count; i++, row++) {
      if (spans[2 * i + 1] === NULL_LENGTH) continue;
      hit = false;
      matcher.match(bytes, spans[2 * i], spans[2 * i + 1], found);
      if (hit) matched++;
    }
    onRows?.(count);
  };
  let ended: number | undefined;
  for (const unit of file.units) {
    const onLeftOut = () => void row++;
    const read = await readCaptions(file, unit, arena, sink, { from: ended, onLeftOut, signal });
    addTally(tally, read.tally);
    ended = read.ended;
  }
  if (tally.rows !== row) {
    const left = tally.malformed + tally.tooLong;
    throw new SyntaxError(
      `${path}: ${left} of ${tally.rows} records are malformed or over 8 MiB, so that rows have no sure numbers: mend it`,
    );
  }
  return { rows: row, matched, rowsOf: lists.map(({ rows, count }) => rows.slice(0, count)), tally };
}
