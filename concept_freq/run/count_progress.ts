/** How far a count is: captions and their rate, bytes and their rate, time left. */
import { clockTime, type Progress } from "../../data_utils/mod.ts";

/** A number with commas between thousands. */
export const grouped = (value: number) => Math.round(value).toLocaleString("en-US");

/** Progress of a count, shown each second until it ends. */
export interface CountProgress {
  /** Captions counted since the last call. */
  captions(count: number): void;
  /** A unit of so many bytes is done. */
  unit(bytes: number): void;
  end(): void;
}

/** "1,234,567 captions, 412,345/s, 81 MB/s, 40 of 160 units, 2:10 left" */
export function progressText(
  { captions, bytes, totalBytes, units, totalUnits, seconds }: {
    captions: number;
    bytes: number;
    totalBytes: number;
    units: number;
    totalUnits: number;
    seconds: number;
  },
): string {
  const known = bytes > 0; // not before the first unit is done
  return [
    `${grouped(captions)} captions`,
    `${grouped(captions / seconds)}/s`,
    ...known ? [`${grouped(bytes / seconds / 1e6)} MB/s`] : [],
    `${units} of ${totalUnits} units`,
    ...known ? [`${clockTime((totalBytes - bytes) * seconds / bytes)} left`] : [],
  ].join(", ");
}

/** Shows progress each second. Bytes of units under way are guessed from the captions of those that are done. */
export function countProgress(
  progress: Progress,
  { totalBytes, totalUnits }: { totalBytes: number; totalUnits: number },
): CountProgress {
  const began = performance.now();
  let captions = 0, doneBytes = 0, doneCaptions = 0, units = 0;
  const timer = setInterval(() => {
    const seconds = (performance.now() - began) / 1000;
    const underWay = doneCaptions > 0 ? (captions - doneCaptions) * doneBytes / doneCaptions : 0;
    const bytes = Math.min(totalBytes, doneBytes + Math.max(0, underWay));
    progress.show(progressText({ captions, bytes, totalBytes, units, totalUnits, seconds }));
  }, 1000);
  return {
    captions: (count) => void (captions += count),
    unit(bytes) {
      doneBytes += bytes;
      units++;
      doneCaptions = captions;
    },
    end() {
      clearInterval(timer);
      progress.end();
    },
  };
}
