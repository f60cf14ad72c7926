/** LAION-400M, LAION-2B-en and what was made of them: parquet with URL, TEXT and a mark of what is safe for work. */
import { findColumns, firstColumn, splitBy, type TableHead, withCommonNames } from "./columns.ts";
import { refuseForeignChoices } from "./choices.ts";
import type { Source, SourceChoice } from "./source.ts";
import { type Cells, cellText, wantedRows } from "./wanted_rows.ts";

const names = withCommonNames({ url: ["URL"], caption: ["TEXT"] });

/** Marks that are kept, by --nsfw; "all" keeps everything. */
const kept: Record<Exclude<NonNullable<SourceChoice["nsfw"]>, "all">, readonly string[]> = {
  unlikely: ["UNLIKELY"],
  unsure: ["UNLIKELY", "UNSURE"],
};

function reader(file: TableHead, choice: SourceChoice) {
  refuseForeignChoices("laion", choice);
  const { nsfw = "unlikely" } = choice;
  if (nsfw !== "all" && !Object.hasOwn(kept, nsfw)) {
    throw new RangeError(`--nsfw ${nsfw} is none of unlikely, unsure, all`);
  }
  const split = splitBy(findColumns(file, choice, names));
  // A table without the column was filtered beforehand, as that of the original was.
  const column = firstColumn(file.columns, ["NSFW"]);
  if (nsfw === "all" || column === undefined) return wantedRows(split);
  return wantedRows((cells: Cells) => {
    const mark = cellText(cells[column])?.trim().toUpperCase() ?? "";
    if (kept[nsfw].includes(mark)) return split(cells);
    return { ...split(cells), skip: { reason: "nsfw", detail: mark ? `marked ${mark}` : "not marked" } };
  });
}

export const laion: Source = {
  name: "laion",
  about: "LAION-400M, LAION-2B-en, Re-LAION: parquet of URL, TEXT, NSFW ...",
  rows: {},
  presets: {},
  reader,
};
