/** YFCC: a table of URL and caption as the original took, YFCC100M's own table, or one with the names of its fields. */
import {
  findColumns,
  firstColumn,
  isNumbered,
  namedCells,
  splitBy,
  splitEitherWay,
  type TableHead,
  withCommonNames,
} from "./columns.ts";
import { refuseForeignChoices } from "./choices.ts";
import type { Source, SourceChoice } from "./source.ts";
import { type Cells, cellText, type RowParts, wantedRows, without } from "./wanted_rows.ts";
import { yfccCaption } from "./yfcc_caption.ts";
import { yfccFields } from "./yfcc_table.ts";

const names = withCommonNames({ url: ["downloadurl", "download_url", "photo_url"] });
const ENCODED = ["title", "description", "usertags", "machinetags", "unickname", "capturedevice"];

/** Leaves out what the table marks as a video. */
function photosOnly(split: (cells: Cells) => RowParts): (cells: Cells) => RowParts {
  return (cells) => {
    if (cellText(cells.marker) !== "1") return split(cells);
    return { ...split(cells), skip: { reason: "video", detail: "" } };
  };
}

/** Rows with the names of the fields: the caption is a column of that name, or title and description together. */
function splitFields(file: TableHead, choice: SourceChoice): (cells: Cells) => RowParts {
  const { columns } = file, { captionColumn } = choice;
  const { url, caption } = findColumns(file, choice, names, { captionless: true });
  if (caption !== null) {
    const split = splitBy({ url, caption });
    if (captionColumn === undefined || !ENCODED.includes(caption.toLowerCase())) return photosOnly(split);
    return photosOnly((cells) => ({ ...split(cells), caption: yfccCaption(cellText(cells[caption]) ?? "") }));
  }
  const texts = [["title_clean", "title"], ["description_clean", "description"]]
    .flatMap((known) => firstColumn(columns, known) ?? []);
  if (texts.length === 0) findColumns(file, choice, names);
  return photosOnly((cells) => ({
    url: cells[url],
    caption: yfccCaption(...texts.map((column) => cellText(cells[column]) ?? "")),
    extra: without(cells, url),
  }));
}

function reader(file: TableHead, choice: SourceChoice) {
  refuseForeignChoices("yfcc", choice);
  const { path, columns } = file;
  if (!isNumbered(file)) return wantedRows(splitFields(file, choice));
  const fields = yfccFields(columns.length);
  if (fields !== null) {
    const split = splitFields({ path, columns: fields, named: true }, choice);
    return wantedRows((cells) => split(namedCells(cells, fields)));
  }
  const found = findColumns(file, choice, names, { numbers: true });
  const asked = choice.urlColumn !== undefined || choice.captionColumn !== undefined;
  return wantedRows(columns.length === 2 && !asked ? splitEitherWay : splitBy(found));
}

export const yfcc: Source = {
  name: "yfcc",
  about: "YFCC15M as TSV of URL and caption, or YFCC100M's own table (photos; title and description)",
  rows: {},
  presets: {},
  reader,
};
