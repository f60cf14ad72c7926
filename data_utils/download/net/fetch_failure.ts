/** Why a fetch failed, thrown from wherever that shows, and what the errors of sockets mean. */
import type { Reason } from "../outcome.ts";
import type { FetchFault } from "./fetch_settings.ts";

/** Carries a fault to where it becomes the answer. */
export class FetchFailure extends Error {
  override name = "FetchFailure";
  constructor(readonly fault: FetchFault) {
    super(fault.detail);
  }
}

export function failure(reason: Reason, detail: string, more: Omit<FetchFault, "reason" | "detail"> = {}) {
  return new FetchFailure({ reason, detail, ...more });
}

/** Codes of Node and of the systems that say what happened by themselves. */
const reasonByCode: Readonly<Record<string, Reason>> = {
  ECONNREFUSED: "refused",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  EADDRNOTAVAIL: "unreachable",
  EAFNOSUPPORT: "unreachable",
  EACCES: "unreachable",
  EPERM: "unreachable",
  ETIMEDOUT: "connect_timeout",
  ERR_SOCKET_CONNECTION_TIMEOUT: "connect_timeout",
  ENOTFOUND: "dns",
  EAI_AGAIN: "dns_failed",
  EPROTO: "tls",
};

/** Codes of certificates that OpenSSL gives, which have no common beginning. */
const certificate = /CERT|SIGNATURE|ISSUER|_CA$|_CRL_|CHAIN|HOSTNAME_MISMATCH/;

/** The reason that an error of a request has; what is not known is a connection that broke. */
export function reasonOfError(error: Error): Reason {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (Object.hasOwn(reasonByCode, code)) return reasonByCode[code];
  if (code.startsWith("HPE_")) return "protocol";
  if (/^ERR_(TLS|SSL)_/.test(code) || certificate.test(code)) return "tls";
  return "reset";
}

/** An error of a request as a failure, on one line. */
export function failureOfError(error: Error): FetchFailure {
  const text = error.message.replaceAll(/\s+/g, " ").trim();
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return failure(reasonOfError(error), text.includes(code) ? text : `${code} ${text}`.trim());
}
