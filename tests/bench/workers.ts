// Parts of the bench that run in processes of their own: starting them, talking with them line by line, ending them.

import { killIfAlive } from "../startup/kill.ts";

export interface Worker {
  /** The next line of its standard output. Throws Error with its last complaint when it ended before. */
  line(): Promise<string>;
  /** Sends it a line. */
  say(text: string): Promise<void>;
  /** Tells it that nothing more will be said and waits for its end; its complaint when it fails, else null. */
  finish(): Promise<string | null>;
  /** Ends it, if it has not ended by itself. */
  stop(): Promise<void>;
}

export interface WorkerOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** It is ended after so many seconds; default 300. */
  readonly seconds?: number;
  /** False for a part that fetches packages which the project does not have: deno.lock then stays as it is. */
  readonly lock?: boolean;
}

/** Starts worker_cli.ts with a part's name. */
export function startWorker(
  part: string,
  { env = {}, seconds = 300, lock = true }: WorkerOptions = {},
): Worker {
  const program = decodeURIComponent(new URL("worker_cli.ts", import.meta.url).pathname);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", ...(lock ? [] : ["--no-lock"]), program, part],
    env: { NO_COLOR: "1", ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let late = false;
  const clock = setTimeout(() => {
    late = true;
    end();
  }, seconds * 1000);
  const end = () => killIfAlive(child);
  const complaint = new Response(child.stderr).text();
  const input = child.stdin.getWriter(), lines = linesOf(child.stdout);
  const lastWord = async () => {
    if (late) return `It did not end within ${seconds} s`;
    return (await complaint).trim().split("\n").at(-1) || "It ended without a word";
  };
  const hangUp = () => input.close().catch(() => {});
  return {
    line: async () => {
      const { value, done } = await lines.next();
      if (!done) return value;
      throw new Error(await lastWord());
    },
    say: (text) => input.write(new TextEncoder().encode(text + "\n")),
    finish: async () => {
      await hangUp();
      return (await child.status).success ? null : await lastWord();
    },
    stop: async () => {
      clearTimeout(clock);
      end();
      await child.status;
      await hangUp();
    },
  };
}

/** Lines of a stream of bytes. */
export async function* linesOf(bytes: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string, void> {
  let rest = "";
  for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
  if (rest !== "") yield rest;
}
