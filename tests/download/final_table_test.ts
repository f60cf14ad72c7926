// What a download came to, as tables: exact text, many hosts, narrow terminals.
import { assert, assertEquals } from "@std/assert";
import {
  type FinalFigures,
  finalTables,
  hostTable,
  reasonTable,
} from "../../data_utils/download/report/final_table.ts";
import { OTHER_HOSTS } from "../../data_utils/download/shards/statistics.ts";
import { shortened } from "../../data_utils/download/report/text_table.ts";

const figures = (given: Partial<FinalFigures> = {}): FinalFigures => ({
  ...{ count: 20_000, successes: 18_200, wire_bytes: 364e6 },
  status_dict: {
    ...{ success: 18_200, http_404: 1_200, first_byte_timeout: 300, nsfw: 99 },
    ...{ too_small: 1, language: 200, dns: 0 },
  },
  hosts: hostsOf([["b.example:8080", 200, 1_300], ["a.example", 18_000, 198], ["", 0, 3], ["gone", 0, 0]]),
  ...given,
});

function hostsOf(counts: [string, number, number][]): FinalFigures["hosts"] {
  return new Map(counts.map(([host, successes, failures]) => [host, { successes, failures }]));
}

Deno.test("final tables: rows by status, by reason with its meaning, and by host", () => {
  assertEquals(
    finalTables(figures(), 100),
    `status                  rows   share
success               18,200  91.0 %
failed_to_download     1,500   7.5 %
  http_404             1,200   6.0 %  the server answered 404
  first_byte_timeout     300   1.5 %  connected, but no answer in time
failed_to_resize           1  <0.1 %
  too_small                1  <0.1 %  its shorter side is below the limit
skipped                  299   1.5 %
  language               200   1.0 %  the caption is in another language
  nsfw                    99   0.5 %  marked as not safe for work, or not as safe
all                   20,000

host              rows  images  failed   share
a.example       18,198  18,000     198  98.9 %
b.example:8080   1,500     200   1,300  13.3 %
(no host)            3       0       3   0.0 %

20,000 rows, 18,200 images (91.0 %), 364.0 MB received`,
  );
});

Deno.test("final tables: nothing at all is still a table", () => {
  const none = figures({ count: 0, successes: 0, status_dict: {}, hosts: new Map(), wire_bytes: 0 });
  assertEquals(
    finalTables(none, 100),
    "status   rows  share\nsuccess     0  0.0 %\nall         0\n\n0 rows, 0 images (0.0 %), 0 B received",
  );
});

Deno.test("final tables: 20 hosts by rows, the others as one line whose sums fit", () => {
  const many = Array.from({ length: 50 }, (_, i): [string, number, number] => [`h${i}.example`, i, 100]);
  const lines = hostTable(figures({ hosts: hostsOf(many) }), 100);
  assertEquals(lines.length, 1 + 20 + 1);
  assertEquals(lines[1], "h49.example       149      49     100  32.9 %");
  assertEquals(lines[20].split(/\s+/)[0], "h30.example");
  assertEquals(lines[21], "30 other hosts  3,435     435   3,000  12.7 %");
  const one = many.slice(0, 21).map(([host]): [string, number, number] => [host, 1, 0]);
  const last = (hosts: [string, number, number][]) =>
    hostTable(figures({ hosts: hostsOf(hosts) }), 100).at(-1);
  assertEquals(last(one), "1 other host     1       1       0  100.0 %");
  assertEquals(
    last([...one, [OTHER_HOSTS, 2_000, 2_000]]),
    "all other hosts  4,001   2,001   2,000   50.0 %",
  );
});

Deno.test("final tables: lines keep to the width, and texts stay whole", () => {
  const hosts = hostsOf([[`${"long-label.".repeat(12)}example.com`, 123_456, 7]]);
  for (const width of [60, 72, 80, 120]) {
    const lines = finalTables(figures({ hosts }), width).split("\n");
    for (const line of lines) assert(line.length <= width, `${width}: ${line}`);
    const words = reasonTable(figures(), width).join(" ").replace(/\s+/g, " ");
    for (const says of ["the server answered 404", "marked as not safe for work, or not as safe"]) {
      assert(words.includes(says), `${width}: ${words}`);
    }
  }
  assertEquals([shortened("abcdefghij", 10), shortened("abcdefghijk", 10), shortened("abcdefghijk", 3)], [
    ...["abcdefghij", "abcd...ijk", "..."],
  ]);
});
