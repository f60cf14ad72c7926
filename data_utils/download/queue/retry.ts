/** Whether a task is tried again, and when. */
import type { FetchFault } from "../net/fetch_settings.ts";
import { noteOf } from "../outcome.ts";
import type { QueueSettings } from "./queue_settings.ts";

/**
 * Milliseconds after the n-th failure, from 1: doubled with each, but never above maxRetryWait, and drawn from the upper
 * half of that, so that tasks which failed together do not come back together. `random` gives numbers in [0, 1).
 */
export function backOff(
  settings: Pick<QueueSettings, "backoff" | "maxRetryWait">,
  n: number,
  random: () => number,
): number {
  const whole = Math.min(settings.maxRetryWait, settings.backoff * 2 ** (n - 1));
  return whole * (0.5 + 0.5 * random());
}

/** Milliseconds until the next attempt of a task after so many; null when it has none. */
export function retryWait(
  settings: QueueSettings,
  attempts: number,
  { reason, retryAfter = 0 }: FetchFault,
  random: () => number,
): number | null {
  if (attempts > settings.retries || retryAfter > settings.maxRetryWait) return null;
  if (noteOf(reason).retry !== "now") return null;
  return Math.max(retryAfter, backOff(settings, attempts, random));
}

/** The fault of a task that is given up, saying so where Retry-After was too long to wait for. */
export function finalFault({ maxRetryWait }: QueueSettings, fault: FetchFault): FetchFault {
  if (fault.retryAfter === undefined || fault.retryAfter <= maxRetryWait) return fault;
  const asked = Math.ceil(fault.retryAfter / 1000), waited = Math.ceil(maxRetryWait / 1000);
  return {
    ...fault,
    detail: `${fault.detail}; Retry-After ${asked} s is more than the ${waited} s waited for`,
  };
}
