/** Which text came instead of an image: SVG is told from web pages and other documents by its root element. */

/** Bytes looked at: prologues of SVG files with a licence in a comment are about so long. */
const headBytes = 4096;
/** Letters of a plain text that are quoted. */
const quoted = 60;

/** What may stand before the root element: space, declarations, comments. */
const prologue = /^(?:\s+|<\?[^]*?\?>|<!--[^]*?-->|<!doctype\s+svg(?:[^[>]|\[[^\]]*\])*>)+/i;
const page = /^<(?:!doctype\s+html|html|head|body|title|meta|script|div|p|h1|center|table|br|a|font)\b/i;

/** The head as text, and whether its bytes can be nothing else; null when they cannot be text. */
function decoded(bytes: Uint8Array): { text: string; sure: boolean } | null {
  const head = bytes.subarray(0, headBytes), [first, second] = head;
  if (first === 0xff && second === 0xfe) {
    return { text: new TextDecoder("utf-16le").decode(head), sure: true };
  }
  if (first === 0xfe && second === 0xff) {
    return { text: new TextDecoder("utf-16be").decode(head), sure: true };
  }
  const escape = 27; // Japanese pages
  if (head.some((byte) => byte < 9 || (byte > 13 && byte < 32 && byte !== escape))) return null;
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: true }), sure: true };
  } catch {
    return { text: new TextDecoder("windows-1252").decode(head), sure: false };
  }
}

/** "SVG", or what text it is in a few words; null when it is none. Never throws. */
export function sniffText(bytes: Uint8Array): string | null {
  const head = decoded(bytes);
  if (!head) return null;
  const root = head.text.replace(prologue, "");
  if (/^<(?:[\w-]+:)?svg[\s>/]/.test(root)) return "SVG";
  if (page.test(root)) return "a web page";
  if (root.startsWith("<")) return "XML or HTML";
  if (!head.sure) return null;
  if (/^[{[]/.test(root)) return "JSON";
  const line = root.trim().replace(/\s+/g, " ");
  return line ? `text: ${line.length > quoted ? `${line.slice(0, quoted)}...` : line}` : "blank text";
}
