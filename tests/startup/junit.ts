// Counts the tests of a `deno test --junit-path` report. The pretty reporter's closing line would do for the
// numbers, but not for the names of what was skipped, and a test may print such a line itself.

/** What a run of tests came to; `skipped` are names. */
export interface Tally {
  passed: number;
  failed: number;
  skipped: string[];
}

/** Reads a report; an empty text (the process died before it wrote one) counts nothing. */
export function readJunit(xml: string): Tally {
  const tally: Tally = { passed: 0, failed: 0, skipped: [] };
  for (const [, attributes, body = ""] of xml.matchAll(/<testcase\b([^>]*?)(?:\/>|>([^]*?)<\/testcase>)/g)) {
    if (/<(failure|error)\b/.test(body)) tally.failed++;
    else if (/<skipped\b/.test(body)) {
      tally.skipped.push(unescape(/\bname="([^"]*)"/.exec(attributes)?.[1] ?? ""));
    } else tally.passed++;
  }
  return tally;
}

function unescape(text: string): string {
  const names: Record<string, string> = { quot: '"', apos: "'", lt: "<", gt: ">", amp: "&" };
  return text.replace(
    /&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi,
    (all, hex, decimal, name) =>
      hex
        ? String.fromCodePoint(parseInt(hex, 16))
        : decimal
        ? String.fromCodePoint(Number(decimal))
        : names[name] ?? all,
  );
}

/**
 * Whether a process was killed by a signal when all its tests had passed: graphics drivers now and then break while they
 * are unloaded (Mesa 22.3: "double free or corruption"), which says nothing of the tests.
 */
export function diedAfterPassing({ passed, failed }: Tally, signal: string | null): boolean {
  return signal !== null && passed > 0 && failed === 0;
}
