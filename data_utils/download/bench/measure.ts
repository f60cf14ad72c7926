/** Measuring in processes of their own: the server, the program as users call it, and a client that does nothing else. */
import { Failure, Stopped } from "../../program/outcome.ts";
import { cpuSeconds, endedChildrenSeconds, peakBytes } from "./process_cost.ts";

/** What a client took. CPU and memory are null where the system does not say. */
export interface Measured {
  readonly images: number;
  /** From the first request on (of the program: from its "start" event to its end). */
  readonly seconds: number;
  /** CPU of the whole process, its start included; and the server's meanwhile. */
  readonly clientCpu: number | null;
  readonly serverCpu: number | null;
  readonly peakBytes: number | null;
}

/** The bench's server. */
export interface BenchServer extends AsyncDisposable {
  readonly pid: number;
  readonly origin: string;
}

const deno = (program: string, args: readonly string[]) =>
  new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--quiet", new URL(program, import.meta.url).href, ...args],
    ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
  });

/** The finished lines of what a process prints. */
async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

/** Sends a signal to a child that may have ended meanwhile. */
function end(child: Deno.ChildProcess, how: Deno.Signal): void {
  try {
    child.kill(how);
  } catch {
    // It has.
  }
}

/** Starts the server. Throws Failure with what it said when it does not come up. */
export async function startServer(): Promise<BenchServer> {
  const child = deno("bench_server_cli.ts", []).spawn(), said = new Response(child.stderr).text();
  const lines = linesOf(child.stdout), { value } = await lines.next();
  if (value === undefined) throw new Failure(`The bench's server failed: ${(await said).trim()}`, 1);
  return {
    pid: child.pid,
    origin: `http://127.0.0.1:${JSON.parse(value).port}`,
    async [Symbol.asyncDispose]() {
      await child.stdin.close();
      await lines.return(undefined);
      end(child, "SIGKILL");
      await child.status;
      await said;
    },
  };
}

/** A table of `count` URLs of one kind, each with another image. */
export async function writeList(path: string, origin: string, kind: string, count: number): Promise<void> {
  const lines = Array.from({ length: count }, (_, i) => `${origin}/${kind}/${i}\tpicture ${i}\n`);
  await Deno.writeTextFile(path, `url\tcaption\n${lines.join("")}`);
}

/** Keeps the most memory that a process has had, looking at it ten times a second until stopped. */
function watchMemory(pid: number): () => number | null {
  let most: number | null = null;
  const look = async () => {
    most = await peakBytes(pid) ?? most;
  };
  const timer = setInterval(look, 100);
  return () => {
    clearInterval(timer);
    return most;
  };
}

/**
 * Runs a client to its end. `onLine` is told each line that it prints. Throws Stopped when `signal` aborts, and Failure,
 * with the last it said, when it fails.
 */
async function runClient(
  name: string,
  command: Deno.Command,
  server: BenchServer,
  signal: AbortSignal,
  onLine: (line: string) => void,
): Promise<Omit<Measured, "images" | "seconds">> {
  signal.throwIfAborted();
  const before = [await endedChildrenSeconds(), await cpuSeconds(server.pid)];
  const child = command.spawn(), most = watchMemory(child.pid), said = new Response(child.stderr).text();
  const stop = () => end(child, "SIGTERM");
  signal.addEventListener("abort", stop, { once: true });
  try {
    for await (const line of linesOf(child.stdout)) onLine(line);
    const { code } = await child.status;
    if (signal.aborted) throw new Stopped("Stopped");
    if (code !== 0) throw new Failure(`${name} failed: ${(await said).trim().split("\n").at(-1)}`, 1);
  } finally {
    signal.removeEventListener("abort", stop);
    end(child, "SIGKILL");
    await child.stdin.close().catch(() => {});
    most();
  }
  const after = [await endedChildrenSeconds(), await cpuSeconds(server.pid)];
  const [clientCpu, serverCpu] = after.map((now, i) =>
    now === null || before[i] === null ? null : now - before[i]!
  );
  return { clientCpu, serverCpu, peakBytes: most() };
}

/** What a client that only fetches takes for a list. */
export async function measureBare(
  list: string,
  concurrency: number,
  server: BenchServer,
  signal: AbortSignal,
): Promise<Measured> {
  let told = { images: 0, seconds: 0, peakBytes: null as number | null };
  const command = deno("bare_client_cli.ts", [list, String(concurrency)]);
  const cost = await runClient("The bare client", command, server, signal, (line) => told = JSON.parse(line));
  return { ...cost, ...told };
}

/**
 * What `data download` takes for a list; its output is removed. Throws Failure, beside what `runClient` throws, when an
 * image did not arrive.
 */
export async function measureDownload(
  list: string,
  flags: readonly string[],
  server: BenchServer,
  signal: AbortSignal,
): Promise<Measured> {
  const out = `${list}.out`;
  const command = deno("../../data_cli.ts", [
    ...["download", "--source", "generic", "--input", list, "--out", out, "--allow-private", "--json"],
    ...flags,
  ]);
  let began: number | null = null, images = 0, rows = 0, reasons = "";
  try {
    const cost = await runClient("data download", command, server, signal, (line) => {
      const told = JSON.parse(line);
      if (told.event === "start") {
        began = performance.now();
        rows = told.rows;
      } else if (told.event === "end") {
        images = told.successes;
        reasons = JSON.stringify(told.status_dict);
      }
    });
    if (began === null) throw new Failure("data download did not say when it began", 1);
    const seconds = (performance.now() - began) / 1000;
    if (images !== rows) throw new Failure(`Only ${images} of ${rows} images arrived: ${reasons}`, 1);
    return { images, seconds, ...cost };
  } finally {
    await Deno.remove(out, { recursive: true }).catch(() => {});
  }
}
