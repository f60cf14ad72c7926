// What holds for every answer of the view: only requests to this machine by a loopback name are answered, only reading
// is possible, and the page may load nothing but the view's own script, style and icon.
import type { MiddlewareHandler } from "../deps.ts";
import { isLoopback } from "./loopback.ts";

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Refuses other sites' names and other methods than GET and HEAD, and puts the policy on every answer. */
export const guard: MiddlewareHandler = async (c, next) => {
  if (!isLoopback(c.req.raw)) c.res = c.text("This view answers on loopback only\n", 403);
  else if (c.req.method !== "GET" && c.req.method !== "HEAD") {
    c.res = c.text("Only GET and HEAD\n", 405, { allow: "GET, HEAD" });
  } else await next();
  c.header("content-security-policy", policy);
  c.header("x-content-type-options", "nosniff");
  c.header("referrer-policy", "no-referrer");
  c.header("cross-origin-resource-policy", "same-origin");
  c.header("cross-origin-opener-policy", "same-origin");
  c.header("cache-control", "no-store");
};
