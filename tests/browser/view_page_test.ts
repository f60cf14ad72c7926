// The view in a real browser, over stored runs: every page is drawn under its own policy with no complaint and no request
// to anywhere else; lists sort, dots and fields tell their names to pointer and keyboard, curves move as a log grows.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { createView } from "../../fig_utils/mod.ts";
import { writeJsonAtomically } from "../../data_utils/mod.ts";
import { exampleStudy, makeExampleReport } from "../fig_utils/example_study.ts";
import { launchChromium, noChromium } from "./chromium.ts";

type Browser = Awaited<ReturnType<typeof launchChromium>>;
type Page = Awaited<ReturnType<Browser["newPage"]>>;

const report = makeExampleReport({
  laws: ["ratio:10"],
  arms: ["sl_full", "clip_rich"],
  seeds: 2,
  classes: 12,
});
const [done, other] = ["sl_full-ratio10-seed0", "clip_rich-ratio10-seed1"];

interface Viewed {
  folder: string;
  home: string;
  /** Opens a page; what it complains of and whom it asks is judged at the end of the test. */
  open(path: string, options?: Parameters<Browser["newPage"]>[0]): Promise<Page>;
}

function browserTest(name: string, stored: typeof report | null, test: (viewed: Viewed) => Promise<void>) {
  Deno.test({
    name: `browser: ${name}`,
    ignore: noChromium,
    // The browser's driver keeps pipes of its own.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      await using study = await exampleStudy(stored);
      const { folder } = study, view = createView(folder, { every: 50 });
      const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, view.fetch);
      const home = `http://localhost:${server.addr.port}`, complaints: string[] = [], asked: string[] = [];
      const browser = await launchChromium();
      try {
        await test({
          ...{ folder, home },
          open: async (path, options) => {
            const page = await browser.newPage(options);
            page.on("console", (message) => complaints.push(message.text()));
            page.on("pageerror", (error) => complaints.push(error.message));
            page.on("request", (request) => asked.push(new URL(request.url()).origin));
            await page.goto(home + path);
            return page;
          },
        });
        assertEquals(complaints, []);
        assertEquals([...new Set(asked)], [home]);
      } finally {
        await browser.close();
        await server.shutdown();
      }
    },
  });
}

const lightness = (color: string) =>
  color.match(/\d+/g)!.slice(0, 3).reduce((sum, part) => sum + Number(part) / 3, 0);

browserTest("every page is readable, light and dark, narrow and wide", report, async ({ open }) => {
  for (const path of ["/", `/runs/${done}`, `/compare?run=${done}&run=${other}`, "/report"]) {
    for (const colorScheme of ["light", "dark"] as const) {
      for (const width of [400, 1280]) {
        const page = await open(path, { viewport: { width, height: 800 }, colorScheme });
        const wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
        assert(Number(wide) <= 0, `${path} scrolls sideways by ${wide} at ${width}`);
        const [ground, ...inks] = await page.evaluate(`[
          getComputedStyle(document.body).backgroundColor,
          ...[...document.querySelectorAll("h1, p, td, th, a, figcaption, main text")].map((e) =>
            e.matches("text") ? getComputedStyle(e).fill : getComputedStyle(e).color),
        ]`) as string[];
        assertEquals(lightness(ground) > 128, colorScheme === "light");
        const faint = inks.filter((ink) => Math.abs(lightness(ink) - lightness(ground)) < 90);
        assertEquals(faint, [], `${path} in ${colorScheme} on ${ground}`);
        assertEquals(await page.locator("h1").count(), 1);
        assertEquals(await page.locator("table:not(:has(caption))").count(), 0);
        await page.close();
      }
    }
  }
});

browserTest(
  "the list sorts, and what is ticked is compared, by keyboard alone",
  report,
  async ({ open, home }) => {
    const page = await open("/"), runs = () => page.locator("tbody .name a").allTextContents();
    const best = report.arms.toSorted((a, b) => a.top1 - b.top1).map(({ run }) => run);
    await page.getByRole("link", { name: "top-1, %" }).press("Enter");
    await page.waitForURL(/sort=top1&order=asc/);
    assertEquals(await runs(), best);
    await page.getByRole("link", { name: "top-1, %" }).press("Enter");
    await page.waitForURL(/sort=top1&order=desc/);
    assertEquals(await runs(), best.toReversed());
    assertEquals(
      await page.locator("th[aria-sort=descending]").textContent().then((text) => text?.trim()),
      "top-1, %",
    );

    // Everything is reached in order and shows that it is: link, report, button, table, boxes.
    const reached: string[] = [];
    await page.evaluate("document.activeElement.blur()");
    for (;;) {
      await page.keyboard.press("Tab");
      if (await page.evaluate("document.activeElement === document.body")) break; // the page's end
      const [name, outline] = await page.evaluate(`[
      document.activeElement.ariaLabel ?? document.activeElement.textContent.trim(),
      getComputedStyle(document.activeElement).outlineStyle,
    ]`) as string[];
      if (name === `Compare ${done}` || name === `Compare ${other}`) await page.keyboard.press("Space");
      assert(outline !== "none", `${name} has no visible focus`);
      reached.push(name);
    }
    for (
      const name of ["All runs", "Study report", "Compare the chosen runs", "seed", `Compare ${done}`, done]
    ) {
      assert(reached.includes(name), `${name} is not reached: ${reached.join(", ")}`);
    }
    await page.getByRole("button", { name: "Compare the chosen runs" }).press("Enter");
    await page.waitForURL(`${home}/compare?*`);
    assertEquals(await page.locator("h1").textContent(), "Comparison of 2 runs");
    assertEquals(await page.locator("[data-chart=loss] path.curve").count(), 2);
  },
);

browserTest("dots and fields tell their names to pointer and keyboard", report, async ({ open }) => {
  const page = await open(`/runs/${done}`, { viewport: { width: 1280, height: 900 } });
  const { per_class } = report.arms[0], byFrequency = per_class.toSorted((a, b) => a.freq - b.freq);
  const figure = page.locator("[data-dots]").first(), readout = figure.locator("output");
  const height = (await figure.boundingBox())!.height;
  const told = (row: typeof per_class[number]) =>
    `${row.class}: ${row.freq} in training, ${
      (row.acc! * 100).toFixed(1)
    } % right, predicted ${row.pred} times`;

  const dot = figure.locator("circle", { has: page.locator(`title:text-is("${told(byFrequency[4])}")`) });
  const box = (await dot.boundingBox())!;
  await page.mouse.move(box.x + box.width / 2 + 2, box.y + box.height / 2 - 2);
  assertEquals(await readout.textContent(), told(byFrequency[4]));
  assertEquals(await figure.locator("circle.chosen").count(), 1);

  await figure.locator("[tabindex]").focus();
  for (
    const [key, row] of [["Home", 0], ["ArrowRight", 1], ["ArrowUp", 2], ["ArrowLeft", 1], [
      "End",
      11,
    ]] as const
  ) {
    await page.keyboard.press(key);
    assertEquals(await readout.textContent(), told(byFrequency[row]));
  }
  assertEquals((await figure.boundingBox())!.height, height, "nothing jumps");

  const matrix = page.locator("[data-cells]"),
    field = matrix.locator("output"),
    names = byFrequency.toReversed();
  const cells = JSON.parse((await matrix.getAttribute("data-cells"))!) as number[][];
  const count = (row: number, column: number) => cells.find(([r, c]) => r === row && c === column)?.[2] ?? 0;
  const total = JSON.parse((await matrix.getAttribute("data-totals"))!) as number[];
  await matrix.locator("[tabindex]").focus();
  for (const key of ["ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight"]) {
    await page.keyboard.press(key);
  }
  assertEquals(
    await field.textContent(),
    `${names[1].class}, taken for ${names[3].class}: ${count(1, 3)} of ${total[1]} images`,
  );
  const square = (await matrix.locator("svg").boundingBox())!;
  await page.mouse.move(square.x + square.width * 2.5 / 12, square.y + square.height * 2.5 / 12);
  assertEquals(
    await field.textContent(),
    `${names[2].class}, recognised: ${count(2, 2)} of ${total[2]} images`,
  );
});

browserTest(
  "curves and numbers go on while a run trains, and the list with them",
  null,
  async ({ open, folder }) => {
    const page = await open(`/runs/${done}`), list = await open("/");
    await list.getByLabel(`Compare ${other}`).check();
    const curve = page.locator("[data-chart=loss] path.curve"),
      value = (name: string) => page.locator(`[data-live=${name}]`);
    const ends = async () => Number(/L([\d.]+) [\d.]+$/.exec((await curve.getAttribute("d"))!)![1]);
    const [before, height] = [await ends(), (await page.locator("main").boundingBox())!.height];
    assertEquals(await value("step").textContent(), "300 of 600");

    // It ends the line that is being written, and writes on.
    const lines = `ss":1.5,"seconds":20}\n{"step":400,"loss":0.125,"seconds":30}\n`;
    await Deno.writeTextFile(`${folder}/${done}/metrics.jsonl`, lines, { append: true });
    await value("step").filter({ hasText: "400 of 600" }).waitFor();
    assertEquals(await value("loss").textContent(), "0.125");
    assert(await ends() > before + 30, "the curve has not moved");
    const record = { step: 400, top1: 0.987, rho_freq_pred: -0.5, rho_freq_acc: 0.25, head: 1, tail: 0.5 };
    const path = `${folder}/${done}/evaluations.jsonl`;
    await Deno.writeTextFile(path, JSON.stringify(record) + "\n", { append: true });
    await value("top1").filter({ hasText: "98.7" }).waitFor();
    assertEquals(await value("rhoPredictions").textContent(), "−0.50");
    assertEquals((await page.locator("main").boundingBox())!.height, height, "nothing jumps");

    await list.locator(`tr[data-run="${done}"]`).filter({ hasText: "400 of 600" }).waitFor();
    assert(await list.getByLabel(`Compare ${other}`).isChecked(), "what was ticked stays so");

    const { collapse: _, curve: __, ...result } = report.arms[0];
    await writeJsonAtomically(`${folder}/${done}/result.json`, result);
    await page.getByText("The run has ended.").waitFor();
    assertEquals(await value("state").textContent(), "done");
    await page.getByRole("link", { name: "Load the page again" }).click();
    await page.waitForLoadState();
    assertMatch(await page.locator("dl").innerText(), /state\s+done/);
  },
);
