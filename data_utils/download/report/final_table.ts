/** What a download came to: rows by status and reason, and by host. */
import { noteOf, type Status } from "../outcome.ts";
import { byCount, byteText, grouped, shareText } from "./amounts.ts";
import { shortened, type Side, tableLines } from "./text_table.ts";

/** The sums that the tables show. */
export interface FinalFigures {
  readonly rows: number;
  readonly successes: number;
  /** Rows by "success" or reason. */
  readonly byReason: ReadonlyMap<string, number>;
  /** Successes and failures by host; skipped rows are in none. */
  readonly byHost: ReadonlyMap<string, readonly [number, number]>;
  readonly wireBytes: number;
}

/** Hosts that have a line of their own. */
const MOST_HOSTS = 20;

const statuses: readonly Status[] = ["success", "failed_to_download", "failed_to_resize", "skipped"];

/** What a reason means; of one that other software wrote nothing is known but that the row failed. */
function meaningOf(reason: string): { status: Status; says: string } {
  if (reason === "success") return { status: "success", says: "" };
  try {
    return noteOf(reason);
  } catch {
    return { status: "failed_to_download", says: "" };
  }
}

/** Rows by status, and below each by reason with what it means. */
export function reasonTable({ rows, byReason }: FinalFigures, width: number): string[] {
  const left: Side[] = ["left", "right", "right"];
  const counts = byCount(Array.from(byReason).filter(([, n]) => n > 0));
  const lines = statuses.flatMap((status) => {
    const own = counts.filter(([reason]) => meaningOf(reason).status === status);
    const sum = own.reduce((all, [, n]) => all + n, 0);
    const head = [status, grouped(sum), shareText(sum, rows), ""];
    if (status === "success") return [head];
    if (own.length === 0) return [];
    return [
      head,
      ...own.map(([reason, n]) => [
        `  ${shortened(reason, 40)}`,
        grouped(n),
        shareText(n, rows),
        meaningOf(reason).says,
      ]),
    ];
  });
  return tableLines(
    [["status", "rows", "share", ""], ...lines, ["all", grouped(rows), "", ""]],
    left,
    width,
  );
}

/** The hosts with most rows, and the others as one. */
export function hostTable({ byHost }: FinalFigures, width: number): string[] {
  const order = byCount(Array.from(byHost, ([host, [ok, failed]]) => [host, ok + failed]));
  const line = (name: string, ok: number, failed: number) => [
    name,
    ...[ok + failed, ok, failed].map(grouped),
    shareText(ok, ok + failed),
  ];
  const shown = order.slice(0, MOST_HOSTS).map(([host]) => {
    const [ok, failed] = byHost.get(host)!;
    return line(host === "" ? "(no host)" : host, ok, failed);
  });
  const others = order.slice(MOST_HOSTS).map(([host]) => byHost.get(host)!);
  if (others.length > 0) {
    const sum = (part: 0 | 1) => others.reduce((all, entry) => all + entry[part], 0);
    shown.push(line(`${grouped(others.length)} other host${others.length === 1 ? "" : "s"}`, sum(0), sum(1)));
  }
  const rows = [["host", "rows", "images", "failed", "share"], ...shown];
  const numbers = [1, 2, 3, 4].reduce(
    (wide, c) => wide + 2 + Math.max(...rows.map((row) => row[c].length)),
    0,
  );
  const most = Math.max(20, width - numbers);
  return tableLines(
    rows.map(([host, ...rest]) => [shortened(host, most), ...rest]),
    ["left", "right", "right", "right", "right"],
    width,
  );
}

/** "20,000 rows, 18,200 images (91.0 %), 364.0 MB received" */
export function lastLine({ rows, successes, wireBytes }: FinalFigures): string {
  return `${grouped(rows)} row${rows === 1 ? "" : "s"}, ${grouped(successes)} image${
    successes === 1 ? "" : "s"
  } (${shareText(successes, rows)}), ${byteText(wireBytes)} received`;
}

/** Both tables and a last line, in lines of at most `width` letters where names allow it. */
export function finalTables(figures: FinalFigures, width: number): string {
  return [
    ...reasonTable(figures, width),
    "",
    ...figures.byHost.size === 0 ? [] : [...hostTable(figures, width), ""],
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
