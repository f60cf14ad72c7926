// The six sources and the generic one: rows of their published shapes, skipped rows and their reasons, odd URLs, columns
// that are not there, and choices that are another source's.
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { noteOf } from "../../data_utils/download/outcome.ts";
import type { Cell, WantedRow } from "../../data_utils/download/row.ts";
import { qnqImageRules } from "../../data_utils/download/sources/qnq_images.ts";
import type { SourceChoice, SourceName } from "../../data_utils/download/sources/source.ts";
import { sourceNamed, sources } from "../../data_utils/download/sources/sources.ts";
import { readUrl } from "../../data_utils/download/sources/url_text.ts";

/** A row of a table with named columns, as the source sees it. */
function named(source: SourceName, cells: Record<string, Cell>, choice: SourceChoice = {}): WantedRow {
  const file = { path: "t.tsv", columns: Object.keys(cells), named: true };
  return sources[source].reader(file, choice)({ row: 0, cells });
}

/** A row of a table without a header. */
function numbered(source: SourceName, fields: readonly Cell[], choice: SourceChoice = {}): WantedRow {
  const file = { path: "t.tsv", columns: fields.map((_, i) => String(i)), named: false };
  return sources[source].reader(file, choice)({ row: 0, cells: Object.fromEntries(Object.entries(fields)) });
}

const reasonOf = (row: WantedRow) => row.skip?.reason;
const URL1 = "https://h.example/1.jpg";

Deno.test("sources: tables without a header have the URL first and the caption second", () => {
  for (const source of ["yfcc", "cc12m", "shutterstock", "generic"] as const) {
    assertEquals(numbered(source, [URL1, " NA"]), { url: URL1, caption: " NA", extra: {} });
    assertEquals(numbered(source, [URL1, "a", "b", "c"]).extra, { "2": "b", "3": "c" });
    assertEquals(named(source, { caption: "a", size: 3, url: URL1 }), {
      ...{ url: URL1, caption: "a", extra: { size: 3 } },
    });
  }
});

Deno.test("sources: two columns the other way round (CC3M) are told by each row", () => {
  for (const source of ["yfcc", "cc12m", "shutterstock", "generic"] as const) {
    assertEquals(numbered(source, ["a dog", URL1]), { url: URL1, caption: "a dog", extra: {} });
    // both an address: the published order stands
    assertEquals(numbered(source, [URL1, "http://h.example/2"]).url, URL1);
    assertEquals(reasonOf(numbered(source, ["a dog", "a cat"])), "bad_url");
    // what the user says stands too
    assertEquals(reasonOf(numbered(source, ["a dog", URL1], { urlColumn: "0" })), "bad_url");
    assertEquals(numbered(source, ["a dog", URL1], { urlColumn: "1", captionColumn: "0" }).caption, "a dog");
    // with three columns there is no doubt
    assertEquals(reasonOf(numbered(source, ["a dog", URL1, "x"])), "bad_url");
  }
});

Deno.test("sources: every kind of bad row has its reason, and the first one that holds", () => {
  const read = (url: Cell, caption: Cell) => named("cc12m", { url, caption });
  assertEquals(reasonOf(read("", "a")), "no_url");
  assertEquals(reasonOf(read(null, "a")), "no_url");
  assertEquals(reasonOf(read(["x"], "a")), "no_url");
  assertEquals(reasonOf(read("ftp://h/x", "a")), "bad_url");
  assertEquals(reasonOf(read("www.h.example/x.jpg", "a")), "bad_url");
  for (const blank of ["", " \t", null, [], {}] as const) {
    assertEquals(reasonOf(read(URL1, blank)), "no_caption");
  }
  assertEquals(read(URL1, 7).caption, "7");
  assertEquals(reasonOf(read(URL1, "xohcb01y")), "bad_url");
  assertMatch(read(URL1, "ohcb01").skip!.detail, /ohcb01/);
  assertEquals(reasonOf(read("no address", "")), "bad_url");
  assertEquals(read("  ftp://h/x ", "a").url, "ftp://h/x");
  for (const name of ["constructor", "__proto__"]) {
    assertEquals(named("cc12m", JSON.parse(`{"url": "${URL1}", "caption": "a", "${name}": 1}`)).extra, {
      [name]: 1,
    });
  }
  const file = { path: "t.tsv", columns: ["url", "caption"], named: true };
  const row = sources.cc12m.reader(file, {})({ row: 3, cells: {}, fault: "too long" });
  assertEquals(row, {
    ...{ url: "", caption: "", extra: {} },
    skip: { reason: "malformed_row", detail: "too long" },
  });
  for (const reason of ["malformed_row", "no_url", "bad_url", "no_caption", "language", "nsfw"]) {
    assertEquals(noteOf(reason).status, "skipped");
  }
});

Deno.test("sources: URLs stay as written but for what browsers repair", () => {
  const url = (text: string) => {
    const reading = readUrl(text);
    return "url" in reading ? reading.url : null;
  };
  assertEquals(url("//h.example/x"), "https://h.example/x");
  assertEquals(url("http://h.example/a b c.jpg?q=1 2"), "http://h.example/a%20b%20c.jpg?q=1%202");
  assertEquals(url("http://h.example/a\tb\nc"), "http://h.example/abc");
  assertEquals(url("HTTP://H.Example:80/é%20?q=ü#f"), "HTTP://H.Example:80/é%20?q=ü#f");
  assertEquals(url("http://h.example"), "http://h.example");
  const bad = [
    "x",
    "http://",
    "http://a b/",
    "https://[::1",
    "data:image/png;base64,AA",
    "javascript:1",
    "/x.jpg",
  ];
  for (const text of bad) assertEquals(url(text), null, text);
  assertEquals(named("generic", { url: " //h.example/a b " }).url, "https://h.example/a%20b");
  const long = readUrl("x".repeat(1e6));
  assertEquals("fault" in long && long.fault.length < 300, true);
});

Deno.test("sources: generic takes rows without captions only from tables without a column of them", () => {
  const list = sources.generic.reader({ path: "urls.txt", columns: ["url"], named: false }, {});
  assertEquals(list({ row: 0, cells: { url: URL1 } }), { url: URL1, caption: "", extra: {} });
  assertEquals(numbered("generic", [URL1]), { url: URL1, caption: "", extra: {} });
  assertEquals(named("generic", { URL: URL1, alt: "x" }), { url: URL1, caption: "", extra: { alt: "x" } });
  assertEquals(named("generic", { URL: URL1, alt: "x" }, { captionColumn: "ALT" }).caption, "x");
  assertEquals(reasonOf(named("generic", { url: URL1, caption: "" })), "no_caption");
  assertThrows(() => numbered("cc12m", [URL1]), SyntaxError, "--source generic");
});

Deno.test("sources: columns are found exactly, in other capitals, or as the user says", () => {
  assertEquals(named("generic", { URL: "x", url: URL1, caption: "a" }).url, URL1);
  assertEquals(named("laion", { url: "x", URL: URL1, caption: "b", TEXT: "a" }).url, URL1);
  assertEquals(named("generic", { Url: URL1, Caption: "a" }).caption, "a");
  assertEquals(named("generic", { a: "x", b: URL1 }, { urlColumn: "1" }).url, URL1);
  assertEquals(named("generic", { "1": URL1, b: "x" }, { urlColumn: "1", captionColumn: "B" }).caption, "x");
  const error = assertThrows(() => named("laion", { link: URL1, alt: "a" }), SyntaxError);
  assertEquals(error.message, "t.tsv has no column URL, but link, alt: name that of the URL by --url-col");
  assertThrows(() => named("laion", { url: URL1, alt: "a" }), SyntaxError, "--caption-col");
  assertThrows(
    () => named("laion", { url: URL1 }, { captionColumn: "alt" }),
    SyntaxError,
    "no column alt, but url",
  );
  assertThrows(
    () => named("laion", { url: URL1, b: "" }, { captionColumn: "2" }),
    SyntaxError,
    "--caption-col",
  );
  assertThrows(
    () => named("laion", { url: URL1, b: "" }, { captionColumn: "url" }),
    RangeError,
    "--caption-col",
  );
  for (const source of Object.values(sources)) {
    source.reader({ path: "empty.json", columns: [], named: true }, {}); // a file without rows is no error
  }
});

// A row of the published table, whose values are made up.
const photo = [
  ...["6985418911", "39089491@N00", "some+one", "2012-02-16 09:56:37.0", "1331840483", "Canon+PowerShot"],
  ...[
    "A+%22red%22+kite%2C+50%2B",
    "Seen+at+%3Ca+href%3D%22http%3A%2F%2Fx%22%3Ethe+beach%3C%2Fa%3E%0A%0ACaf%C3%A9",
  ],
  ...["kite,red+kite", "", "-81.8", "24.5", "12", "http://www.flickr.com/photos/39089491@N00/6985418911/"],
  ...["http://farm8.staticflickr.com/7205/6985418911_df7747990d.jpg", "Attribution License"],
  ...["http://creativecommons.org/licenses/by/2.0/", "7205", "8", "df7747990d", "692d7e0a7f", "jpg", "0"],
];

Deno.test("sources: YFCC100M's own table, with 23, 24 or 25 fields", () => {
  const hash = "4e2f7a26a1dfbf165a7e30bdabf7e72a";
  const forms = [
    [photo, { photoid: photo[0] }],
    [[photo[0], hash, ...photo.slice(1)], { "0": photo[0], "1": hash }],
    [["17", photo[0], hash, ...photo.slice(1)], { line: "17", photoid: photo[0], hash }],
  ] as const;
  for (const [fields, ids] of forms) {
    const row = numbered("yfcc", fields);
    assertEquals(row.url, photo[14]);
    assertEquals(row.caption, 'A "red" kite, 50+ Seen at the beach Café');
    const { title, licensename, marker } = row.extra;
    assertEquals([title, licensename, marker], [photo[6], photo[15], "0"]);
    assertEquals(Object.keys(row.extra).length, fields.length - 1);
    for (const [name, value] of Object.entries(ids)) assertEquals(row.extra[name], value);
    assertEquals(numbered("yfcc", fields, { captionColumn: "title" }).caption, 'A "red" kite, 50+');
    assertEquals(numbered("yfcc", fields, { urlColumn: "pageurl" }).url, photo[13]);
    const last = fields.length - 1, video = fields.with(last, "1");
    assertEquals(numbered("yfcc", video).skip, { reason: "video", detail: "" });
    const bare = fields.with(last - 16, "").with(last - 15, "");
    assertEquals(reasonOf(numbered("yfcc", bare)), "no_caption");
  }
});

Deno.test("sources: YFCC's texts with names are decoded only when they are encoded", () => {
  const caption = (title: string, description: string) =>
    named("yfcc", { title, description, downloadurl: URL1 }).caption;
  assertEquals(caption("a+b%2", "c%FFd"), "a b%2 c\ufffdd");
  assertEquals(caption("C++ and 100%25", "x+y"), "C++ and 100%25 x+y");
  assertEquals(caption("one", "5 < 6 and 7 > 3<br/>x <b>y</b>"), "one 5 < 6 and 7 > 3 x y");
  const clean = { title: "a+b", title_clean: "a b", description_clean: "c", downloadurl: URL1 };
  assertEquals(named("yfcc", clean).caption, "a b c");
  assertEquals(named("yfcc", { url: URL1, caption: "a+b", title: "t" }).caption, "a+b");
  assertEquals(reasonOf(named("yfcc", { downloadurl: URL1, title: "t", marker: 1 })), "video");
  assertThrows(() => named("yfcc", { downloadurl: URL1, tags: "t" }), SyntaxError, "--caption-col");
});

Deno.test("sources: LAION keeps what is marked UNLIKELY, or what the user allows", () => {
  const cells = { SAMPLE_ID: 1.5, URL: URL1, TEXT: "a", HEIGHT: 2, WIDTH: 3, LICENSE: "?", similarity: 0.3 };
  assertEquals(named("laion", cells), {
    url: URL1,
    caption: "a",
    extra: { SAMPLE_ID: 1.5, HEIGHT: 2, WIDTH: 3, LICENSE: "?", similarity: 0.3 },
  });
  const kept = (NSFW: Cell, nsfw?: SourceChoice["nsfw"]) => named("laion", { ...cells, NSFW }, { nsfw }).skip;
  assertEquals(kept("UNLIKELY"), undefined);
  assertEquals(kept("unlikely "), undefined);
  assertEquals(kept("UNSURE"), { reason: "nsfw", detail: "marked UNSURE" });
  assertEquals(kept(null), { reason: "nsfw", detail: "not marked" });
  assertEquals(kept("UNSURE", "unsure"), undefined);
  assertEquals(kept("NSFW", "unsure")?.reason, "nsfw");
  assertEquals([kept("NSFW", "all"), kept(null, "all")], [undefined, undefined]);
  assertEquals(named("laion", { ...cells, NSFW: "NSFW", URL: "" }).skip?.reason, "nsfw");
  assertThrows(() => kept("NSFW", "some" as "all"), RangeError, "--nsfw");
});

Deno.test("sources: WIT takes captions of one language", () => {
  const cells = {
    ...{ language: "en", page_url: "https://en.w.example/A", image_url: URL1, page_title: "A" },
    ...{ caption_reference_description: "a", caption_alt_text_description: "b", mime_type: "image/jpeg" },
  };
  assertEquals(named("wit", cells).caption, "a");
  assertEquals(Object.keys(named("wit", cells).extra), [
    ...["language", "page_url", "page_title", "caption_alt_text_description", "mime_type"],
  ]);
  const german = { ...cells, language: "de", caption_reference_description: "" };
  assertEquals(named("wit", german).skip, { reason: "language", detail: "de" });
  assertEquals(reasonOf(named("wit", german, { language: "de" })), "no_caption");
  assertEquals(named("wit", { ...cells, language: "zh-TW" }, { language: "zh-TW" }).skip, undefined);
  assertEquals(named("wit", { ...cells, language: "fr" }, { language: "all" }).skip, undefined);
  assertEquals(reasonOf(named("wit", { ...cells, language: null })), "language");
  assertThrows(() => named("wit", cells, { language: "" }), RangeError, "--language");
  assertThrows(() => named("wit", { image_url: URL1, caption: "a" }), SyntaxError, "--language all");
  // a part of the table without its header: the 17 published columns
  const part = [
    "en",
    "p",
    URL1,
    "A",
    "",
    "A",
    "a",
    "",
    "b",
    "image/jpeg",
    "1",
    "2",
    "true",
    "true",
    "true",
    "c",
    "d",
  ];
  const row = numbered("wit", part);
  assertEquals([row.url, row.caption, row.extra.mime_type], [URL1, "a", "image/jpeg"]);
  assertEquals(Object.keys(row.extra).length, 15);
  assertThrows(() => numbered("wit", part.slice(1)), SyntaxError, "has no column image_url");
});

Deno.test("sources: RedCaps' annotations, and Imgur's notice of a removed image", () => {
  const cells = {
    ...{ image_id: "guli1", author: "x", url: URL1, raw_caption: "An Old Mill!", caption: "an old mill!" },
    ...{
      subreddit: "abandoned",
      score: 12,
      created_utc: 1483228800,
      permalink: "/r/a",
      crosspost_parents: null,
    },
  };
  const row = named("redcaps", cells);
  assertEquals([row.url, row.caption, row.extra.raw_caption], [URL1, "an old mill!", "An Old Mill!"]);
  assertEquals(Object.keys(row.extra).length, 8);
  const { refuses } = sources.redcaps;
  assertEquals(refuses!("https://i.imgur.com/removed.png"), "removed_image");
  assertEquals(refuses!(URL1), null);
});

Deno.test("sources: choices of another source are refused with their flag", () => {
  const cells = { url: URL1, caption: "a", image_url: URL1, language: "en" };
  for (const name of Object.keys(sources) as SourceName[]) {
    const language = () => named(name, cells, { language: "en" });
    if (name === "wit") assertEquals(language().skip, undefined);
    else assertThrows(language, RangeError, "--language is for --source wit only");
    const nsfw = () => named(name, cells, { nsfw: "unlikely" });
    if (name === "laion") assertEquals(nsfw().skip, undefined);
    else assertThrows(nsfw, RangeError, "--nsfw is for --source laion only");
  }
});

Deno.test("sources: names, and presets that keep within what the hosts ask for", () => {
  for (const [name, source] of Object.entries(sources)) {
    assertEquals(sourceNamed(name), source);
    assertEquals([source.name, source.about.includes("\n")], [name as SourceName, false]);
  }
  for (const name of ["coyo", "toString", ""]) {
    assertThrows(() => sourceNamed(name), RangeError, "wit, redcaps");
  }
  const { concurrency, perHost, breakerFailures } = sources.wit.presets.queue!;
  assertEquals([concurrency, perHost, breakerFailures], [2, 2, 0]);
  const { resizeMode, imageSize, onlyIfBigger } = sources.redcaps.presets.qnqImages!;
  assertEquals([resizeMode, imageSize, onlyIfBigger], ["keep_ratio_largest", 1000, false]);
  const { reencode, encodeFormat, encodeQuality } = qnqImageRules;
  assertEquals([reencode, encodeFormat, encodeQuality], ["always", "jpg", 75]);
});
