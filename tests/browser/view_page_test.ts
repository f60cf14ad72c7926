// The view's page in a real browser: it is drawn under its own policy with no error and no request to anywhere
// else, an arm's link shows that arm's classes, and a narrow window does not scroll sideways.
import { assert, assertEquals } from "@std/assert";
import { createView } from "../../fig_utils/mod.ts";
import { exampleStudy } from "../fig_utils/example_study.ts";
import { launchChromium, noChromium } from "./chromium.ts";

Deno.test({
  name: "browser: the view of a study",
  ignore: noChromium,
  // The browser's driver keeps pipes of its own.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    await using study = await exampleStudy();
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      createView(study.folder).fetch,
    );
    const browser = await launchChromium();
    try {
      const page = await browser.newPage({ viewport: { width: 390, height: 700 } });
      const complaints: string[] = [];
      const asked: string[] = [];
      page.on("console", (message) => complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("request", (request) => asked.push(new URL(request.url()).host));

      const home = `http://localhost:${server.addr.port}/`;
      await page.goto(home);
      assertEquals(await page.locator("#arms tbody tr").count(), 2);
      assertEquals(await page.locator("#classes tbody td:first-child").allTextContents(), [
        "teapot",
        "anchor",
        "comb",
      ]);

      // Four panels; the second arm has one class.
      assertEquals(await page.locator("figure circle").count(), 2 * 3 + 2 * 1);
      assertEquals(
        await page.locator("figure circle title").first().textContent(),
        "comb: 12 in training, 20.0 % right",
      );

      // Only a style sheet that the policy lets in gives numbers their right edge.
      const align = await page.evaluate(
        "getComputedStyle(document.querySelector('#arms td + td')).textAlign",
      );
      assertEquals(align, "right");
      const wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth");
      assert(!wide, "the page scrolls sideways at 390 pixels");

      await page.getByRole("link", { name: "clip" }).click();
      await page.waitForURL(/arm=clip/);
      assertEquals(await page.locator("#classes tbody tr").count(), 1);
      assertEquals(await page.locator("tr[aria-current] a").textContent(), "clip");

      assertEquals(complaints, []);
      assertEquals([...new Set(asked)], [new URL(home).host]);
      const shot = Deno.env.get("BEYOND_TAIL_SHOT");
      if (shot) await page.screenshot({ path: shot, fullPage: true });
    } finally {
      await browser.close();
      await server.shutdown();
    }
  },
});
