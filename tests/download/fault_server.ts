// A server on loopback that answers as servers of the web do, the worst of them too. It speaks HTTP by hand, over plain TCP
// and TLS, so that every fault can be made; what it answers depends on the path `/KIND/ID` alone, and on how often that was
// asked for. It listens on all of 127.0.0.0/8, so that tests have as many hosts as they like.
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { type After, answerTo, refuse, text } from "./fault_answers.ts";
import { type Certificate, makeCertificate } from "./made_certificate.ts";
import { type Wire, wireOf } from "./fault_wire.ts";

/** What the server knows of its past. */
export interface FaultServer extends AsyncDisposable {
  readonly http: number;
  /** Port with a certificate for 127.0.0.1 by an authority of the test's own. */
  readonly https: number;
  /** Ports with certificates that nobody vouches for, and whose time is over. */
  readonly selfSigned: number;
  readonly expired: number;
  /** The authority's certificate in PEM. */
  readonly authority: string;
  /** How often each path was asked for. */
  readonly requests: ReadonlyMap<string, number>;
  /** From now on what failed only until it is told otherwise succeeds. */
  heal(): void;
}

/** Reads heads of requests, one after the other; null once the client is gone, "" for what is no HTTP. */
function headReader({ read }: Wire): () => Promise<string | null> {
  let text = "";
  return async () => {
    for (;;) {
      const end = text.indexOf("\r\n\r\n");
      if (end >= 0) {
        const head = text.slice(0, end);
        text = text.slice(end + 4);
        return head;
      }
      if (!text.startsWith("GET ".slice(0, text.length))) return "";
      const part = await read();
      if (part === null) return null;
      text += part.toString("latin1");
    }
  };
}

/** Starts the server on free ports. */
export async function startFaultServer(): Promise<FaultServer> {
  const requests = new Map<string, number>(), sockets = new Set<Socket>(), running = new Set<Promise<void>>();
  let healed = false;

  async function answer(wire: Wire, head: string): Promise<After> {
    const [, path = "/_not-http"] = head.split(" ", 2);
    if (path === "/_not-http") return refuse(wire);
    if (path === "/_heal") healed = true;
    if (path === "/_requests") return text(wire, JSON.stringify(Object.fromEntries(requests)));
    if (path.startsWith("/_requests/")) return text(wire, String(requests.get(path.slice(10)) ?? 0));
    if (path.startsWith("/_")) return text(wire, "");
    const [, kind, id = ""] = /^\/([^/?]+)\/([^?]*)/.exec(path) ?? [], asked = (requests.get(path) ?? 0) + 1;
    requests.set(path, asked);
    const host = /\r\nhost: *(\S+)/i.exec(head)?.[1] ?? "";
    return await answerTo(wire, { kind, id, asked, host, healed });
  }

  async function serve(socket: Socket): Promise<void> {
    const wire = wireOf(socket), readHead = headReader(wire);
    try {
      let after: After = "keep";
      while (after === "keep") {
        const head = await readHead();
        if (head === null) break;
        after = await answer(wire, head);
      }
      if (after === "reset") socket.resetAndDestroy();
      while (after === "hold" && await wire.read() !== null) continue;
    } catch (error) {
      // clients break off, and tests end: that is no fault of the server
      if (!socket.destroyed) throw error;
    }
    if (!socket.destroyed) socket.destroySoon();
  }

  function welcome(socket: Socket): void {
    if (!socket.localAddress?.startsWith("127.")) return void socket.destroy();
    sockets.add(socket);
    const work: Promise<void> = serve(socket).finally(() => {
      running.delete(work);
      sockets.delete(socket);
    });
    running.add(work);
  }

  const authority = makeCertificate({ name: "authority of a test" });
  const server = { name: "server of a test", addresses: ["127.0.0.1"] };
  const tls = ({ cert, key }: Certificate) => createTlsServer({ cert, key }, welcome);
  const servers = [
    createServer(welcome),
    tls(makeCertificate({ ...server, issuer: authority })),
    tls(makeCertificate(server)),
    tls(makeCertificate({ ...server, issuer: authority, years: [2001, 2002] })),
  ];
  const [http, https, selfSigned, expired] = await Promise.all(servers.map(async (each) => {
    each.listen(0, "0.0.0.0", 4096);
    await once(each, "listening");
    return (each.address() as AddressInfo).port;
  }));

  return {
    ...{ http, https, selfSigned, expired, requests, authority: authority.cert },
    heal: () => void (healed = true),
    async [Symbol.asyncDispose]() {
      const closed = servers.map((each) => new Promise((resolve) => each.close(resolve)));
      for (const socket of sockets) socket.destroy();
      await Promise.all([...closed, ...running]);
    },
  };
}
