/** Where addresses of names come from: the system, or name servers that the user chose. */
import dns from "node:dns/promises";
import { askNameServer, type NameServer, nameServerOf } from "./dns_exchange.ts";
import type { DnsAnswer, RecordType } from "./dns_message.ts";
import type { Resolve } from "./fetch_settings.ts";
import { NoSuchName } from "./no_such_name.ts";

/** How often each name server is asked before a question counts as not answered, and how long one is waited for. */
const rounds = 2;
const patience = 2_000;

/** As other programs of this machine find it, with its file of hosts; IPv4 first. */
export const systemResolve: Resolve = async (name) => {
  try {
    const found = await dns.lookup(name, { all: true });
    return found.toSorted((a, b) => a.family - b.family).map(({ address }) => address);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOTFOUND") throw new NoSuchName(name);
    throw error;
  }
};

/** What one server says, null about a name that cannot be asked for; or why it says nothing. */
type Said = { readonly answer: DnsAnswer | null } | { readonly failed: Error };

async function tryServer(
  server: NameServer,
  name: string,
  type: RecordType,
  signal?: AbortSignal,
): Promise<Said> {
  const late = AbortSignal.timeout(patience);
  const either = signal ? AbortSignal.any([signal, late]) : late;
  try {
    const answer = await askNameServer(server, name, type, either);
    if (answer?.kind !== "failed") return { answer };
    return { failed: new Error(`${server.address} answered with code ${answer.code} about ${name}`) };
  } catch (error) {
    signal?.throwIfAborted();
    const why = late.aborted ? "did not answer" : error instanceof Error ? error.message : String(error);
    return { failed: new Error(`${server.address}: ${why} about ${name}`) };
  }
}

/**
 * Asks name servers, given as IP or IP:PORT, one after the other until one answers; IPv4 addresses first. Throws
 * RangeError for what is no name server.
 */
export function serverResolve(nameServers: readonly string[]): Resolve {
  const servers = nameServers.map(nameServerOf);
  return async (name, signal) => {
    let last = new Error(`No name server knows ${name}`);
    for (const server of Array.from({ length: rounds }, () => servers).flat()) {
      const said = await Promise.all(
        (["A", "AAAA"] as const).map((type) => tryServer(server, name, type, signal)),
      );
      const answers = said.flatMap((one) => "answer" in one ? [one.answer] : []);
      const addresses = answers.flatMap((answer) => answer?.addresses ?? []);
      if (addresses.length > 0) return addresses;
      const failed = said.find((one) => "failed" in one);
      const none = answers.some((answer) => answer === null || answer.kind === "no_such_name");
      if (none || failed === undefined) throw new NoSuchName(name);
      last = failed.failed;
    }
    throw last;
  };
}

/** The servers of the settings, or the system where there are none. */
export function resolverOf(nameServers: readonly string[]): Resolve {
  return nameServers.length > 0 ? serverResolve(nameServers) : systemResolve;
}
