/** What the bench reports: a line for each client, with its target; or JSON. */
import type { Measured } from "./measure.ts";
import { MOST_BYTES } from "./cases.ts";

/** A client's figures. */
export interface Figure extends Measured {
  readonly name: string;
  readonly title: string;
  /** Images a second at least; null of the bare client, which is there to be compared with. */
  readonly target: number | null;
}

const rate = ({ images, seconds }: Figure) => images / seconds;

/** Seconds of CPU per 1,000 images. */
const perThousand = (seconds: number | null, { images }: Figure) =>
  seconds === null ? null : 1000 * seconds / images;

/** Whether the rate is reached; null where there is no target. */
export const reaches = (figure: Figure) => figure.target === null ? null : rate(figure) >= figure.target;

/** Whether the memory stays within the limit; null where it is not known, or none is meant. */
export const fits = ({ target, peakBytes }: Figure) =>
  target === null || peakBytes === null ? null : peakBytes <= MOST_BYTES;

const verdict = (met: boolean | null) => met === null ? "" : met ? "yes" : "NO";
const grouped = (value: number) => Math.round(value).toLocaleString("en-US");

function columns(cells: readonly string[]): string {
  const [title, ...numbers] = cells, widths = [9, 10, 5, 10, 9, 9];
  return title.padEnd(27) + numbers.map((cell, i) => cell.padStart(widths[i])).join("");
}

/** Heading of the table of {@link line}, which is 79 letters wide. */
export function heading(): string {
  return [
    "CPU s per 1,000".padStart(79),
    columns(["", "images/s", "target", "met", "memory", "client", "server"]),
    "-".repeat(79),
  ].join("\n");
}

/** A figure as a line. */
export function line(figure: Figure): string {
  const { title, target, peakBytes, clientCpu, serverCpu } = figure;
  const cpu = [clientCpu, serverCpu].map((seconds) => perThousand(seconds, figure)?.toFixed(2) ?? "-");
  return columns([
    title,
    grouped(rate(figure)),
    target === null ? "" : `>= ${grouped(target)}`,
    verdict(reaches(figure)),
    peakBytes === null ? "-" : `${Math.ceil(peakBytes / 2 ** 20)} MiB`,
    ...cpu,
  ]);
}

/** How many targets are reached, memory among them. */
export function lastLine(figures: readonly Figure[]): string {
  const rates = figures.map(reaches).filter((met) => met !== null);
  const sizes = figures.map(fits).filter((met) => met !== null);
  return `${rates.filter(Boolean).length} of ${rates.length} rates reached; ` +
    `${sizes.filter(Boolean).length} of ${sizes.length} downloads stayed within ${MOST_BYTES / 2 ** 20} MiB`;
}

/** A figure as `--json` gives it. */
export function figureJson(figure: Figure): Record<string, unknown> {
  const { name, images, seconds, target, peakBytes, clientCpu, serverCpu } = figure;
  return {
    name,
    images,
    seconds,
    images_per_second: rate(figure),
    target,
    met: reaches(figure),
    peak_bytes: peakBytes,
    memory_met: fits(figure),
    client_cpu_seconds_per_1000: perThousand(clientCpu, figure),
    server_cpu_seconds_per_1000: perThousand(serverCpu, figure),
  };
}
