// Headers by which servers speak to downloaders: opting out, coming back later; and what the downloader says of itself.
import { assertEquals, assertThrows } from "@std/assert";
import { crawlerNames, optOutOf } from "../../data_utils/download/net/robots_tag.ts";
import { retryAfterOf } from "../../data_utils/download/net/retry_after.ts";
import { userAgentOf } from "../../data_utils/download/net/user_agent.ts";

const names = crawlerNames("beyond-tail/0.1 (+https://example.org/bot)");
const disallowed = new Set(["noai", "noimageai", "noindex", "noimageindex"]);

Deno.test("X-Robots-Tag: directives for all and for us count, those for others do not", () => {
  const cases: [string[], string | null][] = [
    [[], null],
    [["noai"], "noai"],
    [[" NoAI "], "noai"],
    [["all"], null],
    [["nofollow, noimageai"], "noimageai"],
    [["nofollow", "noindex"], "noindex"],
    [["googlebot: noindex"], null],
    [["beyond-tail: noindex"], "noindex"],
    [["Beyond-Tail: nofollow, noai"], "noai"],
    [["*: noai"], "noai"],
    // a name holds up to the next one
    [["googlebot: noindex, noai"], null],
    [["googlebot: nofollow, beyond-tail: noai"], "noai"],
    [["beyond-tail: nofollow, googlebot: noindex"], null],
    [["noindex, googlebot: nofollow"], "noindex"],
    // and no further than its header
    [["googlebot: nofollow", "noai"], "noai"],
    // values are no names
    [["max-image-preview: large, noindex"], "noindex"],
    [["googlebot: max-snippet: 50, noindex"], null],
    [["unavailable_after: Wed, 25 Jun 2036 15:00:00 GMT, noai"], "noai"],
    [["unavailable_after: 25 Jun 2036 15:00:00 PST"], null],
    [["noaiplease"], null],
    [["", ",,:"], null],
  ];
  for (const [headers, expected] of cases) {
    assertEquals([headers, optOutOf(headers, names, disallowed)], [headers, expected]);
  }
  assertEquals(optOutOf(["noai"], names, new Set()), null);
});

Deno.test("X-Robots-Tag: a crawler goes by every product of its User-Agent", () => {
  const compatible = crawlerNames(
    "Mozilla/5.0 (compatible; img2dataset; +https://github.com/rom1504/img2dataset)",
  );
  assertEquals(optOutOf(["img2dataset: noai"], compatible, disallowed), "noai");
  assertEquals(optOutOf(["beyond-tail: noai"], compatible, disallowed), null);
});

Deno.test("Retry-After: seconds, dates of all three forms, and nothing for anything else", () => {
  const now = Date.UTC(1994, 10, 6, 8, 49, 27);
  const cases: [string | undefined, number | undefined][] = [
    [undefined, undefined],
    ["", undefined],
    ["0", 0],
    [" 120 ", 120_000],
    ["Sun, 06 Nov 1994 08:49:37 GMT", 10_000],
    ["Sunday, 06-Nov-94 08:49:37 GMT", 10_000],
    ["Sun, 06 Nov 1994 08:49:17 GMT", 0],
    ["soon", undefined],
    ["-5", undefined],
    ["1.5", undefined],
    ["99999999999999", undefined],
  ];
  for (const [header, expected] of cases) {
    assertEquals([header, retryAfterOf(header, now)], [header, expected]);
  }
});

Deno.test("User-Agent: name, version, and a contact where there is one", () => {
  assertEquals(userAgentOf("0.1.0"), "beyond-tail/0.1.0");
  assertEquals(userAgentOf("0.1.0", " "), "beyond-tail/0.1.0");
  assertEquals(userAgentOf("0.1.0", "mailto:a@example.org"), "beyond-tail/0.1.0 (+mailto:a@example.org)");
  assertThrows(() => userAgentOf("0.1.0", "a\r\nX-Evil: 1"), RangeError, "user agent");
});
