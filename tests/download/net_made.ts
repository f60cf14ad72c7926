// A server for the tests of the fetcher that writes its answers byte by byte, so that they can be as wrong as those of
// the web; and fetchers with short time-outs.
import { openFetcher } from "../../data_utils/download/net/fetcher.ts";
import {
  defaultFetchSettings,
  type FetchAnswer,
  type FetchSettings,
  type Resolve,
} from "../../data_utils/download/net/fetch_settings.ts";

/** A request and the connection that it came over. */
export interface Visit {
  readonly path: string;
  /** The request's head, all of it. */
  readonly head: string;
  /** Which connection, counted from 0. */
  readonly connection: number;
  send(data: string | Uint8Array): Promise<void>;
  close(): void;
}

export interface RawServer extends Disposable {
  readonly port: number;
  readonly visits: Visit[];
  /** Connections so far, and those of them that are open. */
  connections(): number;
  open(): number;
  url(path: string, host?: string): string;
}

const encoder = new TextEncoder();

async function converse(
  connection: Deno.Conn,
  number: number,
  visited: (visit: Visit) => unknown,
): Promise<void> {
  const buffer = new Uint8Array(16_384);
  let text = "";
  while (true) {
    const read = await connection.read(buffer);
    if (read === null) return;
    text += new TextDecoder().decode(buffer.subarray(0, read));
    for (let end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
      const head = text.slice(0, end);
      text = text.slice(end + 4);
      await visited({
        path: head.split(" ")[1],
        head,
        connection: number,
        async send(data) {
          const bytes = typeof data === "string" ? encoder.encode(data) : data;
          for (let done = 0; done < bytes.length;) done += await connection.write(bytes.subarray(done));
        },
        close: () => connection.close(),
      });
    }
  }
}

/** Serves on loopback until disposed. What goes wrong on a connection is the client's doing, and no failure. */
export function rawServer(answer: (visit: Visit) => unknown, listener?: Deno.Listener): RawServer {
  const open = new Set<Deno.Conn>(), visits: Visit[] = [];
  const listening = listener ?? Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listening.addr as Deno.NetAddr;
  let connections = 0;
  const close = (connection: Deno.Conn) => {
    open.delete(connection);
    try {
      connection.close();
    } catch {
      // closed before
    }
  };
  (async () => {
    for await (const connection of listening) {
      open.add(connection);
      converse(connection, connections++, (visit) => {
        visits.push(visit);
        return answer(visit);
      }).catch(() => {}).finally(() => close(connection));
    }
  })().catch(() => {});
  return {
    port,
    visits,
    connections: () => connections,
    open: () => open.size,
    url: (path, host = "127.0.0.1") => `http://${host}:${port}${path}`,
    [Symbol.dispose]() {
      listening.close();
      for (const connection of open) close(connection);
    },
  };
}

/** An answer with its length. */
export function whole(body: string | Uint8Array, head = "", status = "200 OK"): Uint8Array {
  const bytes = typeof body === "string" ? encoder.encode(body) : body;
  const lines = encoder.encode(`HTTP/1.1 ${status}\r\n${head}Content-Length: ${bytes.length}\r\n\r\n`);
  return new Uint8Array([...lines, ...bytes]);
}

export const settings: FetchSettings = {
  ...defaultFetchSettings,
  userAgent: "beyond-tail/0",
  allowPrivate: true,
  connectTimeout: 4_000,
  firstByteTimeout: 4_000,
  totalTimeout: 8_000,
};

/** Fetches once. */
export async function fetchOnce(
  url: string,
  changes: Partial<FetchSettings> = {},
  resolve?: Resolve,
): Promise<FetchAnswer> {
  using fetcher = openFetcher({ ...settings, ...changes }, resolve);
  return await fetcher.fetch(url, new AbortController().signal);
}

/** What an answer is, in a word: its reason, or the text of its bytes. */
export function told(answer: FetchAnswer): string {
  return "fault" in answer ? answer.fault.reason : `"${new TextDecoder().decode(answer.fetched.bytes)}"`;
}
