// Programs of the experiments on a machine that fails: a device that is lost or miscounts, files that may not grow, a user
// who stops them.
import type { Failing } from "../gpu/failing_device.ts";
import { command } from "./processes.ts";

/** What goes wrong while a program runs. */
export interface Trouble {
  /** The device fails. */
  device?: Failing;
  /** No file may grow beyond so many bytes, as on a full disk; needs a POSIX shell. */
  fileBytes?: number;
  /** Ctrl-C once this file is there. */
  stopAt?: string;
}

/** How a program ended; `last` is the last line on standard error. */
export interface Ending {
  code: number;
  out: string;
  err: string;
  last: string;
}

const preload = new URL("./failing_device_preload.ts", import.meta.url).href;
const root = new URL("../../", import.meta.url);

/** Arguments of the runtime for a program whose device fails. */
const failing = (program: string, args: readonly string[]) => [
  ...["run", "-A", "--no-check", "--preload", preload],
  ...[new URL(program, root).href, ...args],
];

/** A limit of file sizes in a shell's blocks of 512 bytes; reaching it is an error of the write, not the end of the program. */
const limited = 'trap \'\' XFSZ; ulimit -f "$1"; shift; exec "$@"';

function commandIn(program: string, args: readonly string[], { device, fileBytes }: Trouble): Deno.Command {
  const settings = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
  const env: Record<string, string> = { NO_COLOR: "1" };
  if (device) {
    env.FAILING_DEVICE = JSON.stringify(device);
    return new Deno.Command(Deno.execPath(), { args: failing(program, args), env, ...settings });
  }
  if (fileBytes === undefined) return command(program, args);
  const blocks = String(Math.floor(fileBytes / 512)), plain = ["run", "-A", "--no-check"];
  const whole = [Deno.execPath(), ...plain, new URL(program, root).href, ...args];
  return new Deno.Command("sh", { args: ["-c", limited, "sh", blocks, ...whole], env, ...settings });
}

const isThere = (path: string) => Deno.stat(path).then(() => true, () => false);

/** Runs a program in trouble to its end. */
export async function runIn(trouble: Trouble, program: string, args: readonly string[]): Promise<Ending> {
  const child = commandIn(program, args, trouble).spawn();
  const text = [child.stdout, child.stderr].map((stream) => new Response(stream).text());
  let ended = false;
  const status = child.status.finally(() => ended = true);
  if (trouble.stopAt !== undefined) {
    while (!ended && !await isThere(trouble.stopAt)) await new Promise((resume) => setTimeout(resume, 10));
    if (!ended) child.kill("SIGINT");
  }
  const [{ code }, out, said] = [await status, await text[0], await text[1]], err = said.trim();
  return { code, out, err, last: err.split("\n").at(-1)! };
}
