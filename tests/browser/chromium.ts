// Starts the system's Chromium for browser tests, with a fresh profile and nothing that calls home. Where there
// is none the tests are skipped by name, except under BEYOND_TAIL_CI=1 (.ci/run sets it), where they fail.
import { type Browser, chromium } from "playwright-core";

const programs = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

function findProgram(): string | undefined {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return programs.flatMap((name) => folders.map((folder) => `${folder}/${name}`)).find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

const program = findProgram();

/** True where browser tests are to be skipped: `Deno.test({ ignore: noChromium, ... })`. */
export const noChromium = program === undefined && Deno.env.get("BEYOND_TAIL_CI") !== "1";

if (noChromium) console.warn("skipped: Chromium is not installed");

/** Launches Chromium; the caller closes it. Throws where it is not installed. */
export function launchChromium(): Promise<Browser> {
  if (!program) throw new Error("Chromium is not installed; install the package chromium");
  return chromium.launch({
    executablePath: program,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });
}
