// Figures and the report's page in a real browser: its own XML reader takes each file, all text lies within the picture
// and over no other text, and files and page follow the reader's light or dark setting; the page opens from the disk,
// complains of nothing, and does not scroll sideways on a narrow screen.
import { assert, assertEquals } from "@std/assert";
import type { Browser, Page } from "playwright-core";
import { studyFiles } from "../../fig_utils/mod.ts";
import { exampleReport, makeExampleReport, twoClassReport } from "../fig_utils/example_study.ts";
import { launchChromium, noChromium } from "./chromium.ts";

interface Box {
  text: string;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** A folder with a report's files, and a browser to open them in. */
async function withFiles(
  files: ReadonlyMap<string, string>,
  use: (browser: Browser, folder: string) => Promise<void>,
) {
  const folder = await Deno.makeTempDir();
  const browser = await launchChromium();
  try {
    await Deno.mkdir(`${folder}/figures`);
    for (const [name, text] of files) await Deno.writeTextFile(`${folder}/${name}`, text);
    await use(browser, folder);
  } finally {
    await browser.close();
    await Deno.remove(folder, { recursive: true });
  }
}

// The browser's driver keeps pipes of its own.
const options = { ignore: noChromium, sanitizeOps: false, sanitizeResources: false };

Deno.test({
  ...options,
  name: "browser: figures as files",
  fn: async () => {
    const oneSeed = makeExampleReport({
      laws: ["ratio:10"],
      arms: ["sl_full", "clip_rich"],
      seeds: 1,
      classes: 12,
    });
    for (const report of [exampleReport, oneSeed, twoClassReport]) {
      await withFiles(studyFiles(report), async (browser, folder) => {
        for (const colorScheme of ["light", "dark"] as const) {
          const page = await browser.newPage({ colorScheme });
          for (const { name } of Deno.readDirSync(`${folder}/figures`)) {
            await page.goto(`file://${folder}/figures/${name}`);
            await checkFigure(page, name, colorScheme);
          }
          await page.close();
        }
      });
    }
  },
});

async function checkFigure(page: Page, name: string, colorScheme: "light" | "dark"): Promise<void> {
  assertEquals(await page.locator("parsererror").count(), 0);
  const [ground, ink] = await page.evaluate(
    "[getComputedStyle(document.querySelector('.ground')).fill, getComputedStyle(document.querySelector('text')).fill]",
  ) as string[];
  assertEquals(lightness(ground) > 128, colorScheme === "light");
  assert(Math.abs(lightness(ground) - lightness(ink)) > 150, `${ink} on ${ground}`);
  const [sheet, ...texts] = await page.evaluate(
    `[document.documentElement, ...document.querySelectorAll("text")]
    .filter((e) => e.textContent !== "").map((e) => {
      const { left, right, top, bottom } = e.getBoundingClientRect();
      return { text: e.textContent, left, right, top, bottom };
    })`,
  ) as Box[];
  assert(texts.length > 5, name);
  for (const [i, a] of texts.entries()) {
    const inside = a.left >= 0 && a.right <= sheet.right && a.top >= 0 && a.bottom <= sheet.bottom;
    assert(inside, `${name}: ${a.text} stands outside`);
    for (const b of texts.slice(i + 1)) {
      const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
      assert(apart, `${name}: ${a.text} and ${b.text} meet`);
    }
  }
}

Deno.test({
  ...options,
  name: "browser: the report's page from the disk, light and dark, narrow and wide",
  fn: async () => {
    await withFiles(studyFiles(exampleReport), async (browser, folder) => {
      for (const colorScheme of ["light", "dark"] as const) {
        for (const width of [400, 1280]) {
          const page = await browser.newPage({ colorScheme, viewport: { width, height: 800 } });
          const complaints: string[] = [], asked: string[] = [];
          page.on("console", (message) => complaints.push(message.text()));
          page.on("pageerror", (error) => complaints.push(error.message));
          page.on("request", (request) => asked.push(request.url()));
          await page.goto(`file://${folder}/report.html`);
          await checkPage(page, colorScheme);
          assertEquals(complaints, []);
          assertEquals(asked, [`file://${folder}/report.html`]);
          await page.close();
        }
      }
    });
  },
});

async function checkPage(page: Page, colorScheme: "light" | "dark"): Promise<void> {
  const [ground, ink] = await page.evaluate(
    "[getComputedStyle(document.documentElement).backgroundColor, getComputedStyle(document.querySelector('figure text')).fill]",
  ) as string[];
  assertEquals(lightness(ground) > 128, colorScheme === "light");
  assert(Math.abs(lightness(ground) - lightness(ink)) > 150, `${ink} on ${ground}`);
  assert(
    !await page.evaluate("document.documentElement.scrollWidth > innerWidth"),
    "the page scrolls sideways",
  );

  // With the keyboard alone: a link of the contents, then a closed table of classes.
  await page.keyboard.press("Tab");
  assertEquals(await page.evaluate("document.activeElement.getAttribute('href')"), "#verdicts");
  assertEquals(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle"), "solid");
  await page.locator("#classes summary").first().focus();
  assert(!await page.locator("#classes table").first().isVisible());
  await page.keyboard.press("Enter");
  assert(await page.locator("#classes table").first().isVisible());
  assert(
    !await page.evaluate("document.documentElement.scrollWidth > innerWidth"),
    "a table scrolls the page",
  );
  const unreachable = await page.evaluate(
    "[...document.querySelectorAll('.scroll')].filter((e) => e.scrollWidth > e.clientWidth && e.tabIndex < 0).length",
  );
  assertEquals(unreachable, 0);
}

function lightness(color: string): number {
  return color.match(/\d+/g)!.slice(0, 3).reduce((sum, part) => sum + Number(part) / 3, 0);
}
