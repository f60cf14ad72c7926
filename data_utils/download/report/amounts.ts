/** Numbers as the reports of a download write them. */

/** "12,345" */
export function grouped(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

/** A share in per cent with so many digits: "91.0 %", "<0.1 %" of what is not nothing but would look like it. */
export function shareText(part: number, whole: number, digits = 1): string {
  const share = whole === 0 ? 0 : 100 * part / whole, least = 10 ** -digits;
  return part > 0 && share < least / 2 ? `<${least.toFixed(digits)} %` : `${share.toFixed(digits)} %`;
}

/** "980 B", "20.5 kB", "10.2 MB", in powers of a thousand as networks count. */
export function byteText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let at = 0, value = bytes;
  while (value >= 999.95 && at < units.length - 1) {
    value /= 1000;
    at++;
  }
  return `${at === 0 ? Math.round(value) : value.toFixed(1)} ${units[at]}`;
}

/** "1 row", "20,000 rows". */
export function several(count: number, what: string): string {
  return `${grouped(count)} ${what}${count === 1 ? "" : "s"}`;
}

/** Counts, the largest first; equal ones by name. */
export function byCount(counts: Iterable<readonly [string, number]>): [string, number][] {
  return Array.from(counts, ([name, count]): [string, number] => [name, count])
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : a > b ? 1 : 0));
}
