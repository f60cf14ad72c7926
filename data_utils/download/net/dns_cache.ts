/**
 * Addresses of names, asked for once. A list of images names few hosts many times and many dead ones again and again;
 * resolvers of the system are slow for both, which is why others ask for a resolver of one's own to be set up as root.
 */
import { NoSuchName } from "./no_such_name.ts";
import type { FetchSettings, Resolve } from "./fetch_settings.ts";

/** How much is kept and asked at once. Times in milliseconds. */
export interface DnsCacheSettings extends Pick<FetchSettings, "dnsTtl" | "negativeDnsTtl"> {
  /** How long it is remembered that a question was not answered: only so that its host is not asked for at once. */
  readonly failedDnsTtl: number;
  /** After which a question counts as not answered. */
  readonly questionTimeout: number;
  /** Questions under way at the same time. */
  readonly questions: number;
  readonly names: number;
}

export const defaultDnsCacheSettings: Omit<DnsCacheSettings, "dnsTtl" | "negativeDnsTtl"> = {
  failedDnsTtl: 500,
  questionTimeout: 15_000,
  questions: 64,
  names: 200_000,
};

/** Addresses by name. */
export interface DnsCache extends Disposable {
  /** As `resolve` gives them. Throws NoSuchName, also for a name without addresses, or what `resolve` threw. */
  addresses(name: string): Promise<readonly string[]>;
}

interface Entry {
  until: number;
  readonly answer: Promise<readonly string[]>;
}

/** A cache before `resolve`; who asks for a name that is being asked for waits for the same answer. */
export function openDnsCache(
  resolve: Resolve,
  settings: DnsCacheSettings,
  now: () => number = () => performance.now(),
): DnsCache {
  const entries = new Map<string, Entry>();
  const closed = new AbortController(), turn = turns(settings.questions);

  async function ask(name: string): Promise<readonly string[]> {
    using _ = await turn();
    const addresses = await answered(resolve, name, settings.questionTimeout, closed.signal);
    if (addresses.length === 0) throw new NoSuchName(name);
    return addresses;
  }

  function remember(name: string): Entry {
    const entry: Entry = { until: Infinity, answer: ask(name) };
    entry.answer.then(
      () => entry.until = now() + settings.dnsTtl,
      (error) => {
        const ttl = error instanceof NoSuchName ? settings.negativeDnsTtl : settings.failedDnsTtl;
        entry.until = now() + ttl;
      },
    );
    entries.delete(name);
    entries.set(name, entry);
    // all are kept equally long, so that the first is the one that ends first
    if (entries.size > settings.names) entries.delete(entries.keys().next().value!);
    return entry;
  }

  return {
    addresses(name) {
      const known = entries.get(name);
      return (known && known.until > now() ? known : remember(name)).answer;
    },
    [Symbol.dispose]() {
      entries.clear();
      closed.abort(new Error("The fetcher was closed"));
    },
  };
}

/** The answer of `resolve`, which may not keep to the signal that it is given. */
function answered(
  resolve: Resolve,
  name: string,
  timeout: number,
  closed: AbortSignal,
): Promise<readonly string[]> {
  return new Promise((answer, fail) => {
    const late = new AbortController();
    const stop = (error: unknown) => {
      clearTimeout(timer);
      fail(error);
      late.abort(error);
    };
    const onClosed = () => stop(closed.reason);
    const timer = setTimeout(() => stop(new Error(`No answer about ${name} in ${timeout} ms`)), timeout);
    if (closed.aborted) onClosed();
    closed.addEventListener("abort", onClosed);
    resolve(name, late.signal).then(answer, fail).finally(() => {
      clearTimeout(timer);
      closed.removeEventListener("abort", onClosed);
    });
  });
}

/** Lets `count` through at once, the others in the order in which they came. */
function turns(count: number): () => Promise<Disposable> {
  let free = count;
  const waiting: (() => void)[] = [];
  const leave = {
    [Symbol.dispose]() {
      const next = waiting.shift();
      if (next) next();
      else free++;
    },
  };
  return async () => {
    if (free > 0) free--;
    else await new Promise<void>((go) => waiting.push(go));
    return leave;
  };
}
