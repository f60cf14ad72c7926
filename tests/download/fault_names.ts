// A name server on loopback for tests: what it says depends on the name's last labels. Just enough of DNS (RFC 1035).
import { createSocket } from "node:dgram";
import { once } from "node:events";

/** What is said of names below a domain; of all others that they do not exist. */
const domains: Readonly<Record<string, "address" | "SERVFAIL" | "silence">> = {
  "here.test": "address",
  "broken.test": "SERVFAIL",
  "silent.test": "silence",
};

export interface FaultNames extends AsyncDisposable {
  readonly port: number;
  /** How often each name was asked for, of one kind of address or the other. */
  readonly lookups: ReadonlyMap<string, number>;
}

/** The name of a question and where its bytes end. */
function questionOf(query: Uint8Array): { name: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (; query[at] > 0; at += query[at] + 1) {
    labels.push(new TextDecoder().decode(query.subarray(at + 1, at + 1 + query[at])));
  }
  return { name: labels.join(".").toLowerCase(), end: at + 5 };
}

/** The reply: 127.0.0.1 for IPv4, no address for IPv6, or an error. */
function replyTo(query: Uint8Array, end: number, code: number): Uint8Array {
  const isV4 = query[end - 3] === 1 && query[end - 4] === 0, found = code === 0 && isV4;
  const header = [query[0], query[1], 0x81, 0x80 | code, 0, 1, 0, found ? 1 : 0, 0, 0, 0, 0];
  const answer = found ? [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1] : [];
  return Uint8Array.from([...header, ...query.subarray(12, end), ...answer]);
}

/** Starts a name server on a free port. */
export async function startFaultNames(): Promise<FaultNames> {
  const lookups = new Map<string, number>(), socket = createSocket("udp4");
  socket.on("message", (query: Uint8Array, { address, port }) => {
    const { name, end } = questionOf(query);
    lookups.set(name, (lookups.get(name) ?? 0) + 1);
    const says = domains[name.split(".").slice(-2).join(".")];
    if (says === "silence") return;
    const code = says === "address" ? 0 : says === "SERVFAIL" ? 2 : 3;
    socket.send(replyTo(query, end, code), port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    port: socket.address().port,
    lookups,
    async [Symbol.asyncDispose]() {
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  };
}
