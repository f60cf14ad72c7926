/** What `data download-bench` measures, each with the rate that it was built to reach on two cores. */

/** Which of the server's pictures are fetched. */
export type PictureKind = "kept" | "photo";

export interface BenchCase {
  /** For --only, and for programs. */
  readonly name: string;
  readonly title: string;
  readonly kind: PictureKind;
  /** Images a second at least. */
  readonly target: number;
  /** Flags of `data download`, beside those that all have. */
  readonly flags: readonly string[];
}

/** Requests at once, all of one host. */
export const CONCURRENCY = 256;

/** Images a second for which the list of the bare client is made, so that its start is a small part of it. */
export const BARE_RATE = 2_000;

/** Memory that a download may take at this concurrency. */
export const MOST_BYTES = 500 * 2 ** 20;

/** Flags that all cases share. */
export const sharedFlags = [
  ...["--concurrency", String(CONCURRENCY), "--per-host", String(CONCURRENCY)],
  ...["--number-sample-per-shard", "1000"],
];

/** How they are called in titles. */
export const pictureNames: Readonly<Record<PictureKind, string>> = { kept: "20 KB", photo: "640x480" };

const resized = ["--resize-mode", "keep_ratio", "--image-size", "256", "--resampler"];

export const benchCases: readonly BenchCase[] = [
  { name: "kept", title: `${pictureNames.kept}, bytes kept`, kind: "kept", target: 2_000, flags: [] },
  {
    name: "fast",
    title: `${pictureNames.photo} to 256, fast`,
    kind: "photo",
    target: 200,
    flags: [...resized, "fast"],
  },
  {
    name: "pillow",
    title: `${pictureNames.photo} to 256, as Pillow`,
    kind: "photo",
    target: 80,
    flags: [...resized, "pillow"],
  },
];

/** The cases that --only names. Throws RangeError for one that does not exist. */
export function casesNamed(only: string | undefined): readonly BenchCase[] {
  if (only === undefined) return benchCases;
  const asked = only.split(",").map((name) => name.trim()).filter((name) => name !== "");
  const strange = asked.find((name) => !benchCases.some((known) => known.name === name));
  if (strange !== undefined || asked.length === 0) {
    const known = benchCases.map(({ name }) => name).join(", ");
    throw new RangeError(`--only ${strange ?? "nothing"} is none of ${known}`);
  }
  return benchCases.filter(({ name }) => asked.includes(name));
}
