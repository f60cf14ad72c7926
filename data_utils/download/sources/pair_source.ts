/** Sources whose tables hold a URL and a caption and need no more thought: with a header, or without one by number. */
import {
  findColumns,
  isNumbered,
  splitBy,
  splitEitherWay,
  type TableHead,
  withCommonNames,
} from "./columns.ts";
import { refuseForeignChoices } from "./choices.ts";
import type { Source, SourceChoice } from "./source.ts";
import { wantedRows } from "./wanted_rows.ts";

/** What such a source says of itself. */
export interface PairSource extends Pick<Source, "name" | "about"> {
  readonly presets?: Source["presets"];
  /** Rows may have no caption where the table has no column of them. */
  readonly captionless?: boolean;
}

/** Makes the source. */
export function pairSource({ name, about, presets = {}, captionless = false }: PairSource): Source {
  function reader(file: TableHead, choice: SourceChoice) {
    refuseForeignChoices(name, choice);
    const found = findColumns(file, choice, withCommonNames(), { captionless, numbers: true });
    const eitherWay = isNumbered(file) && file.columns.length === 2 &&
      choice.urlColumn === undefined && choice.captionColumn === undefined;
    const split = eitherWay ? splitEitherWay : splitBy(found);
    return wantedRows(split, { captionless: found.caption === null });
  }
  return { name, about, rows: {}, presets, reader };
}
