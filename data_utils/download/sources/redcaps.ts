/** RedCaps: annotations of Reddit's posts as JSON; images on Reddit, Imgur and Flickr. */
import { findColumns, splitBy, type TableHead, withCommonNames } from "./columns.ts";
import { refuseForeignChoices } from "./choices.ts";
import type { Source, SourceChoice } from "./source.ts";
import { wantedRows } from "./wanted_rows.ts";

const names = withCommonNames();

function reader(file: TableHead, choice: SourceChoice) {
  refuseForeignChoices("redcaps", choice);
  return wantedRows(splitBy(findColumns(file, choice, names)));
}

export const redcaps: Source = {
  name: "redcaps",
  about: "RedCaps: JSON of annotations with url and caption, shuffled or not",
  rows: {},
  presets: {
    // RedCaps' own tool: four at once, each with 0.1 s between images of Reddit and Flickr (and 2 s for Imgur).
    queue: { perHost: 4, hostInterval: 100, retries: 3, maxRetryWait: 300_000 },
    qnqImages: {
      resizeMode: "keep_ratio_largest",
      imageSize: 1000,
      onlyIfBigger: false,
      resampler: "pillow",
    },
  },
  reader,
  // Imgur answers 200 with this picture where an image was taken away.
  refuses: (finalUrl) => finalUrl.includes("removed.png") ? "removed_image" : null,
};
