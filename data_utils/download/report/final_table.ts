/** What a download came to: rows by status and reason, and by host. */
import { noteOf, type Status } from "../outcome.ts";
import { OTHER_HOSTS, type StatsSum } from "../shards/statistics.ts";
import { byCount, byteText, grouped, several, shareText } from "./amounts.ts";
import { shortened, type Side, tableLines } from "./text_table.ts";

/** The sums that the tables show. */
export type FinalFigures = Pick<StatsSum, "count" | "successes" | "status_dict" | "hosts" | "wire_bytes">;

/** Hosts that have a line of their own. */
const MOST_HOSTS = 20;

const statuses: readonly Status[] = ["success", "failed_to_download", "failed_to_resize", "skipped"];

const statusOf = (reason: string): Status => reason === "success" ? "success" : noteOf(reason).status;

/** Rows by status, and below each by reason with what it means. Throws RangeError for a reason that is none. */
export function reasonTable({ count, status_dict }: FinalFigures, width: number): string[] {
  const counts = byCount(Object.entries(status_dict).filter(([, n]) => n !== 0));
  const lines = statuses.flatMap((status) => {
    const own = counts.filter(([reason]) => statusOf(reason) === status);
    const sum = own.reduce((all, [, n]) => all + n, 0);
    const head = [status, grouped(sum), shareText(sum, count)];
    if (status === "success") return [head];
    const reasons = own.map(([reason, n]) => [
      `  ${reason}`,
      grouped(n),
      shareText(n, count),
      noteOf(reason).says,
    ]);
    return own.length === 0 ? [] : [head, ...reasons];
  });
  const rows = [["status", "rows", "share"], ...lines, ["all", grouped(count), ""]];
  return tableLines(rows, ["left", "right", "right"], width);
}

const sides: readonly Side[] = ["left", "right", "right", "right", "right"];

/** The hosts with most rows, and the others as one. */
export function hostTable({ hosts }: FinalFigures, width: number): string[] {
  const line = (name: string, successes: number, failures: number) => [
    name,
    ...[successes + failures, successes, failures].map(grouped),
    shareText(successes, successes + failures),
  ];
  const counted = Array.from(hosts, ([host, count]) => ({ host, ...count }))
    .filter(({ successes, failures }) => successes + failures !== 0);
  const order = byCount(
    counted.filter(({ host }) => host !== OTHER_HOSTS).map(({ host, successes, failures }) => [
      host,
      successes + failures,
    ]),
  );
  const named = order.slice(0, MOST_HOSTS).map(([host]) => host), own = new Set(named);
  const others = counted.filter(({ host }) => !own.has(host));
  const rows = [
    ["host", "rows", "images", "failed", "share"],
    ...named.map((host) => {
      const { successes, failures } = hosts.get(host)!;
      return line(host === "" ? "(no host)" : host, successes, failures);
    }),
    ...others.length === 0 ? [] : [line(
      othersName(others),
      others.reduce((sum, { successes }) => sum + successes, 0),
      others.reduce((sum, { failures }) => sum + failures, 0),
    )],
  ];
  const numbers = sides.slice(1).reduce(
    (wide, _, c) => wide + 2 + Math.max(...rows.map((row) => row[c + 1].length)),
    0,
  );
  const most = Math.max(20, width - numbers);
  return tableLines(rows.map(([host, ...rest]) => [shortened(host, most), ...rest]), sides, width);
}

/** "12 other hosts", or "all other hosts" where nobody knows how many they are. */
function othersName(others: readonly { readonly host: string }[]): string {
  if (others.some(({ host }) => host === OTHER_HOSTS)) return "all other hosts";
  return `${grouped(others.length)} other host${others.length === 1 ? "" : "s"}`;
}

/** "20,000 rows, 18,200 images (91.0 %), 364.0 MB received" */
export function lastLine({ count, successes, wire_bytes }: FinalFigures): string {
  const share = shareText(successes, count);
  return `${several(count, "row")}, ${several(successes, "image")} (${share}), ${
    byteText(wire_bytes)
  } received`;
}

/** Both tables and a last line, in lines of at most `width` letters where names allow it. */
export function finalTables(figures: FinalFigures, width: number): string {
  return [
    ...reasonTable(figures, width),
    "",
    ...figures.hosts.size === 0 ? [] : [...hostTable(figures, width), ""],
    lastLine(figures),
  ].join("\n");
}

/** Letters of a line on standard output: the terminal's; 100 where there is none. */
export function outputWidth(): number {
  try {
    return Deno.stdout.isTerminal() ? Deno.consoleSize().columns : 100;
  } catch {
    return 100;
  }
}
