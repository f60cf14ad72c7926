/** WIT (Wikipedia-based Image Text): TSV with a header, captions of many languages, all images on one host. */
import {
  findColumns,
  firstColumn,
  isNumbered,
  missingColumn,
  namedCells,
  splitBy,
  type TableHead,
  withCommonNames,
} from "./columns.ts";
import { refuseForeignChoices } from "./choices.ts";
import type { Source, SourceChoice } from "./source.ts";
import { type Cells, cellText, type RowParts, wantedRows } from "./wanted_rows.ts";

const names = withCommonNames({ url: ["image_url"], caption: ["caption_reference_description"] });

/** The table's columns in order, for a part of it that was split off without the header. */
const FIELDS = [
  ...["language", "page_url", "image_url", "page_title", "section_title", "hierarchical_section_title"],
  ...["caption_reference_description", "caption_attribution_description", "caption_alt_text_description"],
  ...["mime_type", "original_height", "original_width", "is_main_image", "attribution_passes_lang_id"],
  ...["page_changed_recently", "context_page_description", "context_section_description"],
];

/** Takes apart rows of a table whose columns have names. */
function splitNamed(file: TableHead, choice: SourceChoice): (cells: Cells) => RowParts {
  const { language = "en" } = choice, wanted = language.toLowerCase();
  if (!/^[a-z]+(-[a-z0-9]+)*$/.test(wanted)) {
    throw new RangeError(`--language ${language} is no code of a language such as en, nor "all"`);
  }
  const split = splitBy(findColumns(file, choice, names)), { columns } = file;
  if (wanted === "all" || columns.length === 0) return split;
  const column = firstColumn(columns, ["language"]);
  if (column === undefined) {
    throw missingColumn(file, "language", "take captions of every language by --language all");
  }
  return (cells) => {
    const found = cellText(cells[column])?.trim() ?? "";
    if (found.toLowerCase() === wanted) return split(cells);
    return { ...split(cells), skip: { reason: "language", detail: found || "not named" } };
  };
}

function reader(file: TableHead, choice: SourceChoice) {
  refuseForeignChoices("wit", choice);
  if (!isNumbered(file) || file.columns.length !== FIELDS.length) return wantedRows(splitNamed(file, choice));
  const split = splitNamed({ path: file.path, columns: FIELDS, named: true }, choice);
  return wantedRows((cells) => split(namedCells(cells, FIELDS)));
}

export const wit: Source = {
  name: "wit",
  about: "WIT: TSV with image_url, caption_reference_description and language",
  rows: {},
  presets: {
    // Wikimedia's robot policy of 2025: two requests at once at most, 25 Mbit/s in all. Ten requests a second are that
    // speed when images have 300 KB in the mean. All are on one host, so leaving it alone would fail every row.
    queue: {
      concurrency: 2,
      perHost: 2,
      hostInterval: 100,
      retries: 4,
      backoff: 5_000,
      maxRetryWait: 300_000,
      breakerFailures: 0,
    },
    // Originals of many megabytes, at that speed.
    fetch: { totalTimeout: 120_000 },
  },
  reader,
};
