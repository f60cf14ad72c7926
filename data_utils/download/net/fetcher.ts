/**
 * Fetches images over kept connections: the rules for addresses, redirects, time-outs and bodies in one place, from a
 * URL to bytes or to the one reason why there are none.
 */
import { isPublicAddress, literalAddress } from "./addresses.ts";
import { type Answer, ask } from "./ask.ts";
import { openBodyBudget } from "./body_budget.ts";
import { bareHost, openConnections } from "./connections.ts";
import { openDeadlines } from "./deadlines.ts";
import { discard } from "./discard.ts";
import { defaultDnsCacheSettings, openDnsCache } from "./dns_cache.ts";
import { failure, FetchFailure } from "./fetch_failure.ts";
import type { FetchAnswer, Fetched, Fetcher, FetchSettings, Resolve } from "./fetch_settings.ts";
import { NoSuchName } from "./no_such_name.ts";
import { openPatience, type Patience } from "./patience.ts";
import { receive } from "./receive.ts";
import { resolverOf } from "./resolve.ts";
import { retryAfterOf } from "./retry_after.ts";
import { crawlerNames, optOutOf } from "./robots_tag.ts";
import { checkedUserAgent } from "./user_agent.ts";
import { redirectTarget, webAddress } from "./web_address.ts";

const redirects = new Set([301, 302, 303, 307, 308]);

/** Time-outs strike at most this many ms late. */
const tick = 20;

/**
 * What large bodies may hold together (see {@link openBodyBudget}): measured with 256 bodies of 4 MB at once, less of it
 * costs speed and more of it only memory, of which freed buffers take up several times as much until they are collected.
 */
const largeBodies = 32 * 2 ** 20;

/** Addresses of one name that are tried. */
const mostAddresses = 4;

const closing = failure("reset", "The fetcher was closed");

/** All values of a header that may stand there several times; Node joins them, and so mixes them up. */
function headerValues({ response: { rawHeaders } }: Answer, name: string): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1].toLowerCase() === name);
}

/**
 * A fetcher that looks up names with `resolve`, by default the name servers of the settings or else the system. Closing
 * it breaks off what is being fetched. Throws RangeError for a user agent or a name server that is none. `isPublic` is
 * another one only in tests, which have no public address.
 */
export function openFetcher(
  settings: FetchSettings,
  resolve: Resolve = resolverOf(settings.nameServers),
  isPublic: (address: string) => boolean = isPublicAddress,
): Fetcher {
  const isAllowed = settings.allowPrivate ? () => true : isPublic;
  const headers = {
    "User-Agent": checkedUserAgent(settings.userAgent),
    "Accept": "image/*,*/*;q=0.5",
    "Accept-Encoding": "identity",
  };
  const names = crawlerNames(settings.userAgent);
  const disallowed = new Set(settings.disallowedDirectives.map((directive) => directive.toLowerCase()));
  const dns = openDnsCache(resolve, {
    ...defaultDnsCacheSettings,
    dnsTtl: settings.dnsTtl,
    negativeDnsTtl: settings.negativeDnsTtl,
  });
  const connections = openConnections(), deadlines = openDeadlines(tick);
  const budget = openBodyBudget(largeBodies), underWay = new Set<Patience>();
  let closed = false;

  async function lookUp(host: string, patience: Patience): Promise<readonly string[]> {
    const literal = literalAddress(host);
    if (literal !== null) return [literal];
    return await patience.wait<readonly string[]>((done, fail) => {
      dns.addresses(host).then(done, (error) => {
        const detail = error instanceof Error ? error.message : String(error);
        fail(failure(error instanceof NoSuchName ? "dns" : "dns_failed", detail));
      });
      return () => {};
    });
  }

  /** The addresses of a host that may be connected to. */
  async function addressesOf(url: URL, patience: Patience): Promise<readonly string[]> {
    const host = bareHost(url), all = await lookUp(host, patience), allowed = all.filter(isAllowed);
    if (allowed.length > 0) return allowed.slice(0, mostAddresses);
    throw failure("private_address", all[0] === host ? host : `${host} is ${all.join(", ")}`);
  }

  async function answerOf(url: URL, patience: Patience): Promise<Answer> {
    const due = patience.now() + settings.connectTimeout;
    patience.limit("dns_failed", due);
    const addresses = await addressesOf(url, patience);
    patience.limit("connect_timeout", due);
    const { connectTimeout, firstByteTimeout } = settings;
    const wish = { url, addresses, headers, connectTimeout };
    return await ask(wish, connections, patience, { firstByteTimeout, isAllowed });
  }

  /** What an answer that is no redirect comes to. Throws FetchFailure. */
  async function bodyOf(answer: Answer, url: URL, patience: Patience): Promise<Fetched> {
    const httpStatus = answer.response.statusCode!;
    if (httpStatus !== 200) {
      const retryAfter = retryAfterOf(answer.response.headers["retry-after"], Date.now());
      await discard(answer, patience, deadlines);
      throw failure(`http_${httpStatus}`, `${url.href} answered ${httpStatus}`, { httpStatus, retryAfter });
    }
    try {
      const directive = optOutOf(headerValues(answer, "x-robots-tag"), names, disallowed);
      if (directive !== null) throw failure("opt_out", `X-Robots-Tag: ${directive}`);
      const { bytes, wireBytes } = await receive(answer, patience, budget, settings.maxBytes);
      return { bytes, wireBytes, httpStatus, finalUrl: url.href };
    } catch (error) {
      throw error instanceof FetchFailure ? new FetchFailure({ httpStatus, ...error.fault }) : error;
    } finally {
      if (!answer.response.complete) answer.response.destroy();
    }
  }

  /** `hosts` is told of each host that is asked. */
  async function follow(text: string, patience: Patience, hosts: string[]): Promise<Fetched> {
    let url = webAddress(text);
    if (url === null) {
      throw failure("bad_url", `${JSON.stringify(text.slice(0, 200))} is no address of the web`);
    }
    const seen = new Set<string>();
    while (true) {
      seen.add(url.href);
      hosts.push(url.host);
      const answer = await answerOf(url, patience), httpStatus = answer.response.statusCode!;
      if (!redirects.has(httpStatus)) return await bodyOf(answer, url, patience);
      await discard(answer, patience, deadlines);
      const next: URL = redirectTarget(answer.response.headers.location, url, httpStatus);
      if (seen.has(next.href)) {
        throw failure("too_many_redirects", `Redirected in a circle, to ${next.href}`, { httpStatus });
      }
      if (seen.size > settings.maxRedirects) {
        const detail = `More than ${settings.maxRedirects} redirects, the last to ${next.href}`;
        throw failure("too_many_redirects", detail, { httpStatus });
      }
      url = next;
    }
  }

  return {
    async fetch(url, signal): Promise<FetchAnswer> {
      if (closed) return { fault: closing.fault };
      using patience = openPatience(deadlines, settings.totalTimeout, signal);
      const hosts: string[] = [];
      underWay.add(patience);
      try {
        return { fetched: await follow(url, patience, hosts) };
      } catch (error) {
        if (!(error instanceof FetchFailure)) throw error;
        return { fault: hosts.at(-1) === hosts[0] ? error.fault : { ...error.fault, behindRedirect: true } };
      } finally {
        underWay.delete(patience);
      }
    },
    [Symbol.dispose]() {
      closed = true;
      for (const patience of underWay) patience.end(closing);
      connections[Symbol.dispose]();
      dns[Symbol.dispose]();
      deadlines[Symbol.dispose]();
    },
  };
}
