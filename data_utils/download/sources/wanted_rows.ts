/** What all sources do with a row alike: which of them are skipped, for which reason, and in which order of reasons. */
import type { Cell, TableRow, WantedRow } from "../row.ts";
import { readUrl } from "./url_text.ts";

/** The cells of a row. */
export type Cells = TableRow["cells"];

/** A row taken apart by its source. */
export interface RowParts {
  readonly url: Cell | undefined;
  readonly caption: Cell | undefined;
  readonly extra: Cells;
  /** Why the source leaves the row out. */
  readonly skip?: WantedRow["skip"];
}

/** What the original's authors wrote into captions whose URL is bad. */
const BAD_MARK = "ohcb01";

/** A cell as text; null where it is missing, or a list or object. */
export function cellText(cell: Cell | undefined): string | null {
  if (typeof cell === "string") return cell;
  return typeof cell === "number" || typeof cell === "boolean" ? String(cell) : null;
}

/** The cells without some columns. */
export function without(cells: Cells, ...columns: readonly (string | null)[]): Cells {
  return Object.fromEntries(Object.entries(cells).filter(([name]) => !columns.includes(name)));
}

/**
 * A reader of rows that `split` takes apart. A row is skipped for the first of these: the table's fault, the source's
 * own reason, its URL, its caption (unless `captionless`: then "" will do).
 */
export function wantedRows(
  split: (cells: Cells) => RowParts,
  { captionless = false } = {},
): (row: TableRow) => WantedRow {
  return ({ cells, fault }) => {
    if (fault !== undefined) {
      return { url: "", caption: "", extra: {}, skip: { reason: "malformed_row", detail: fault } };
    }
    const parts = split(cells), text = cellText(parts.url)?.trim() ?? "";
    const caption = cellText(parts.caption) ?? "", { extra } = parts;
    const skipped = (reason: NonNullable<WantedRow["skip"]>["reason"], detail: string): WantedRow => ({
      ...{ url: text, caption, extra },
      skip: { reason, detail },
    });
    if (parts.skip) return skipped(parts.skip.reason, parts.skip.detail);
    if (text === "") return skipped("no_url", "");
    const reading = readUrl(text);
    if ("fault" in reading) return skipped("bad_url", reading.fault);
    if (caption.trim() === "" && !captionless) return skipped("no_caption", "");
    if (caption.includes(BAD_MARK)) return skipped("bad_url", `the caption holds "${BAD_MARK}"`);
    return { url: reading.url, caption, extra };
  };
}
