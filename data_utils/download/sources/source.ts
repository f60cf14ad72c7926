/** What the downloader has to know of a data set: how its tables are read, which rows are wanted, how to be polite. */
import type { FetchSettings } from "../net/fetch_settings.ts";
import type { Reason } from "../outcome.ts";
import type { ImageRules } from "../picture/image_rules.ts";
import type { QueueSettings } from "../queue/queue_settings.ts";
import type { TableRow, WantedRow } from "../row.ts";
import type { RowFile, RowFileOptions } from "../rows/row_file.ts";

/** The names of --source. */
export type SourceName = "yfcc" | "laion" | "cc12m" | "wit" | "redcaps" | "shutterstock" | "generic";

/** What a user may say of the rows. */
export interface SourceChoice {
  /** Column of the URL or the caption, by name or number from 0, instead of the source's own. */
  readonly urlColumn?: string;
  readonly captionColumn?: string;
  /** WIT: captions of this language only, or "all". */
  readonly language?: string;
  /** LAION: "unlikely" keeps what is marked so, "unsure" that and UNSURE, "all" everything. */
  readonly nsfw?: "unlikely" | "unsure" | "all";
}

/** A data set. */
export interface Source {
  readonly name: SourceName;
  /** One line for --help. */
  readonly about: string;
  readonly rows: RowFileOptions;
  /** Defaults that differ from the program's, for flags that are not given. */
  readonly presets: {
    readonly queue?: Partial<QueueSettings>;
    readonly fetch?: Partial<FetchSettings>;
    /** In the layout of the original only: what its downloader did to every image. */
    readonly qnqImages?: Partial<ImageRules>;
  };
  /**
   * How the rows of a file are read. Throws SyntaxError naming the file and its columns when those needed are not
   * there, and RangeError for a choice that the source does not know.
   */
  reader(
    file: Pick<RowFile, "path" | "columns" | "named">,
    choice: SourceChoice,
  ): (row: TableRow) => WantedRow;
  /** Why what was fetched is not the row's image, judged by the address it came from in the end. */
  refuses?(finalUrl: string): Reason | null;
}
