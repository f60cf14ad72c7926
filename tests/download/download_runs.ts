// `data download` as a user runs it, against the fault server: inputs of rows whose ends are known, command lines with small
// time-outs, and the child's peak of memory.
import { command } from "../exps/processes.ts";
import { type FaultNames, startFaultNames } from "./fault_names.ts";
import { type FaultServer, startFaultServer } from "./fault_server.ts";
import type { FaultRow } from "./fault_table.ts";

/** Only Linux has all of 127.0.0.0/8; said once where the tests are skipped. */
export const loopback = Deno.build.os === "linux";
if (!loopback) console.warn("skipped: downloads from the fault server: only Linux has all of 127.0.0.0/8");

/** A server, its names, and a folder for inputs and outputs. */
export interface Faults extends AsyncDisposable {
  readonly server: FaultServer;
  readonly names: FaultNames;
  readonly folder: string;
}

export async function startFaults(): Promise<Faults> {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "download test " });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const server = stack.use(await startFaultServer()), names = stack.use(await startFaultNames());
  await Deno.writeTextFile(`${folder}/authority.pem`, server.authority);
  const kept = stack.move();
  return { server, names, folder, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Writes a TSV of rows; returns its path. */
export async function writeRows(
  { folder }: Faults,
  rows: readonly Pick<FaultRow, "url" | "caption">[],
  name = "rows",
) {
  const lines = rows.map(({ url, caption }, i) => `${url}\t${caption}\t${i}\n`),
    path = `${folder}/${name}.tsv`;
  await Deno.writeTextFile(path, `url\tcaption\tplace\n${lines.join("")}`);
  return path;
}

export const ROWS_PER_SHARD = 100;

/** What tests give, unless they say otherwise: small time-outs, and all hosts on loopback. */
const usual: Readonly<Record<string, string>> = {
  "--source": "generic",
  "--number-sample-per-shard": String(ROWS_PER_SHARD),
  ...{ "--concurrency": "64", "--per-host": "64", "--workers": "2" },
  ...{ "--connect-timeout": "5", "--first-byte-timeout": "2", "--timeout": "4" },
  ...{ "--retries": "2", "--backoff": "0.05", "--max-retry-wait": "5", "--max-bytes": String(2 ** 21) },
  ...{ "--min-image-size": "16", "--max-aspect-ratio": "10" },
};

/** The command line of a test; what it adds takes the place of what is usual. */
export function downloadArgs({ names }: Faults, input: string, out: string, more: readonly string[] = []) {
  const flags = Object.entries(usual).filter(([flag]) => !more.includes(flag)).flat();
  const places = ["--input", input, "--out", out, "--dns", `127.0.0.1:${names.port}`];
  return ["download", ...places, "--allow-private", "--decode", ...flags, ...more];
}

/** Starts the program; it trusts the server's authority. */
export function startDownload({ folder }: Faults, args: readonly string[]) {
  const env = { NODE_EXTRA_CA_CERTS: `${folder}/authority.pem` };
  return command("data_utils/data_cli.ts", args, env).spawn();
}

/** What a process left behind. */
export interface Ended {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly out: string;
  readonly err: string;
  /** Most memory it had at once, in bytes, as last seen. */
  readonly peak: number;
}

/** The most memory that a process has had, or null once it is gone. */
async function peakOf(pid: number): Promise<number | null> {
  const text = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  const kib = /^VmHWM:\s*(\d+) kB/m.exec(text)?.[1];
  return kib === undefined ? null : Number(kib) * 1024;
}

/** Waits for a child's end. */
export async function endOf(child: Deno.ChildProcess): Promise<Ended> {
  let peak = 0, alive = true;
  const watch = (async () => {
    while (alive) {
      peak = Math.max(peak, await peakOf(child.pid) ?? 0);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  const { code, signal, stdout, stderr } = await child.output();
  alive = false;
  await watch;
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim());
  return { code, signal, out, err, peak };
}

export const download = (faults: Faults, args: readonly string[]) => endOf(startDownload(faults, args));

/** A test with faults of its own; skipped by name where there are none. */
export function downloadTest(name: string, body: (faults: Faults) => Promise<void>): void {
  Deno.test({
    name: `download: ${name}`,
    ignore: !loopback,
    fn: async () => {
      await using faults = await startFaults();
      await body(faults);
    },
  });
}
