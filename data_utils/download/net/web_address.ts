/** URLs that can be fetched, and where redirects lead. */
import { bareHost } from "./connections.ts";
import { failure } from "./fetch_failure.ts";

const schemes = new Set(["http:", "https:"]);

/**
 * The URL in the form in which it is asked for: without fragment, user and password, which nobody gave us to send. Null
 * where it is none of http or https.
 */
export function webAddress(text: string, base?: URL): URL | null {
  const url = URL.parse(text, base);
  if (url === null || !schemes.has(url.protocol) || bareHost(url) === "") return null;
  // each of these takes the URL apart once more, and most URLs have none
  if (url.href.includes("#")) url.hash = "";
  if (url.username !== "") url.username = "";
  if (url.password !== "") url.password = "";
  return url;
}

/** The text of a header in UTF-8, where its bytes are that: Node gives each byte as a character. */
function utf8Of(header: string): string {
  // deno-lint-ignore no-control-regex
  if (/^[\x00-\x7f]*$/.test(header)) return header;
  try {
    const bytes = Uint8Array.from(header, (letter) => letter.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return header;
  }
}

/** Where a redirect from `from` leads. Throws FetchFailure where that is nowhere we can go. */
export function redirectTarget(location: string | undefined, from: URL, httpStatus: number): URL {
  if (location === undefined) throw failure("bad_redirect", "Redirected without an address", { httpStatus });
  const target = webAddress(utf8Of(location), from);
  if (target) return target;
  throw failure("bad_redirect", `Redirected to ${JSON.stringify(location.slice(0, 200))}`, { httpStatus });
}
