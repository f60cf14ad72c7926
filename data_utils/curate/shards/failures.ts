/** Samples that could not be packed or arranged, each with its reason, as a table. */
import { writeFully } from "../../runs/atomic.ts";

/** A sample that was left out. */
export interface FailedSample {
  /** Row of the table, from 0; null for what belongs to no row. */
  readonly row: number | null;
  /** The file or the archive's member. */
  readonly source: string;
  readonly reason: string;
}

/** Tabs and line ends would break the table's lines. */
const oneLine = (text: string) => text.replace(/[\t\r\n]+/g, " ");

/** Writes `row TAB source TAB reason` with a header. */
export async function writeFailures(file: Deno.FsFile, failures: readonly FailedSample[]): Promise<void> {
  const lines = failures.map(({ row, source, reason }) =>
    `${row ?? ""}\t${oneLine(source)}\t${oneLine(reason)}\n`
  );
  await writeFully(file, new TextEncoder().encode(`row\tsource\treason\n${lines.join("")}`));
}

/** "3 samples: 2 missing file, 1 not an image", the most frequent reason first. */
export function describeFailures(failures: readonly FailedSample[]): string {
  const reasons = new Map<string, number>();
  for (const { reason } of failures) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  const parts = [...reasons].sort((a, b) => b[1] - a[1]).slice(0, 5).map(([reason, count]) =>
    `${count} ${reason}`
  );
  const more = reasons.size > 5 ? ", ..." : "";
  return `${failures.length} ${failures.length === 1 ? "sample" : "samples"}: ${parts.join(", ")}${more}`;
}

/** What an error says of an image that could not be read or decoded. Throws on what is not the image's own fault. */
export function imageFault(error: unknown): string {
  if (error instanceof SyntaxError || error instanceof RangeError) return error.message;
  if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
    return "missing file";
  }
  if (error instanceof Deno.errors.IsADirectory) return "a folder, not a file";
  if (error instanceof Deno.errors.PermissionDenied) return "not open to this user";
  throw error;
}
