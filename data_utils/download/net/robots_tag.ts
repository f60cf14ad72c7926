/**
 * Publishers who opt out: directives of the header X-Robots-Tag. img2dataset honours the same ones; here a value may
 * also name several crawlers one after the other, and several headers are not mixed up.
 */

/** Directives of the form "name: value", so that their names are not taken for those of crawlers. */
const valued = new Set(["max-snippet", "max-image-preview", "max-video-preview", "unavailable_after"]);

/** Names of crawlers hold no spaces: "25 Jun 2026 15:00" is the rest of a date. */
const crawler = /^\s*([a-z*][\w.*-]*)\s*:(.*)$/is;

/** The names by which a crawler with this User-Agent may be addressed, in lower case. */
export function crawlerNames(userAgent: string): ReadonlySet<string> {
  const words = userAgent.toLowerCase().split(/[\s();,]+/).map((word) => word.split("/")[0]);
  return new Set(["*", ...words.filter((word) => /^[a-z][\w.-]*$/.test(word))]);
}

/**
 * The first of the `disallowed` directives (in lower case) that concerns us, or null. A directive behind a crawler's
 * name concerns that crawler only, up to the next name in the same header.
 */
export function optOutOf(
  headers: readonly string[],
  names: ReadonlySet<string>,
  disallowed: ReadonlySet<string>,
): string | null {
  for (const header of headers) {
    let ours = true;
    for (const part of header.split(",")) {
      const named = crawler.exec(part), name = named?.[1].toLowerCase();
      const isCrawler = name !== undefined && !valued.has(name);
      if (isCrawler) ours = names.has(name);
      const directive = (isCrawler ? named![2] : part).trim().toLowerCase();
      if (ours && disallowed.has(directive)) return directive;
    }
  }
  return null;
}
