/** How single answers are fetched; and what a fetch gives. Times in milliseconds. */
import type { Fault } from "../outcome.ts";

/** Written into the run's configuration as it is. */
export interface FetchSettings {
  readonly connectTimeout: number;
  /** From the connection (or, on one that is reused, the request) to the first byte of the answer. */
  readonly firstByteTimeout: number;
  /** For one attempt with all its redirects. */
  readonly totalTimeout: number;
  readonly maxRedirects: number;
  /** Bytes of a body, both as sent and unpacked. */
  readonly maxBytes: number;
  readonly userAgent: string;
  /** Directives of X-Robots-Tag that are honoured; none are when it is empty. */
  readonly disallowedDirectives: readonly string[];
  readonly allowPrivate: boolean;
  /** Servers asked for names, as IP or IP:PORT; the system is asked when there are none. */
  readonly nameServers: readonly string[];
  /** How long an address is kept, and how long it is remembered that there is none. */
  readonly dnsTtl: number;
  readonly negativeDnsTtl: number;
}

/** What the program does unless told otherwise. The user agent is set by the program. */
export const defaultFetchSettings: Omit<FetchSettings, "userAgent"> = {
  connectTimeout: 5_000,
  firstByteTimeout: 10_000,
  totalTimeout: 30_000,
  maxRedirects: 5,
  maxBytes: 32 * 2 ** 20,
  disallowedDirectives: ["noai", "noimageai", "noindex", "noimageindex"],
  allowPrivate: false,
  nameServers: [],
  dnsTtl: 300_000,
  negativeDnsTtl: 300_000,
};

/** An answer that was received whole. */
export interface Fetched {
  /** The body, unpacked. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes of the body as they came over the wire. */
  readonly wireBytes: number;
  readonly httpStatus: number;
  /** Where it came from behind all redirects. */
  readonly finalUrl: string;
}

/** Why there is no answer. */
export interface FetchFault extends Fault {
  /** What the server asked for by Retry-After. */
  readonly retryAfter?: number;
  readonly httpStatus?: number;
  /** The fault is of another host, to which the one that was asked for redirected: it says nothing against that. */
  readonly behindRedirect?: boolean;
}

export type FetchAnswer = { readonly fetched: Fetched } | { readonly fault: FetchFault };

/** Fetches over kept connections. */
export interface Fetcher extends Disposable {
  /** Never rejects but with the signal's reason once that aborted. */
  fetch(url: string, signal: AbortSignal): Promise<FetchAnswer>;
}

/** Addresses of a name. Throws NoSuchName, or another Error when the question could not be answered. */
export type Resolve = (name: string, signal?: AbortSignal) => Promise<readonly string[]>;
