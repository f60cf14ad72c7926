/**
 * Connections that are kept for the next request to the same host. How many are open to a host is the business of the
 * queue; here only those that idle are bounded, all hosts taken together, since a list may name a hundred thousand.
 */
import http from "node:http";
import https from "node:https";
import { isIPv6, type LookupFunction } from "node:net";
import type { Duplex } from "node:stream";

/** Idle connections that are kept, the last ones used. */
const keptIdle = 256;
/** Servers give up idle connections after 5 to 75 s. */
const idleTimeout = 15_000;
const maxHeaderBytes = 65_536;

/** What a request is made of. */
export interface RequestWish {
  readonly url: URL;
  /** Those that may be connected to, tried one after the other. */
  readonly addresses: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  /** For all addresses together, in ms. */
  readonly connectTimeout: number;
  /** On a connection of its own, that is closed afterwards. */
  readonly fresh: boolean;
}

/** Makes requests over kept connections. Closing it ends those that idle and those in use. */
export interface Connections extends Disposable {
  /** A GET request that is not sent yet; its `end()` does. */
  request(wish: RequestWish): http.ClientRequest;
}

/** Hands out the addresses that were checked, so that no other can be connected to. */
function lookupOf(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  return (_name, options, done) => {
    if (options.all) done(null, found);
    else done(null, found[0].address, found[0].family);
  };
}

/** The name of a URL's host as certificates and servers know it: without brackets and the root's dot. */
export function bareHost({ hostname }: URL): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname.replace(/\.$/, "");
}

/** Options that Node hands on to the socket: the next address is tried when this one was given its part of the time. */
function dialling(addresses: number, connectTimeout: number) {
  const part = Math.max(10, Math.ceil(connectTimeout / addresses));
  return { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: part };
}

/** Opens nothing yet. */
export function openConnections(): Connections {
  const idle = new Map<Duplex, true>();
  const watched = new WeakSet<Duplex>();

  /** Makes an agent bound what idles, and noticed by both agents together. */
  function bounded<A extends http.Agent>(agent: A): A {
    const keep = agent.keepSocketAlive.bind(agent), reuse = agent.reuseSocket.bind(agent);
    agent.keepSocketAlive = (socket) => {
      // Node's answer is nothing for yes where its types promise a boolean
      if ((keep(socket) as boolean | undefined) === false) return false;
      idle.set(socket, true);
      if (!watched.has(socket)) {
        watched.add(socket);
        socket.once("close", () => idle.delete(socket));
      }
      if (idle.size > keptIdle) {
        const oldest: Duplex = idle.keys().next().value!;
        idle.delete(oldest);
        oldest.destroy();
      }
      return true;
    };
    agent.reuseSocket = (socket, request) => {
      idle.delete(socket);
      reuse(socket, request);
    };
    return agent;
  }

  const options = { keepAlive: true, maxFreeSockets: keptIdle, timeout: idleTimeout };
  const agents = {
    "http:": bounded(new http.Agent(options)),
    "https:": bounded(new https.Agent(options)),
  };
  return {
    request({ url, addresses, headers, connectTimeout, fresh }) {
      const scheme = url.protocol as keyof typeof agents;
      return (scheme === "https:" ? https : http).request({
        protocol: scheme,
        hostname: bareHost(url),
        port: url.port || undefined,
        path: url.pathname + url.search,
        headers,
        agent: fresh ? false : agents[scheme],
        lookup: lookupOf(addresses),
        ...dialling(addresses.length, connectTimeout),
        maxHeaderSize: maxHeaderBytes,
        // servers of images end lines as they like; nobody behind us trusts their heads
        insecureHTTPParser: true,
      });
    },
    [Symbol.dispose]() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}
