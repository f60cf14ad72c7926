/** URLs as tables have them: what is no address is told apart from what only needs the repairs that browsers make. */

/** An address that can be asked for, or what is wrong with it. */
export type UrlReading = { readonly url: string } | { readonly fault: string };

const shown = (text: string) => JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}...` : text);

/**
 * Reads a trimmed URL. It stays as written, so that it can be matched with other tables, but for two repairs by the
 * URL standard of WHATWG: "//host/path" becomes https, and one that holds spaces or control characters is written
 * anew, with %20 for a space.
 */
export function readUrl(text: string): UrlReading {
  const address = /^[/\\]{2}/.test(text) ? `https:${text}` : text;
  const parsed = URL.canParse(address) ? new URL(address) : null;
  if (parsed === null) return { fault: `${shown(text)} is no address` };
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:") {
    return { fault: `${shown(text)} is none of http or https` };
  }
  // deno-lint-ignore no-control-regex
  return { url: /[\s\x00-\x1f\x7f]/.test(address) ? parsed.href : address };
}
