/**
 * Text as CLIP's tokenizer wants it: damage from wrong decoding undone, look-alike characters made plain, HTML entities
 * resolved, white space collapsed, lower case. CLIP uses the Python library ftfy for the first part; this does what
 * ftfy does to captions in practice, with a simpler rule for what counts as wrongly decoded.
 */
import { decodeHTML } from "../deps.ts";

// What windows-1252 shows for the bytes 0x80 .. 0x9f; five of them are unassigned and stay control characters.
const CP1252 = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";
const byteOf = (shown: string) =>
  shown.charCodeAt(0) < 256 ? shown.charCodeAt(0) : 128 + CP1252.indexOf(shown);

// UTF-8 shown as windows-1252 or Latin-1: a lead byte and one to three following ones. Three or four of them in this
// pattern are never meant; two only when the lead is Â or Ã, when another pair follows, or where the text is damaged
// anyway.
const NEXT = `[\x80-\xbf${CP1252}]`;
const DAMAGE = new RegExp(`[\xf0-\xf4]${NEXT}{3}|[\xe0-\xef]${NEXT}{2}|[\xc2-\xdf]${NEXT}`, "g");
const CERTAIN_DAMAGE = new RegExp(`[\xe0-\xf4]${NEXT}{2}|[\xc2\xc3]${NEXT}|(?:[\xc2-\xdf]${NEXT}){2}`);

function decodeAgain(shown: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(shown, byteOf));
  } catch {
    return shown;
  }
}

const LIGATURES = /[ﬀ-ﬆĲĳŉǄ-ǌǱ-ǳ]/g;
const WIDE_OR_NARROW = /[\uff01-\uffef]/g; // full-width Latin, half-width Katakana
// deno-lint-ignore no-control-regex -- they are what is removed
const TERMINAL_CODES = /\x1b\[[\d;]*[a-zA-Z]/g;
// deno-lint-ignore no-control-regex
const CONTROLS = /[\0-\x08\x0b\x0e-\x1f\x7f\u206a-\u206f\ufeff\ufff9-\ufffc]/g;
const C1_CONTROLS = /[\x80-\x9f]/g;

function repairOnce(text: string): string {
  const plain = text.includes("<") ? text : text.replace(/&#?[0-9A-Za-z]{1,24};/g, decodeHTML);
  return (CERTAIN_DAMAGE.test(plain) ? plain.replace(DAMAGE, decodeAgain) : plain)
    .replace(C1_CONTROLS, (c) => CP1252[c.charCodeAt(0) - 128])
    .replace(LIGATURES, (c) => c.normalize("NFKC"))
    .replace(WIDE_OR_NARROW, (c) => c.normalize("NFKC"))
    .replace(/[ʼ‘-‛]/g, "'")
    .replace(/[“-‟]/g, '"')
    .toWellFormed()
    .replace(TERMINAL_CODES, "")
    .replace(CONTROLS, "")
    .normalize("NFC");
}

/** Undoes wrong decoding and replaces look-alike characters, until nothing changes any more. */
export function repairText(text: string): string {
  for (;;) {
    const repaired = repairOnce(text);
    if (repaired === text) return text;
    text = repaired;
  }
}

/** A caption as CLIP's tokenizer sees it: repaired, HTML entities resolved twice, white space collapsed, lower case. */
export function cleanCaption(text: string): string {
  return decodeHTML(decodeHTML(repairText(text))).replace(/\p{White_Space}+/gu, " ").trim().toLowerCase();
}
