/**
 * What the ends of attempts say of a host, and how it is treated for it:
 * - A host that asks us to wait (429, or 503 with Retry-After) rests; its tasks wait without using up attempts. Without
 *   a Retry-After the rest is a back-off that doubles with every such answer in a row.
 * - A host that fails `breakerFailures` times in a row on the way to an answer, or asks to wait as often, or for longer
 *   than `maxRetryWait`, is left alone: its tasks are given up as host_down until its rest is over.
 * - After a rest one attempt at a time is made until one is answered.
 * - When no other host has answered since its failures began, our own network may well be down, or this is the host
 *   that all rows come from. Giving up would then burn all of the input within minutes. So, unless few tasks are left
 *   anyway, they wait for some rests, with one attempt after each.
 * Only attempts that began after the last rest did are heard about a host, or one bad moment would count many times.
 */
import type { FetchFault } from "../net/fetch_settings.ts";
import type { Reason } from "../outcome.ts";
import { backOff } from "./retry.ts";
import type { QueueSettings } from "./queue_settings.ts";

/** So many rests is a host waited for while no other host answers, if at least so many tasks are left. */
const PATIENCE = 5, WORTH_WAITING = 1000;

/** What is remembered of a host. Times as the clock has them. */
export interface Health {
  /** Rests so far. An attempt carries the number under which it began. */
  era: number;
  /** Failures on the way to an answer, and wishes to be left alone, since the last other answer. */
  failures: number;
  refusals: number;
  /** When the first of them was. */
  troubledSince: number;
  /** Tasks wait until then. */
  restsUntil: number;
  /** Tasks are given up until then, and why. */
  leftUntil: number;
  why: string;
  /** One attempt at a time. */
  onProbation: boolean;
  everAnswered: boolean;
}

/** Nothing is held against a host. */
export const goodHealth = (): Health => ({
  ...{ era: 0, failures: 0, refusals: 0, troubledSince: -Infinity },
  ...{ restsUntil: -Infinity, leftUntil: -Infinity, why: "", onProbation: false, everAnswered: false },
});

/** Whether forgetting it would change how a host is treated. */
export const isRemarkable = (health: Health, now: number): boolean =>
  health.failures + health.refusals > 0 || health.onProbation || health.restsUntil > now ||
  health.leftUntil > now;

/** Faults on the way to an answer. */
const down: ReadonlySet<Reason> = new Set<Reason>([
  ...["dns_failed", "refused", "unreachable", "connect_timeout"] as const,
  ...["first_byte_timeout", "reset", "tls"] as const,
]);

type Verdict = "answered" | "down" | "wait" | "not_asked";

function verdictOn(fault: FetchFault | null, everAnswered: boolean): Verdict {
  if (fault === null || fault.behindRedirect) return "answered";
  const { reason, retryAfter } = fault;
  if (reason === "http_429" || (reason === "http_503" && retryAfter !== undefined)) return "wait";
  // A name that is not there costs nothing to ask for again, and its tasks keep the better reason;
  // one that was there a moment ago is more likely out of reach than gone.
  if (reason === "dns") return everAnswered ? "down" : "not_asked";
  if (reason === "private_address") return "not_asked";
  return down.has(reason) ? "down" : "answered";
}

/** What follows for a host: nothing, its waiting tasks are given up, or it had not even been asked. */
export type Hearing = "kept" | "left" | "not_asked";

/** The law of a queue's hosts. */
export interface HostLaw {
  /** Takes in how an attempt that began in that era ended (null: well), when so many tasks are left in all. */
  hear(health: Health, era: number, fault: FetchFault | null, now: number, tasksLeft: number): Hearing;
}

/** When a host other than this one last answered, from the last answers of two hosts. */
function lastAnswers() {
  let last = { health: goodHealth(), at: -Infinity }, before = last;
  return {
    note(health: Health, at: number): void {
      if (last.health !== health) before = last;
      last = { health, at };
    },
    besides: (health: Health) => (last.health === health ? before : last).at,
  };
}

/** The law under these settings. */
export function hostLaw(settings: QueueSettings, random: () => number): HostLaw {
  const { breakerFailures, breakerRest, maxRetryWait } = settings, answers = lastAnswers();
  let muchAtStake = false;

  /** Leaves a host alone for `rest` if another has answered since; if none has, only when patience is at its end. */
  function leave(health: Health, rest: number, now: number, since: number, why: string): Hearing {
    health.era++;
    health.onProbation = true;
    const until = now + rest,
      patient = muchAtStake && until - health.troubledSince <= PATIENCE * breakerRest;
    if (patient && answers.besides(health) < since) {
      health.restsUntil = Math.max(health.restsUntil, until);
      return "kept";
    }
    health.leftUntil = Math.max(health.leftUntil, until);
    health.why = `${why}; left alone for ${Math.ceil((health.leftUntil - now) / 1000)} s`;
    return "left";
  }

  function hearAnswer(health: Health, now: number): void {
    answers.note(health, now);
    health.failures = health.refusals = 0;
    health.onProbation = false;
    health.everAnswered = true;
  }

  function hearRefusal(health: Health, current: boolean, fault: FetchFault, now: number): Hearing {
    const { reason, retryAfter } = fault;
    if (!current && retryAfter === undefined) return "kept";
    if (current) {
      health.refusals++;
      health.era++;
      health.onProbation = true;
    }
    // we are in touch with this host, so lately is soon enough for another to have answered
    const since = now - breakerRest, mayLeave = breakerFailures > 0;
    if (mayLeave && retryAfter !== undefined && retryAfter > maxRetryWait) {
      const why = `${reason} asked to wait for ${Math.ceil(retryAfter / 1000)} s`;
      return leave(health, retryAfter, now, since, why);
    }
    const wait = Math.min(maxRetryWait, retryAfter ?? backOff(settings, health.refusals, random));
    if (mayLeave && current && health.refusals >= breakerFailures) {
      const why = `${health.refusals} answers in a row asked to wait, the last: ${reason}`;
      return leave(health, Math.max(wait, breakerRest), now, since, why);
    }
    health.restsUntil = Math.max(health.restsUntil, now + wait);
    return "kept";
  }

  function hearFailure(health: Health, fault: FetchFault, now: number): Hearing {
    health.failures++;
    if (breakerFailures === 0 || health.failures < breakerFailures) return "kept";
    const why = `${health.failures} failures in a row, the last: ${fault.reason}`;
    return leave(health, breakerRest, now, health.troubledSince, why);
  }

  return {
    hear(health, era, fault, now, tasksLeft) {
      muchAtStake = tasksLeft >= WORTH_WAITING;
      const verdict = verdictOn(fault, health.everAnswered), current = era === health.era;
      if (verdict === "not_asked") return "not_asked";
      if (verdict === "answered") {
        if (current) hearAnswer(health, now);
        return "kept";
      }
      if (health.failures + health.refusals === 0) health.troubledSince = now;
      if (verdict === "wait") return hearRefusal(health, current, fault!, now);
      return current ? hearFailure(health, fault!, now) : "kept";
    },
  };
}
