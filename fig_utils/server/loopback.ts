// What the local servers share: they answer loopback names only (another site's page cannot reach them by a
// name that it points at this machine), and a port that is taken ends in one line instead of a stack trace.
import { Failure } from "../../data_utils/mod.ts";

const loopbackNames = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Whether a request was addressed to this machine by a loopback name. */
export function isLoopback(request: Request): boolean {
  return loopbackNames.has(new URL(request.url).hostname);
}

/** Reads a --port flag. Throws RangeError unless it is a whole number of 0...65535 (0: any free one). */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) throw new RangeError(`--port ${text} is not a port of 0 to 65535`);
  return port;
}

/**
 * Serves on 127.0.0.1 until the signal, its regular end, and prints where. Throws Failure where the port is taken or not
 * allowed.
 */
export async function serveLocally(
  what: string,
  port: number,
  handler: (request: Request) => Response | Promise<Response>,
  signal: AbortSignal,
): Promise<void> {
  try {
    const server = Deno.serve({
      ...{ hostname: "127.0.0.1", port, handler, signal },
      onListen: (address) => console.log(`${what} at http://localhost:${address.port}/ (Ctrl-C ends it)`),
    });
    await server.finished;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      throw new Failure(`Port ${port} is taken; choose another with --port`, 1);
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new Failure(`Port ${port} is not for ordinary users; choose another with --port`, 1);
    }
    throw error;
  }
}
