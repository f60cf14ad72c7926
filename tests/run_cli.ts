// `./denow task test` and `./denow task soak`: every check of the project in one run, as many at a time as
// there are cores (four at most). Each test file runs in a process of its own, so that one that dies takes no
// other along and GPU memory goes back at its end. The last line is the sum, `N passed, N failed`.
import { parseArgs } from "@std/cli";
import { diedAfterPassing, readJunit, type Tally } from "./startup/junit.ts";

const help = `Runs the project's checks: format, lint, types and all tests; or the soak tests.

Usage: deno task test [--jobs N] [--verbose] [PART...]
       deno task soak [--jobs N] [--verbose] [PART...]

  PART        run only the test files whose path holds this text, and no format, lint or type check
  --jobs N    how many processes at a time (default: one per core, at most 4)
  --verbose   print all output, not only that of what failed
  --soak      the tests in files named *_soak.ts instead; their progress is shown
  --help      this text

Example: ./denow task test gpu/ops`;

interface Job {
  name: string;
  args: string[];
  minutes: number;
  /** Whether it is a test file, whose tests are counted one by one. */
  tests: boolean;
}

const root = new URL("../", import.meta.url);

async function run(job: Job, verbose: boolean, again = false): Promise<Tally> {
  const began = performance.now();
  const report = await Deno.makeTempFile({ suffix: ".xml" });
  try {
    const args = job.tests
      ? [...job.args.slice(0, -1), `--junit-path=${report}`, ...job.args.slice(-1)]
      : job.args;
    const timeOut = AbortSignal.timeout(job.minutes * 60_000);
    const child = new Deno.Command(Deno.execPath(), {
      args,
      cwd: root,
      env: { NO_COLOR: "1" },
      stdout: "piped",
      stderr: "piped",
      signal: timeOut,
    }).spawn();
    const parts = [readShowing(child.stdout), new Response(child.stderr).text()];
    const text = (await Promise.all(parts)).join(""), { success, signal } = await child.status;
    const tally = job.tests
      ? readJunit(await Deno.readTextFile(report))
      : { passed: 0, failed: 0, skipped: [] };
    if (!again && job.tests && !timeOut.aborted && diedAfterPassing(tally, signal)) {
      console.log(
        `again  ${job.name}: its process died of ${signal} when all ${tally.passed} tests had passed`,
      );
      return await run(job, verbose, true);
    }
    // What is no test by itself, and what went wrong outside of any test, counts as one.
    if (!job.tests && success) tally.passed = 1;
    if (!success && tally.failed === 0) tally.failed = 1;

    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const count = job.tests
      ? `, ${tally.passed} passed${tally.failed ? `, ${tally.failed} failed` : ""}`
      : "";
    console.log(`${tally.failed ? "FAILED" : "ok    "} ${job.name}${count} (${seconds} s)`);
    if (verbose || tally.failed) console.log(text.trimEnd());
    if (timeOut.aborted) console.log(`${job.name} was ended after ${job.minutes} minutes`);
    for (const line of verbose || tally.failed ? [] : text.match(/^skipped: .*/gm) ?? []) {
      console.log(`       ${line}`);
    }
    for (const name of tally.skipped) console.log(`       skipped: ${name}`);
    return tally;
  } finally {
    await Deno.remove(report);
  }
}

/** Reads to the end; lines of progress are printed as they come. */
async function readShowing(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  let text = "", shown = 0;
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    text += part;
    const end = text.lastIndexOf("\n") + 1;
    for (const line of text.slice(shown, end).split("\n")) if (line.startsWith("soak: ")) console.log(line);
    shown = end;
  }
  return text;
}

/** Runs the jobs in order, `width` at a time, and adds up what they report. */
async function runAll(jobs: Job[], width: number, verbose: boolean): Promise<Tally> {
  const sum: Tally = { passed: 0, failed: 0, skipped: [] };
  const queue = jobs.values();
  const worker = async () => {
    for (const job of queue) {
      const { passed, failed, skipped } = await run(job, verbose);
      sum.passed += passed;
      sum.failed += failed;
      sum.skipped.push(...skipped);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return sum;
}

function staticChecks(): Job[] {
  return [["check", "--quiet"], ["lint", "--quiet"], ["fmt", "--check"]].map((args) => ({
    name: args[0],
    args,
    minutes: 10,
    tests: false,
  }));
}

function testJobs(ending: string, parts: string[], minutes: number): Job[] {
  return listFiles("tests", ending)
    .filter((path) => parts.length === 0 || parts.some((part) => path.includes(part)))
    .map((path) => ({
      name: path,
      args: ["test", "-A", "--no-check", "--sanitize-ops", "--sanitize-resources", path],
      minutes,
      tests: true,
    }));
}

function listFiles(folder: string, ending: string): string[] {
  const found: string[] = [];
  for (const entry of Deno.readDirSync(new URL(`${folder}/`, root))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) found.push(...listFiles(path, ending));
    else if (entry.name.endsWith(ending)) found.push(path);
  }
  return found.sort();
}

if (import.meta.main) {
  const unknown: string[] = [];
  const flags = parseArgs(Deno.args, {
    string: ["jobs", "_"],
    boolean: ["soak", "verbose", "help"],
    default: { jobs: String(Math.min(4, navigator.hardwareConcurrency)) },
    unknown: (arg, key) => key === undefined || void unknown.push(arg),
  });
  const width = Number(flags.jobs);
  const parts = flags._.map(String);
  if (flags.help) {
    console.log(help);
  } else if (unknown.length > 0 || !Number.isInteger(width) || width < 1) {
    console.error(
      unknown.length > 0 ? `Unknown flag ${unknown[0]}; see --help` : `--jobs ${flags.jobs} is no count`,
    );
    Deno.exit(2);
  } else {
    const tests = flags.soak ? testJobs("_soak.ts", parts, 30) : testJobs("_test.ts", parts, 6);
    const jobs = flags.soak || parts.length > 0 ? tests : [...staticChecks(), ...tests];
    if (parts.length > 0 && jobs.length === 0) {
      console.error(`No test file's path holds ${parts.join(" or ")}`);
      Deno.exit(2);
    }
    const { passed, failed } = await runAll(jobs, width, flags.verbose);
    console.log(`${passed} passed, ${failed} failed`);
    if (failed > 0) Deno.exit(1);
  }
}
