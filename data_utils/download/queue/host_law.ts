/**
 * What the ends of attempts say of a host, and how it is treated for it:
 * - A host that asks us to wait (429, or 503 with Retry-After) rests; its tasks wait without using up attempts. Without
 *   a Retry-After the rest is a back-off that doubles with every such answer in a row.
 * - A host that fails `breakerFailures` times in a row on the way to an answer, or asks to wait as often, or for longer
 *   than `maxRetryWait`, is left alone: its tasks are given up as host_down until its rest is over.
 * - After a rest one attempt at a time is made until one is answered.
 * - When no other host has answered since its failures began, it may well be our own network that is down, or the host
 *   that nearly all rows come from. Giving up would then burn all of the input within minutes, so its tasks wait
 *   for a while, and one attempt is made after each rest.
 * Only attempts that began after the last rest did are heard about a host, or one bad moment would count many times.
 */
import type { Reason } from "../outcome.ts";
import { backOff } from "./retry.ts";
import type { AttemptFault, QueueSettings } from "./queue_settings.ts";

/** So many rests is a host waited for while no other host answers. */
const PATIENCE = 10;

/** What is remembered of a host. Times as the clock has them. */
export interface Health {
  /** Rests so far. An attempt carries the number under which it began. */
  era: number;
  /** Failures on the way to an answer, and wishes to be left alone, since the last other answer. */
  failures: number;
  refusals: number;
  /** When the first of them was, and how many answers all hosts had given then. */
  troubledSince: number;
  answersThen: number;
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
  ...{ era: 0, failures: 0, refusals: 0, troubledSince: 0, answersThen: 0 },
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

function verdictOn(fault: AttemptFault | null, everAnswered: boolean): Verdict {
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
  /** Takes in how an attempt that began in that era ended; null: well. */
  hear(health: Health, era: number, fault: AttemptFault | null, now: number): Hearing;
}

/** The law under these settings. */
export function hostLaw(settings: QueueSettings, random: () => number): HostLaw {
  const { breakerFailures, breakerRest, maxRetryWait } = settings;
  /** Of all hosts. */
  let answers = 0;

  /** Leaves a host alone, or lets it rest where giving up its tasks would be rash. */
  function leave(health: Health, until: number, now: number, why: string): Hearing {
    const othersAnswer = answers > health.answersThen;
    health.era++;
    health.onProbation = true;
    if (!othersAnswer && until - health.troubledSince <= PATIENCE * breakerRest) {
      health.restsUntil = Math.max(health.restsUntil, until);
      return "kept";
    }
    health.leftUntil = Math.max(health.leftUntil, until);
    health.why = `${why}; left alone for ${Math.ceil((health.leftUntil - now) / 1000)} s`;
    return "left";
  }

  function hearRefusal(health: Health, current: boolean, fault: AttemptFault, now: number): Hearing {
    const { reason, retryAfter } = fault, mayLeave = breakerFailures > 0;
    if (current) {
      health.refusals++;
      health.era++;
      health.onProbation = true;
    } else if (retryAfter === undefined) {
      return "kept";
    }
    if (mayLeave && retryAfter !== undefined && retryAfter > maxRetryWait) {
      const why = `${reason} asked to wait for ${Math.ceil(retryAfter / 1000)} s`;
      return leave(health, now + retryAfter, now, why);
    }
    const wait = Math.min(maxRetryWait, retryAfter ?? backOff(settings, health.refusals, random));
    if (mayLeave && current && health.refusals >= breakerFailures) {
      const why = `${health.refusals} answers in a row asked to wait, the last with ${reason}`;
      return leave(health, now + Math.max(wait, breakerRest), now, why);
    }
    health.restsUntil = Math.max(health.restsUntil, now + wait);
    return "kept";
  }

  function hearAnswer(health: Health): void {
    answers++;
    health.failures = health.refusals = 0;
    health.onProbation = false;
    health.everAnswered = true;
  }

  return {
    hear(health, era, fault, now) {
      const verdict = verdictOn(fault, health.everAnswered), current = era === health.era;
      if (verdict === "not_asked") return "not_asked";
      if (verdict === "answered") {
        if (current) hearAnswer(health);
        return "kept";
      }
      if (health.failures + health.refusals === 0) {
        health.troubledSince = now;
        health.answersThen = answers;
      }
      if (verdict === "wait") return hearRefusal(health, current, fault!, now);
      if (!current) return "kept";
      health.failures++;
      if (breakerFailures === 0 || health.failures < breakerFailures) return "kept";
      return leave(
        health,
        now + breakerRest,
        now,
        `${health.failures} failures in a row, the last: ${fault!.reason}`,
      );
    },
  };
}
