// A figure in a real browser: its own XML reader takes the file, all text lies within the picture and over no other
// text, and the file follows the reader's light or dark setting.
import { assert, assertEquals } from "@std/assert";
import { accuracyByFrequency, svgFile } from "../../fig_utils/mod.ts";
import { exampleReport } from "../fig_utils/example_study.ts";
import { launchChromium, noChromium } from "./chromium.ts";

interface Box {
  text: string;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

Deno.test({
  name: "browser: a figure as a file",
  ignore: noChromium,
  // The browser's driver keeps pipes of its own.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const spread = ["sl_full", "sl_sub", "clip"].flatMap((arm) =>
      [0.111, -0.999, 0.5].map((rho, seed) => ({
        ...exampleReport.arms[0],
        ...{ arm, seed, rho_freq_acc: rho, rho_freq_pred: rho },
      }))
    );
    const file = svgFile(accuracyByFrequency({ arms: spread }));
    const path = await Deno.makeTempFile({ suffix: ".svg" });
    await Deno.writeTextFile(path, file);
    const browser = await launchChromium();
    try {
      for (const colorScheme of ["light", "dark"] as const) {
        const page = await browser.newPage({ colorScheme });
        await page.goto(`file://${path}`);
        assertEquals(await page.locator("parsererror").count(), 0);
        assertEquals(await page.locator("circle").count(), 2 * 9 * 3);
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
        assert(texts.length > 30);
        for (const [i, a] of texts.entries()) {
          const inside = a.left >= 0 && a.right <= sheet.right && a.top >= 0 && a.bottom <= sheet.bottom;
          assert(inside, `${a.text} stands outside`);
          for (const b of texts.slice(i + 1)) {
            const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
            assert(apart, `${a.text} and ${b.text} meet`);
          }
        }
        await page.close();
      }
    } finally {
      await browser.close();
      await Deno.remove(path);
    }
  },
});

function lightness(color: string): number {
  return color.match(/\d+/g)!.slice(0, 3).reduce((sum, part) => sum + Number(part) / 3, 0);
}
