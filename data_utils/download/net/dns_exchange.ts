/** A question to one name server and back: by UDP, and by TCP where the answer is too long for that. */
import dgram from "node:dgram";
import { isIPv4, isIPv6 } from "node:net";
import { type DnsAnswer, dnsAnswer, dnsQuestion, type RecordType } from "./dns_message.ts";

export interface NameServer {
  readonly address: string;
  readonly port: number;
}

/** A name server as IP, IP:PORT or [IPv6]:PORT. Throws RangeError. */
export function nameServerOf(text: string): NameServer {
  const [, bracketed, plain, digits] = /^(?:\[([\da-f:.]+)\]|([\d.]+))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const address = isIPv6(text) ? text : bracketed ?? plain ?? "", port = Number(digits ?? 53);
  const isAddress = bracketed === undefined ? isIPv4(address) || isIPv6(text) : isIPv6(address);
  if (!isAddress || port < 1 || port > 65_535) {
    throw new RangeError(`The name server ${JSON.stringify(text)} is no IP or IP:PORT`);
  }
  return { address, port };
}

const randomId = () => crypto.getRandomValues(new Uint16Array(1))[0];

async function readBytes(connection: Deno.Conn, count: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  for (let done = 0; done < count;) {
    const read = await connection.read(bytes.subarray(done));
    if (read === null) throw new Error("the connection ended");
    done += read;
  }
  return bytes;
}

async function askByTcp(server: NameServer, question: Uint8Array, signal: AbortSignal): Promise<DnsAnswer> {
  using connection = await Deno.connect({ hostname: server.address, port: server.port, signal });
  const close = () => connection.close();
  signal.addEventListener("abort", close);
  try {
    const message = new Uint8Array([question.length >> 8, question.length & 255, ...question]);
    for (let done = 0; done < message.length;) done += await connection.write(message.subarray(done));
    const [high, low] = await readBytes(connection, 2);
    const answer = dnsAnswer(await readBytes(connection, high << 8 | low), question);
    if (answer === null || answer.kind === "cut_short") throw new Error("no answer to the question");
    return answer;
  } finally {
    signal.removeEventListener("abort", close);
  }
}

function askByUdp(server: NameServer, question: Uint8Array, signal: AbortSignal): Promise<DnsAnswer> {
  return new Promise((done, fail) => {
    // a socket for each question: its port is one more thing that a forger has to guess
    const socket = dgram.createSocket(isIPv6(server.address) ? "udp6" : "udp4");
    const end = (act: () => void) => {
      signal.removeEventListener("abort", onAbort);
      socket.removeAllListeners("message");
      try {
        socket.close();
      } catch {
        // closed by its error
      }
      act();
    };
    const onAbort = () => end(() => fail(signal.reason));
    signal.addEventListener("abort", onAbort);
    socket.on("error", (error) => end(() => fail(error)));
    socket.on("message", (message, from) => {
      if (from.port !== server.port) return;
      const answer = dnsAnswer(message, question);
      if (answer !== null) end(() => done(answer));
    });
    socket.send(question, server.port, server.address, (error) => error && end(() => fail(error)));
  });
}

/** What `server` says; rejects when it does not answer before the signal. Null for a name that cannot be asked for. */
export async function askNameServer(
  server: NameServer,
  name: string,
  type: RecordType,
  signal: AbortSignal,
): Promise<DnsAnswer | null> {
  const question = dnsQuestion(name, type, randomId());
  if (question === null) return null;
  const answer = await askByUdp(server, question, signal);
  return answer.kind === "cut_short" ? await askByTcp(server, question, signal) : answer;
}
