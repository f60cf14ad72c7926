/** How many requests run at once, and what is done about those that fail. Times in milliseconds. */
import type { FetchFault } from "../net/fetch_settings.ts";

/** Written into the run's configuration as it is. */
export interface QueueSettings {
  readonly concurrency: number;
  readonly perHost: number;
  /** Least time between the beginnings of two requests to one host. */
  readonly hostInterval: number;
  /** Attempts after the first. */
  readonly retries: number;
  /**
   * The first back-off; it doubles with every attempt up to maxRetryWait, and is drawn from its upper half. A
   * Retry-After that asks for more is heeded.
   */
  readonly backoff: number;
  /** A Retry-After longer than this is not waited for: the row fails, and a later run may ask again. */
  readonly maxRetryWait: number;
  /** Failures in a row after which a host is left alone for breakerRest, as host_law.ts says; 0 never. */
  readonly breakerFailures: number;
  readonly breakerRest: number;
}

/** What the program does unless told otherwise. */
export const defaultQueueSettings: QueueSettings = {
  concurrency: 128,
  perHost: 8,
  hostInterval: 0,
  retries: 2,
  backoff: 1_000,
  maxRetryWait: 60_000,
  breakerFailures: 20,
  breakerRest: 60_000,
};

/** What an attempt gives. */
export type Attempt<R> = { readonly result: R } | { readonly fault: FetchFault };
