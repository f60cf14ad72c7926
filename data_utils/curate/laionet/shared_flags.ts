/** Flags that the LAIONet programs share, under the reference's names where it has them. */
import { curationFlags } from "../curation.ts";

export const laionetFlags = {
  metadata: {
    kind: "text",
    value: "DIR",
    default: "metadata",
    help: "folder of the class names and WordNet ids (see data metadata)",
  },
  "index-col": {
    kind: "text",
    value: "NAME",
    help: "column of the LAION ids (default: index, or pandas' unnamed index)",
  },
  quoting: {
    kind: "text",
    choices: ["minimal", "none", "auto"],
    default: "minimal",
    help: "how quotes are read, should the table be TSV",
  },
  ...curationFlags,
} as const;

export const outputFlags = {
  out: {
    kind: "text",
    value: "DIR",
    default: "../datasets/imagenet-captions",
    help: "folder of the table that is written",
  },
  "freq-out": {
    kind: "text",
    value: "DIR",
    help: "folder of the rows per class (default METADATA/freqs)",
  },
  images: {
    kind: "text",
    value: "DIR",
    default: "../datasets",
    help: "folder of laionet/{wnid}/{id}.jpg in the paths that are written",
  },
} as const;

/** A folder without slashes at its end. */
export const folderOf = (path: string): string => path.replace(/(?<=.)\/+$/, "");

/** Where the rows per class are written. */
export const freqFolder = (flags: { readonly "freq-out"?: string; readonly metadata: string }): string =>
  folderOf(flags["freq-out"] ?? `${folderOf(flags.metadata)}/freqs`);
